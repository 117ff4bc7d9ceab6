#include "pipelines/cluster/heard.h"

#include <algorithm>
#include <string>

#include "pipelines/core/packing.h"

namespace ringfence::cluster {
namespace {

constexpr std::string_view kKey = "h";

}  // namespace

Heard::Heard(core::State& state) : state_(state) {
  const auto bytes = state_.Get(kKey);
  if (!bytes) return;
  core::Unpacker in(*bytes);
  while (!in.empty()) up_to_.push_back(in.Number());
}

void Heard::Add(uint32_t partition, core::Place place) {
  if (partition >= up_to_.size()) up_to_.resize(size_t{partition} + 1);
  if (place <= up_to_[partition]) return;
  up_to_[partition] = place;
  dirty_ = true;
}

void Heard::Store() {
  if (!dirty_) return;
  std::string packed;
  core::Packer out(packed);
  for (const core::Place place : up_to_) out.Number(place);
  state_.Put(kKey, packed);
  dirty_ = false;
}

}  // namespace ringfence::cluster
