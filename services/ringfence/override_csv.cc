#include "services/ringfence/override_csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include "pipelines/core/csv.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

struct EffectRow {
  std::string_view word;
  v1::Override::Effect effect;
};
constexpr EffectRow kEffects[] = {
    {"allow", v1::Override::EFFECT_ALLOW},
    {"appeal", v1::Override::EFFECT_APPEAL},
    {"canary", v1::Override::EFFECT_CANARY},
    {"confirmed", v1::Override::EFFECT_CONFIRMED},
    {"disregard", v1::Override::EFFECT_DISREGARD},
    {"shared_infrastructure", v1::Override::EFFECT_SHARED_INFRASTRUCTURE},
    {"withhold", v1::Override::EFFECT_WITHHOLD},
};
struct ScopeRow {
  std::string_view word;
  v1::Scope scope;
};
constexpr ScopeRow kScopes[] = {
    {"exact", v1::SCOPE_UNSPECIFIED},
    {"subtree", v1::SCOPE_SUBTREE},
    {"prefix", v1::SCOPE_PREFIX},
};

using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

std::string TimeCell(bool is_set, const Timestamp& time) {
  return is_set ? TimeUtil::ToString(time) : "";
}

// What one row says, by column; columns that are not there are empty.
struct Row {
  std::string type, value, effect, scope, expires, disregard_before, reference, reason;
};
struct Column {
  std::string_view name;
  std::string Row::*cell;
};
constexpr Column kColumns[] = {
    {"type", &Row::type},           {"value", &Row::value},
    {"effect", &Row::effect},       {"scope", &Row::scope},
    {"expires", &Row::expires},     {"disregard_before", &Row::disregard_before},
    {"reference", &Row::reference}, {"reason", &Row::reason},
};
using Columns = std::vector<std::string Row::*>;

// Of a file that does not name them.
Columns UsualColumns() { return {&Row::type, &Row::value, &Row::reason}; }

absl::StatusOr<Columns> ReadHeader(const std::vector<std::string>& names) {
  Columns columns;
  for (const std::string& name : names) {
    const auto* known = std::find_if(std::begin(kColumns), std::end(kColumns),
                                     [&](const Column& column) { return column.name == name; });
    if (known == std::end(kColumns)) {
      return absl::InvalidArgumentError("there is no column " + name);
    }
    if (std::count(columns.begin(), columns.end(), known->cell) != 0) {
      return absl::InvalidArgumentError(name + ": a column that is there twice");
    }
    columns.push_back(known->cell);
  }
  for (std::string Row::*needed : UsualColumns()) {
    if (std::count(columns.begin(), columns.end(), needed) == 0) {
      return absl::InvalidArgumentError("the columns type, value and reason are expected");
    }
  }
  return columns;
}

absl::Status ReadTimeCell(std::string_view column, const std::string& cell, Timestamp* time) {
  if (TimeUtil::FromString(cell, time)) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{}: a time like 2026-12-01T00:00:00Z", column));
}

absl::StatusOr<v1::Override> OverrideOf(const Row& row, v1::Override::Effect effect) {
  const std::optional<v1::IdentifierType> type = ParseType(row.type);
  if (!type) return absl::InvalidArgumentError("type: one of " + AllTypeWords());
  if (row.value.empty()) return absl::InvalidArgumentError("value: required");
  if (row.reason.empty()) return absl::InvalidArgumentError("reason: required");
  const auto said_effect = row.effect.empty() ? effect : ParseEffect(row.effect);
  if (!said_effect) {
    return absl::InvalidArgumentError(
        fmt::format("effect: one of {}", fmt::join(EffectWords(), ", ")));
  }
  const auto scope = row.scope.empty() ? GuessScope(*type, row.value) : ParseScope(row.scope);
  if (!scope) {
    return absl::InvalidArgumentError(
        fmt::format("scope: one of {}", fmt::join(ScopeWords(), ", ")));
  }
  v1::Override override;
  override.set_type(*type);
  override.set_value(row.value);
  override.set_reason(row.reason);
  override.set_reference(row.reference);
  override.set_effect(*said_effect);
  override.set_scope(*scope);
  absl::Status status;
  if (!row.expires.empty())
    status.Update(ReadTimeCell("expires", row.expires, override.mutable_expires_at()));
  if (!row.disregard_before.empty()) {
    status.Update(ReadTimeCell("disregard_before", row.disregard_before,
                               override.mutable_disregard_before()));
  }
  if (!status.ok()) return status;
  return override;
}

// The next row with the line breaks that stand in quotes, without its own.
std::string_view TakeRow(std::string_view& text) {
  size_t end = 0;
  bool quoted = false;
  while (end < text.size() && (quoted || text[end] != '\n')) quoted ^= text[end++] == '"';
  std::string_view row = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 1));
  if (row.ends_with('\r')) row.remove_suffix(1);
  return row;
}

void TakeApostropheOff(std::string& cell) {
  if (cell.size() > 1 && cell[0] == '\'' &&
      std::string_view("=+-@\t\r").find(cell[1]) != std::string_view::npos) {
    cell.erase(0, 1);
  }
}

absl::Status Wrong(int64_t line, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("line {}: {}", line, why));
}

}  // namespace

std::string EffectWord(v1::Override::Effect effect) {
  for (const EffectRow& row : kEffects) {
    if (row.effect == effect) return std::string(row.word);
  }
  return "unknown";
}

std::optional<v1::Override::Effect> ParseEffect(std::string_view word) {
  for (const EffectRow& row : kEffects) {
    if (row.word == word) return row.effect;
  }
  return std::nullopt;
}

std::vector<std::string> EffectWords() {
  std::vector<std::string> words;
  for (const EffectRow& row : kEffects) words.emplace_back(row.word);
  return words;
}

std::string ScopeWord(v1::Scope scope) {
  for (const ScopeRow& row : kScopes) {
    if (row.scope == scope) return std::string(row.word);
  }
  return "unknown";
}

std::optional<v1::Scope> ParseScope(std::string_view word) {
  for (const ScopeRow& row : kScopes) {
    if (row.word == word) return row.scope;
  }
  return std::nullopt;
}

std::vector<std::string> ScopeWords() {
  std::vector<std::string> words;
  for (const ScopeRow& row : kScopes) words.emplace_back(row.word);
  return words;
}

void AppendOverrideCsv(const v1::Override& override, std::string& out) {
  const std::string cells[] = {
      TypeWord(override.type()),
      override.value(),
      EffectWord(override.effect()),
      ScopeWord(override.scope()),
      TimeCell(override.has_expires_at(), override.expires_at()),
      TimeCell(override.has_disregard_before(), override.disregard_before()),
      override.reference(),
      override.reason(),
  };
  core::AppendCsvRow(cells, core::CsvPlus::kKeepNumbers, out);
}

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
  Columns columns = UsualColumns();
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  int64_t next = 1;
  while (!text.empty()) {
    const std::string_view line = TakeRow(text);
    const int64_t number = next;
    next += 1 + std::count(line.begin(), line.end(), '\n');
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    absl::StatusOr<std::vector<std::string>> fields = SplitCsvLine(line);
    if (!fields.ok()) return Wrong(number, std::string(fields.status().message()));
    if (number == 1 && std::count(fields->begin(), fields->end(), "type") != 0) {
      absl::StatusOr<Columns> header = ReadHeader(*fields);
      if (!header.ok()) return Wrong(number, std::string(header.status().message()));
      columns = *std::move(header);
      continue;
    }
    if (fields->size() != columns.size()) {
      return Wrong(number, columns == UsualColumns()
                               ? "type, value and reason are expected"
                               : fmt::format("{} cells are expected", columns.size()));
    }
    Row row;
    for (size_t i = 0; i < columns.size(); ++i) {
      TakeApostropheOff((*fields)[i]);
      row.*columns[i] = std::move((*fields)[i]);
    }
    absl::StatusOr<v1::Override> override = OverrideOf(row, effect);
    if (!override.ok()) return Wrong(number, std::string(override.status().message()));
    overrides.push_back(*std::move(override));
  }
  return overrides;
}

}  // namespace ringfence::cli
