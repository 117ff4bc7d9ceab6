#include "services/runtime/clock.h"

#include <chrono>

namespace ringfence::runtime {

core::Time SystemNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace ringfence::runtime
