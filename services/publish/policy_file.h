#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "ringfence/internal/v1/policy.pb.h"

namespace ringfence::publish {

// The policy file, in YAML: sections and settings of policy.proto, each left out at will
// (ops/policy.md). What comes of it is complete. kInvalidArgument with a line for each setting that
// is wrong, "PATH:LINE: SETTING: WHY".
absl::StatusOr<internal::v1::Policy> ParsePolicy(const std::string& path, const std::string& text);
// kUnavailable where the file cannot be read. Of an empty `path`: the default policy.
absl::StatusOr<internal::v1::Policy> ReadPolicyFile(const std::string& path);

// Every setting with its value, as a policy file; what is not set is shown with its default.
// Reading it gives the same policy.
std::string FormatPolicy(const internal::v1::Policy& policy);

}  // namespace ringfence::publish
