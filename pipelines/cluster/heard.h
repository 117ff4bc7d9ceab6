#pragma once

#include <cstdint>
#include <vector>

#include "pipelines/core/place.h"
#include "pipelines/core/state.h"

namespace ringfence::cluster {

// Up to which place messages of each partition's nodes have come. What a node sent later, to
// whomever, has not come yet: who learns of an edge now will hear it. Part of the stage's state
// (key 'h').
class Heard {
 public:
  // `state` must outlive it.
  explicit Heard(core::State& state);

  // The highest place that came from the partition; 0 where nothing has.
  core::Place UpTo(uint32_t partition) const {
    return partition < up_to_.size() ? up_to_[partition] : 0;
  }
  void Add(uint32_t partition, core::Place place);
  // Puts it into the state where it has changed.
  void Store();

 private:
  core::State& state_;
  std::vector<core::Place> up_to_;
  bool dirty_ = false;
};

}  // namespace ringfence::cluster
