#pragma once

#include <cstdlib>

namespace ringfence::campaigns {

// An invariant: stays on, and ends the process where it does not hold. The log has it all.
inline void Demand(bool condition) {
  if (!condition) std::abort();
}

}  // namespace ringfence::campaigns
