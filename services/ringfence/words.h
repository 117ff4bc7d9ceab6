#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"
#include "ringfence/v1/indicator.pb.h"
#include "ringfence/v1/report.pb.h"

// What people read and write on the command line.
namespace ringfence::cli {

// "phone", "remote_access_id": as in problem codes. Parsing takes hyphens too.
std::string TypeWord(v1::IdentifierType type);
std::optional<v1::IdentifierType> ParseType(std::string_view word);
// All of them, with commas.
std::string AllTypeWords();

// "MONITOR", "CHALLENGE", "BLOCK". Parsing takes any case.
std::string ActionWord(v1::Action action);
std::optional<v1::Action> ParseAction(std::string_view word);

// Of any enumeration: its value's name without the prefix that all have, lower case:
// "tech_support".
std::string ScamWord(v1::ScamType type);
std::string RoleWord(v1::IdentifierRole role);

// "2026-03-01 12:00:00", UTC; "-" where it is not set.
std::string TimeWord(const google::protobuf::Timestamp& time);
// "1,234,567"
std::string CountWord(uint64_t count);
// "1 incident", "1,234 incidents".
std::string CountOf(uint64_t count, std::string_view noun);

// The text with control characters, which a terminal would obey, as '?'. What is printed came from
// others.
std::string Printable(std::string_view text);

// In protobuf's JSON mapping, on one line.
std::string Json(const google::protobuf::Message& message);

// Rows of cells in columns, the first row above the others.
class Table {
 public:
  explicit Table(std::vector<std::string> header) { Add(std::move(header)); }
  // As many cells as the header has.
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ringfence::cli
