#include "services/ringfence/words.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <chrono>

#include "pipelines/identifiers/normalise.h"

namespace ringfence::cli {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

std::string_view WithoutPrefix(std::string_view name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

// Code points, which is near enough to columns.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

std::string TypeWord(v1::IdentifierType type) { return std::string(identifiers::TypeWord(type)); }

std::optional<v1::IdentifierType> ParseType(std::string_view word) {
  std::string wanted = Lower(word);
  std::replace(wanted.begin(), wanted.end(), '-', '_');
  for (int type = 1; type < v1::IdentifierType_ARRAYSIZE; ++type) {
    if (identifiers::TypeWord(static_cast<v1::IdentifierType>(type)) == wanted) {
      return static_cast<v1::IdentifierType>(type);
    }
  }
  return std::nullopt;
}

std::string AllTypeWords() {
  std::string words;
  for (int type = 1; type < v1::IdentifierType_ARRAYSIZE; ++type) {
    words += (words.empty() ? "" : ", ") + TypeWord(static_cast<v1::IdentifierType>(type));
  }
  return words;
}

std::string ActionWord(v1::Action action) {
  return std::string(WithoutPrefix(v1::Action_Name(action), "ACTION_"));
}

std::optional<v1::Action> ParseAction(std::string_view word) {
  for (v1::Action action : {v1::ACTION_MONITOR, v1::ACTION_CHALLENGE, v1::ACTION_BLOCK}) {
    if (Lower(ActionWord(action)) == Lower(word)) return action;
  }
  return std::nullopt;
}

std::string ScamWord(v1::ScamType type) {
  return Lower(WithoutPrefix(v1::ScamType_Name(type), "SCAM_TYPE_"));
}

std::string RoleWord(v1::IdentifierRole role) {
  return Lower(WithoutPrefix(v1::IdentifierRole_Name(role), "IDENTIFIER_ROLE_"));
}

std::string TimeWord(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "-";
  const std::chrono::sys_seconds seconds{std::chrono::seconds(time.seconds())};
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string CountWord(uint64_t count) {
  std::string digits = std::to_string(count);
  for (size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, ",");
  return digits;
}

std::string CountOf(uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", CountWord(count), noun, count == 1 ? "" : "s");
}

std::string Printable(std::string_view text) {
  std::string printable;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // C1 controls are two bytes in UTF-8, the first of them 0xc2.
    const bool is_c1 =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (is_c1) ++i;
    printable += byte < 0x20 || byte == 0x7f || is_c1 ? '?' : text[i];
  }
  return printable;
}

std::string Json(const google::protobuf::Message& message) {
  std::string json;
  // Fails for messages of types that it does not know; there are none here.
  const auto status = google::protobuf::util::MessageToJsonString(message, &json);
  return status.ok() ? json : "{}";
}

std::string Table::Text() const {
  std::vector<size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    for (size_t i = 0; i < widths.size(); ++i) {
      text += row[i];
      if (i + 1 < widths.size()) text.append(widths[i] - Width(row[i]) + 2, ' ');
    }
    while (text.back() == ' ') text.pop_back();
    text += '\n';
  }
  return text;
}

}  // namespace ringfence::cli
