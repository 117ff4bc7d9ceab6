#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ringfence::core {

// Rows of comma-separated values (RFC 4180). What begins with '=', '+', '-', '@', a tab or a
// carriage return would be a formula to a spreadsheet, which obeys it when somebody opens the file:
// such a cell begins with an apostrophe instead, which spreadsheets show as text. Whoever reads
// cells by a program takes one apostrophe off that stands before any of these.
enum class CsvPlus {
  kEscape,
  // '+' and nothing but digits is as it is: a phone number in a list that programs read, and to a
  // spreadsheet a number.
  kKeepNumbers,
};

void AppendCsvRow(std::span<const std::string> cells, CsvPlus plus, std::string& out);

}  // namespace ringfence::core
