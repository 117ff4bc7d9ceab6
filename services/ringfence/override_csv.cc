#include "services/ringfence/override_csv.h"

#include <algorithm>
#include <optional>

#include "fmt/format.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr size_t kColumns = 3;

absl::Status Wrong(int line, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("line {}: {}", line, why));
}

}  // namespace

v1::Scope GuessScope(v1::IdentifierType type, std::string_view value) {
  const bool address = type == v1::IDENTIFIER_TYPE_IP && value.find('/') != value.npos;
  const bool number = type == v1::IDENTIFIER_TYPE_PHONE && value.ends_with('*');
  return address || number ? v1::SCOPE_PREFIX : v1::SCOPE_UNSPECIFIED;
}

absl::StatusOr<std::vector<std::string>> SplitCsvLine(std::string_view line) {
  std::vector<std::string> fields(1);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ',') {
      fields.emplace_back();
    } else if (line[i] != '"' || !fields.back().empty()) {
      if (line[i] == '"') return absl::InvalidArgumentError("a quote inside of a field");
      fields.back() += line[i];
    } else {
      bool closed = false;
      for (++i; i < line.size() && !closed; ++i) {
        if (line[i] != '"') {
          fields.back() += line[i];
        } else if (i + 1 < line.size() && line[i + 1] == '"') {
          fields.back() += line[++i];
        } else {
          closed = true;
        }
      }
      if (!closed) return absl::InvalidArgumentError("a quote that is not closed");
      if (i < line.size() && line[i] != ',') {
        return absl::InvalidArgumentError("text behind a closing quote");
      }
      --i;
    }
  }
  return fields;
}

absl::StatusOr<std::vector<v1::Override>> ParseOverrideCsv(std::string_view text,
                                                           v1::Override::Effect effect) {
  std::vector<v1::Override> overrides;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (int number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (number == 1 && line == "type,value,reason") continue;
    const auto fields = SplitCsvLine(line);
    if (!fields.ok()) return Wrong(number, std::string(fields.status().message()));
    if (fields->size() != kColumns) return Wrong(number, "type, value and reason are expected");
    const std::optional<v1::IdentifierType> type = ParseType((*fields)[0]);
    if (!type) return Wrong(number, "type: one of " + AllTypeWords());
    if ((*fields)[1].empty()) return Wrong(number, "value: required");
    if ((*fields)[2].empty()) return Wrong(number, "reason: required");
    v1::Override& override = overrides.emplace_back();
    override.set_type(*type);
    override.set_value((*fields)[1]);
    override.set_reason((*fields)[2]);
    override.set_effect(effect);
    override.set_scope(GuessScope(*type, override.value()));
  }
  return overrides;
}

}  // namespace ringfence::cli
