#pragma once

#include <cstdint>
#include <string>

#include "google/protobuf/message.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::intake {

// SHA-256, 32 bytes, over the report's deterministic binary encoding. `report` must hold no unknown
// fields: a later release that knows them must come to the same hash of what this one accepted, and
// the order in which they came says nothing.
std::string ContentHash(const v1::Report& report);

// Fields that the message's type does not have, in all messages that it holds.
uint64_t CountUnknownFields(const google::protobuf::Message& message);

}  // namespace ringfence::intake
