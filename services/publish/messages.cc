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

void ChunkPacker::Add(v1::Indicator indicator) {
  bytes_ += indicator.ByteSizeLong() + kFieldOverhead;
  *response_.mutable_snapshot_chunk()->add_indicators() = std::move(indicator);
}

v1::SubscribeResponse ChunkPacker::Take() {
  bytes_ = 0;
  return std::exchange(response_, {});
}

void DeltaPacker::Add(Difference difference) {
  v1::Delta& delta = *response_.mutable_delta();
  for (v1::Removal& removal : difference.removals) {
    bytes_ += removal.ByteSizeLong() + kFieldOverhead;
    *delta.add_removals() = std::move(removal);
  }
  if (!difference.upsert) return;
  bytes_ += difference.upsert->ByteSizeLong() + kFieldOverhead;
  *delta.add_upserts() = *std::move(difference.upsert);
}

v1::SubscribeResponse DeltaPacker::Take(std::string cursor) {
  response_.mutable_delta()->set_cursor(std::move(cursor));
  bytes_ = 0;
  return std::exchange(response_, {});
}

}  // namespace ringfence::publish
