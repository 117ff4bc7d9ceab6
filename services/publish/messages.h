#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ringfence/v1/indicator_service.pb.h"
#include "services/publish/difference.h"

namespace ringfence::publish {

// A message of Subscribe as it goes over the wire: bytes that any number of streams share.
grpc::ByteBuffer Serialised(const v1::SubscribeResponse& response);

// Gathers indicators into SnapshotChunks of at most `bytes_max`, but for one that is larger alone.
class ChunkPacker {
 public:
  explicit ChunkPacker(size_t bytes_max) : bytes_max_(bytes_max) {}

  // False where it does not fit any more, and stays where it is: the chunk is to be taken first.
  [[nodiscard]] bool TryAdd(v1::Indicator&& indicator);
  // Was one turned away?
  bool IsFull() const { return full_; }
  bool IsEmpty() const { return bytes_ == 0; }
  v1::SubscribeResponse Take();

 private:
  const size_t bytes_max_;
  v1::SubscribeResponse response_;
  size_t bytes_ = 0;
  bool full_ = false;
};

// Gathers differences into Deltas of at most `bytes_max`, but for a difference that is larger alone
// (64 ends and an upsert of the longest values are 150 KiB). What belongs to one identifier stays
// together.
class DeltaPacker {
 public:
  explicit DeltaPacker(size_t bytes_max) : bytes_max_(bytes_max) {}

  // As in ChunkPacker.
  [[nodiscard]] bool TryAdd(Difference&& difference);
  bool IsFull() const { return full_; }
  bool IsEmpty() const { return bytes_ == 0; }
  v1::SubscribeResponse Take(std::string cursor);

 private:
  const size_t bytes_max_;
  v1::SubscribeResponse response_;
  size_t bytes_ = 0;
  bool full_ = false;
};

}  // namespace ringfence::publish
