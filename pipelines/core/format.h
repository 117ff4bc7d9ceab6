#pragma once

#include <cstdint>

namespace ringfence::core {

// Of every database that a stage keeps. A release that writes something else counts it up.
inline constexpr uint32_t kStateFormat = 10;

}  // namespace ringfence::core
