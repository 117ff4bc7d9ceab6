#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringfence::stix {

using Uuid = std::array<uint8_t, 16>;

// Of "01234567-89ab-…"; what is none aborts: all are ours or of standards.
Uuid ParseUuid(std::string_view text);
// UUIDv5 (RFC 9562) of `name`, as text.
std::string UuidV5(const Uuid& name_space, std::string_view name);

// Where the ids of observables come from (STIX 2.1, 2.9): equal observables of different producers
// have equal ids.
inline constexpr std::string_view kObservableNamespace = "00abedb4-aa42-466c-9c01-fed23315a9b7";

}  // namespace ringfence::stix
