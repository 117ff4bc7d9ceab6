#include "services/gateway/report_documents.h"

#include <simdjson.h>

#include <string>

namespace ringfence::gateway {
namespace {

namespace ondemand = simdjson::ondemand;

absl::Status Wrong(const char* why) { return absl::InvalidArgumentError(why); }

constexpr char kNoDocument[] =
    "the body is no JSON object with one member, reports, a list of objects";

}  // namespace

absl::StatusOr<std::vector<std::string_view>> ReportsOfDocument(std::string_view body) {
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object whole;
  if (parser.iterate(body.data(), body.size(), body.size() + kPadding).get(document) ||
      document.get_object().get(whole))
    return Wrong(kNoDocument);
  std::vector<std::string_view> reports;
  bool is_there = false;
  for (auto member : whole) {
    std::string_view name;
    ondemand::array list;
    if (member.unescaped_key().get(name) || name != "reports" || is_there ||
        member.value().get_array().get(list))
      return Wrong(kNoDocument);
    is_there = true;
    for (auto element : list) {
      ondemand::object report;
      std::string_view raw;
      if (element.get_object().get(report) || report.raw_json().get(raw)) return Wrong(kNoDocument);
      reports.push_back(raw);
    }
  }
  // Behind the last bracket nothing may stand.
  const bool is_at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  if (!is_there || !is_at_end) return Wrong(kNoDocument);
  return reports;
}

std::vector<std::string_view> ReportsOfLines(std::string_view body) {
  std::vector<std::string_view> reports;
  while (!body.empty()) {
    const size_t end = body.find('\n');
    std::string_view line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (line.ends_with('\r')) line.remove_suffix(1);
    reports.push_back(line);
  }
  return reports;
}

}  // namespace ringfence::gateway
