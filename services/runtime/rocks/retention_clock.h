#pragma once

#include <optional>

#include "pipelines/core/time.h"

namespace ringfence::runtime {

// How far a clock that people and machines set can be believed when something is to be forgotten
// for good: where it is more than an hour ahead of what was known before and has passed since, it
// goes on from there, until the clock has been ahead for a day. One that goes back is believed.
// Owned by one thread.
class RetentionClock {
 public:
  static constexpr core::Time kAheadMax = core::kHour;
  static constexpr core::Time kBelievedAfter = core::kDay;

  // `known`: a time that has come. `steady`: time that passes, since whenever.
  RetentionClock(core::Time known, core::Time steady) : known_(known), known_at_(steady) {}

  core::Time Believed(core::Time clock, core::Time steady) {
    const core::Time passed = known_ + (steady - known_at_);
    if (clock > passed + kAheadMax) {
      if (!ahead_since_) ahead_since_ = steady;
      if (steady - *ahead_since_ < kBelievedAfter) return passed;
    }
    ahead_since_.reset();
    known_ = clock;
    known_at_ = steady;
    return clock;
  }

 private:
  core::Time known_;
  core::Time known_at_;
  std::optional<core::Time> ahead_since_;
};

}  // namespace ringfence::runtime
