#pragma once

#include <time.h>

#include "pipelines/core/time.h"

namespace ringfence::runtime {

// Since some time in the past, sleep of the machine included. Nobody can set it.
inline core::Time SteadyNow() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * core::kSecond + now.tv_nsec;
}

}  // namespace ringfence::runtime
