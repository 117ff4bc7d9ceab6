#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::cli {

// Overrides of a CSV file (RFC 4180) with the columns type, value, reason, with or without that
// header; `effect` is that of all of them. Blank lines are skipped. A range says so by its form:
// "198.51.100.0/24", "+1800*". kInvalidArgument with "line N:" and the column that is wrong; values
// are not looked at further.
absl::StatusOr<std::vector<v1::Override>> ParseOverrideCsv(std::string_view text,
                                                           v1::Override::Effect effect);

// The scope that the form of a value says: a prefix, or the value itself.
v1::Scope GuessScope(v1::IdentifierType type, std::string_view value);

// One line's fields; nothing where quotes do not match.
absl::StatusOr<std::vector<std::string>> SplitCsvLine(std::string_view line);

}  // namespace ringfence::cli
