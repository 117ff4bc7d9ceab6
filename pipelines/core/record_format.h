#pragma once

#include <cstdint>

namespace ringfence::core {

// Of the records of `indicators`. A release that writes something else counts it up; others refuse
// it.
inline constexpr uint32_t kRecordFormat = 2;

}  // namespace ringfence::core
