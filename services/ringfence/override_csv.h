#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::cli {

// "allow", "shared_infrastructure"; parsing takes what is written.
std::string EffectWord(v1::Override::Effect effect);
std::optional<v1::Override::Effect> ParseEffect(std::string_view word);
std::vector<std::string> EffectWords();
// "exact", "subtree", "prefix".
std::string ScopeWord(v1::Scope scope);
std::optional<v1::Scope> ParseScope(std::string_view word);
std::vector<std::string> ScopeWords();

// Overrides as rows of a table (core::AppendCsvRow), each line with its end; who set them, and
// when, is left out. ParseOverrideCsv reads the same overrides from it.
inline constexpr std::string_view kOverrideCsvHeader =
    "type,value,effect,scope,expires,disregard_before,reference,reason\r\n";
void AppendOverrideCsv(const v1::Override& override, std::string& out);

// Overrides of a CSV file (RFC 4180). Its first line names the columns, in any order: type, value
// and reason, and of effect, scope, expires, disregard_before and reference those that it has;
// without such a line they are type, value, reason. `effect` is that of rows that say none. Where
// no scope is said, a range says so by its form: "198.51.100.0/24", "+1800*". Times are RFC 3339.
// An apostrophe before what a spreadsheet would take for a formula is taken off. Blank lines are
// skipped. kInvalidArgument with "line N:" and the column that is wrong; values are not looked at
// further.
absl::StatusOr<std::vector<v1::Override>> ParseOverrideCsv(std::string_view text,
                                                           v1::Override::Effect effect);

// The scope that the form of a value says: a prefix, or the value itself.
v1::Scope GuessScope(v1::IdentifierType type, std::string_view value);

// One line's fields; nothing where quotes do not match.
absl::StatusOr<std::vector<std::string>> SplitCsvLine(std::string_view line);

}  // namespace ringfence::cli
