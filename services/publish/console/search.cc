#include "services/publish/console/search.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "pipelines/identifiers/guess.h"
#include "services/publish/filter.h"
#include "services/publish/queries.h"

namespace ringfence::publish {
namespace {

v1::Filter FilterFor(const Viewer& caller) {
  v1::Filter filter;
  filter.set_min_action(caller.is_analyst ? v1::ACTION_MONITOR : v1::ACTION_CHALLENGE);
  return filter;
}

absl::Status FindCanonical(const std::string& value, v1::IdentifierType type, const Viewer& caller,
                           campaigns::ReadView& view, console::v1::SearchResult& result) {
  const absl::StatusOr<Filter> filter = MakeFilter(FilterFor(caller), caller);
  if (!filter.ok()) return filter.status();
  result.set_asked(value);
  console::v1::Reading& reading = *result.add_readings();
  reading.set_type(type);
  reading.mutable_result()->set_canonical_value(value);
  std::optional<v1::Indicator> found = view.Lookup(core::IdentifierId(type, value));
  if (!found) return absl::OkStatus();
  const campaigns::Listed listed{
      .action = found->action(), .tlp = found->tlp(), .score = found->score()};
  if (!filter->Wants(type, listed)) return absl::OkStatus();
  if (!caller.is_analyst) WithholdSmallCounts(*found);
  *reading.mutable_result()->mutable_indicator() = *std::move(found);
  return absl::OkStatus();
}

absl::Status ReadLine(const std::string& line, const std::string& region, const Viewer& caller,
                      campaigns::ReadView& view, console::v1::SearchResult& result) {
  result.set_asked(line);
  v1::LookupRequest request;
  *request.mutable_filter() = FilterFor(caller);
  for (v1::Identifier& guess : identifiers::GuessIdentifiers(line, "", region))
    *request.add_identifiers() = std::move(guess);
  absl::StatusOr<v1::LookupResponse> response = Lookup(request, caller, view);
  if (!response.ok()) return response.status();
  bool is_readable = false;
  for (const v1::LookupResult& found : response->results())
    is_readable = is_readable || found.problem_code().empty();
  for (int i = 0; i < response->results_size(); ++i) {
    v1::LookupResult& found = *response->mutable_results(i);
    if (!found.problem_code().empty() && (is_readable || i > 0)) continue;
    if (!caller.is_analyst && found.has_indicator())
      WithholdSmallCounts(*found.mutable_indicator());
    console::v1::Reading& reading = *result.add_readings();
    reading.set_type(request.identifiers(i).type());
    *reading.mutable_result() = std::move(found);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<console::v1::SearchAnswer> Search(const console::v1::SearchRequest& request,
                                                 const Viewer& caller, campaigns::ReadView& view) {
  console::v1::SearchAnswer answer;
  const std::string region = absl::AsciiStrToUpper(request.region());
  const std::vector<std::string> lines = absl::StrSplit(request.text(), '\n');
  for (const std::string& untrimmed : lines) {
    const std::string line(absl::StripAsciiWhitespace(untrimmed));
    if (line.empty()) continue;
    if (line.size() > kSearchedBytesMax)
      return absl::InvalidArgumentError("text: a line of more than 4096 bytes");
    if (static_cast<size_t>(answer.results_size()) == kSearchedMax)
      return absl::InvalidArgumentError("text: at most 100 values, one a line");
    console::v1::SearchResult& result = *answer.add_results();
    const absl::Status status = request.type() == v1::IDENTIFIER_TYPE_UNSPECIFIED
                                    ? ReadLine(line, region, caller, view, result)
                                    : FindCanonical(line, request.type(), caller, view, result);
    if (!status.ok()) return status;
  }
  return answer;
}

}  // namespace ringfence::publish
