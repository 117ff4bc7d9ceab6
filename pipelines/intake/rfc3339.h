#pragma once

#include <optional>
#include <string_view>

#include "google/protobuf/timestamp.pb.h"

namespace ringfence::intake {

// A time in RFC 3339 form ("2026-03-01T12:00:00.25+05:30"), as protobuf's JSON mapping writes it:
// any offset, up to nine digits of a second, years 0001 to 9999 (in UTC). nullopt for anything
// else, leap seconds among it.
std::optional<google::protobuf::Timestamp> ParseRfc3339(std::string_view text);

// Is it one of the times that protobuf allows (years 0001 to 9999, nanos within a second)?
bool IsValidTimestamp(const google::protobuf::Timestamp& timestamp);

}  // namespace ringfence::intake
