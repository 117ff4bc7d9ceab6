#pragma once

#include <cstdint>
#include <limits>

#include "google/protobuf/timestamp.pb.h"

namespace ringfence::core {

// Nanoseconds since the Unix epoch. Reports outside of what it can hold (years 1678 to 2261) are
// rejected by intake long before.
using Time = int64_t;
// Days since the Unix epoch, UTC.
using Day = int32_t;

inline constexpr Time kSecond = 1'000'000'000;
inline constexpr Time kHour = 3600 * kSecond;
inline constexpr Time kDay = 24 * kHour;
inline constexpr Time kTimeMax = std::numeric_limits<Time>::max();
inline constexpr Time kTimeMin = std::numeric_limits<Time>::min();

constexpr Day FloorDay(Time time) {
  return static_cast<Day>(time / kDay - (time % kDay < 0 ? 1 : 0));
}
constexpr Day CeilDay(Time time) {
  return static_cast<Day>(time / kDay + (time % kDay > 0 ? 1 : 0));
}
constexpr Time StartOfDay(Day day) { return static_cast<Time>(day) * kDay; }

// Saturates at the ends of Time.
Time FromProto(const google::protobuf::Timestamp& timestamp);
google::protobuf::Timestamp ToProto(Time time);

}  // namespace ringfence::core
