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

// Gathers indicators into SnapshotChunks of about `bytes_max`.
class ChunkPacker {
 public:
  explicit ChunkPacker(size_t bytes_max) : bytes_max_(bytes_max) {}

  void Add(v1::Indicator indicator);
  bool IsFull() const { return bytes_ >= bytes_max_; }
  bool IsEmpty() const { return bytes_ == 0; }
  v1::SubscribeResponse Take();

 private:
  const size_t bytes_max_;
  v1::SubscribeResponse response_;
  size_t bytes_ = 0;
};

// Gathers differences into Deltas of about `bytes_max`. What belongs to one identifier stays
// together.
class DeltaPacker {
 public:
  explicit DeltaPacker(size_t bytes_max) : bytes_max_(bytes_max) {}

  void Add(Difference difference);
  bool IsFull() const { return bytes_ >= bytes_max_; }
  bool IsEmpty() const { return bytes_ == 0; }
  v1::SubscribeResponse Take(std::string cursor);

 private:
  const size_t bytes_max_;
  v1::SubscribeResponse response_;
  size_t bytes_ = 0;
};

}  // namespace ringfence::publish
