#pragma once

#include <cstdint>
#include <memory>

#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "services/publish/cursor.h"

namespace ringfence::publish {

// The read model after some records: does not change while it is held. Held for as short as can be,
// for the state below cannot clean up what it needs.
struct Moment {
  // For a ReadView; any number of threads may read it.
  std::shared_ptr<core::State> state;
  // Up to where each partition was applied, and from where its removals are remembered.
  Offsets offsets;
  Offsets remembered_from;
  // What was to expire before then has, in all partitions; kTimeMin before the first marks.
  core::Time as_of = core::kTimeMin;
  // All that was appended before then, in any partition, is in.
  core::Time appended_until = core::kTimeMax;
  // Changes of identifiers that this process had applied (ChangeRing::end).
  uint64_t changes = 0;
  // All that the log held when this process began to read it is in.
  bool complete = false;
};

}  // namespace ringfence::publish
