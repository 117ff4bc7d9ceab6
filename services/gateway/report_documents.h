#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ringfence::gateway {

// The reports of a body, each as it was sent; they point into it. kInvalidArgument says what is
// wrong with the whole, without quoting it. A report itself may be anything: what becomes of it is
// answered one by one.

// {"reports": [REPORT, ...]}, protobuf's JSON mapping of SubmitReportsRequest. `body` must have
// kPadding readable bytes behind it.
inline constexpr size_t kPadding = 64;
absl::StatusOr<std::vector<std::string_view>> ReportsOfDocument(std::string_view body);

// A report a line; empty lines are none.
std::vector<std::string_view> ReportsOfLines(std::string_view body);

}  // namespace ringfence::gateway
