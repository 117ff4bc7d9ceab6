#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/decision.pb.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::publish {

// An operator's override as it is kept, with its value in canonical form; `who` and `now` are put
// in. kInvalidArgument with the name of the first field that is wrong and why, never with its
// value.
absl::StatusOr<internal::v1::DecisionRecord> CheckOverride(const v1::Override& override,
                                                           const std::string& who, core::Time now);

// The canonical value that an override of this type may be kept under, of one identifier or of a
// range. kInvalidArgument likewise.
absl::StatusOr<std::string> CanonicalValue(v1::IdentifierType type, const std::string& value);

// kInvalidArgument where it is empty or longer than 1,000 bytes.
absl::Status CheckReason(const std::string& field, const std::string& reason);

}  // namespace ringfence::publish
