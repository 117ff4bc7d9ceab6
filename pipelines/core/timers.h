#pragma once

#include <cstddef>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"

namespace ringfence::core {

// An index in the state by the time at which something is due, one table of it. Keeps nothing in
// memory but a lower bound of the next time, so that asking when nothing is due costs nothing.
class Timers {
 public:
  struct Entry {
    Time due = 0;
    Id id;
  };

  // `state` must outlive it; `table` is the first byte of its keys.
  Timers(State& state, char table) : state_(state), table_(table) {}

  void Set(Time due, const Id& id);
  void Clear(Time due, const Id& id);
  // The first `max` entries that are due by `now`, the earliest first. They stay until they are
  // cleared.
  std::vector<Entry> Due(Time now, size_t max);

 private:
  State& state_;
  const char table_;
  // Nothing is due before.
  Time next_ = kTimeMin;
};

}  // namespace ringfence::core
