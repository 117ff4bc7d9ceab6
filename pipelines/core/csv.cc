#include "pipelines/core/csv.h"

#include <algorithm>

namespace ringfence::core {
namespace {

bool IsNumber(std::string_view text) {
  return text.size() > 1 && text[0] == '+' &&
         std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsFormula(std::string_view text, CsvPlus plus) {
  if (text.empty() || std::string_view("=+-@\t\r").find(text[0]) == std::string_view::npos) {
    return false;
  }
  return plus == CsvPlus::kEscape || !IsNumber(text);
}

void AppendCell(std::string_view text, CsvPlus plus, std::string& out) {
  const bool formula = IsFormula(text, plus);
  const bool quoted = text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (quoted) out += '"';
  if (formula) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  if (quoted) out += '"';
}

}  // namespace

void AppendCsvRow(std::span<const std::string> cells, CsvPlus plus, std::string& out) {
  const char* separator = "";
  for (const std::string& cell : cells) {
    out += separator;
    AppendCell(cell, plus, out);
    separator = ",";
  }
  out += "\r\n";
}

}  // namespace ringfence::core
