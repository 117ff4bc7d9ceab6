#include "services/publish/messages.h"

#include <grpcpp/support/slice.h>

#include <utility>

namespace ringfence::publish {
namespace {

// Tag and length of a field.
constexpr size_t kFieldOverhead = 5;

}  // namespace

grpc::ByteBuffer Serialised(const v1::SubscribeResponse& response) {
  const grpc::Slice slice(response.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

bool ChunkPacker::TryAdd(v1::Indicator&& indicator) {
  const size_t bytes = indicator.ByteSizeLong() + kFieldOverhead;
  full_ = bytes_ > 0 && bytes_ + bytes > bytes_max_;
  if (full_) return false;
  bytes_ += bytes;
  *response_.mutable_snapshot_chunk()->add_indicators() = std::move(indicator);
  return true;
}

v1::SubscribeResponse ChunkPacker::Take() {
  bytes_ = 0;
  full_ = false;
  return std::exchange(response_, {});
}

bool DeltaPacker::TryAdd(Difference&& difference) {
  size_t bytes = 0;
  for (const v1::Removal& removal : difference.removals)
    bytes += removal.ByteSizeLong() + kFieldOverhead;
  if (difference.upsert) bytes += difference.upsert->ByteSizeLong() + kFieldOverhead;
  full_ = bytes_ > 0 && bytes_ + bytes > bytes_max_;
  if (full_) return false;
  bytes_ += bytes;
  if (bytes == 0) return true;
  v1::Delta& delta = *response_.mutable_delta();
  for (v1::Removal& removal : difference.removals) *delta.add_removals() = std::move(removal);
  if (difference.upsert) *delta.add_upserts() = *std::move(difference.upsert);
  return true;
}

v1::SubscribeResponse DeltaPacker::Take(std::string cursor) {
  response_.mutable_delta()->set_cursor(std::move(cursor));
  bytes_ = 0;
  full_ = false;
  return std::exchange(response_, {});
}

}  // namespace ringfence::publish
