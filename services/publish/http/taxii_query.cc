#include "services/publish/http/taxii_query.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "services/publish/http/answers.h"

namespace ringfence::publish {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

std::optional<core::Time> ParseTime(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!text.ends_with('Z') || !absl::ParseTime(absl::RFC3339_full, text, &time, &error))
    return std::nullopt;
  return absl::ToUnixNanos(time);
}

std::set<std::string> Words(const std::string& list) {
  return absl::StrSplit(list, ',', absl::SkipEmpty());
}

absl::Status SetVersions(const std::string& list, TaxiiQuery& query) {
  bool takes_present = false;
  for (const std::string& word : Words(list)) {
    takes_present = takes_present || word == "first" || word == "last" || word == "all";
    if (word == "first" || word == "last" || word == "all") continue;
    const std::optional<core::Time> time = ParseTime(word);
    if (!time) return absl::InvalidArgumentError("match[version]: first, last, all or a timestamp");
    query.versions.insert(*time);
  }
  if (takes_present) query.versions.clear();
  return absl::OkStatus();
}

absl::Status SetNext(const std::string& text, TaxiiQuery& query) {
  const std::vector<std::string> numbers = absl::StrSplit(text, '.');
  if (numbers.size() != 3 || !absl::SimpleAtoi(numbers[0], &query.after.micros) ||
      !absl::SimpleAtoi(numbers[1], &query.after.partition) ||
      !absl::SimpleAtoi(numbers[2], &query.after.offset)) {
    return absl::InvalidArgumentError("next: not one of this server's");
  }
  return absl::OkStatus();
}

absl::Status SetParameter(const std::string& name, const std::string& value, TaxiiQuery& query) {
  if (name == "match[id]") {
    query.ids = Words(value);
  } else if (name == "match[type]") {
    query.types = Words(value);
  } else if (name == "match[version]") {
    return SetVersions(value, query);
  } else if (name == "match[spec_version]") {
    query.wants_stix_21 = Words(value).count("2.1") > 0;
  } else if (name == "limit") {
    if (!absl::SimpleAtoi(value, &query.limit) || query.limit == 0)
      return absl::InvalidArgumentError("limit: a positive number");
    query.limit = std::min(query.limit, TaxiiQuery::kLimitMax);
  } else if (name.starts_with("match[")) {
    return absl::InvalidArgumentError("match: id, type, version or spec_version");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TaxiiQuery> ParseTaxiiQuery(const runtime::HttpRequest& request) {
  TaxiiQuery query;
  for (const auto& [name, value] : request.query) {
    if (absl::Status status = SetParameter(name, value, query); !status.ok()) return status;
  }
  if (const std::optional<std::string> added_after = request.Query("added_after")) {
    const std::optional<core::Time> time = ParseTime(*added_after);
    if (!time) return absl::InvalidArgumentError("added_after: a timestamp in UTC");
    query.after = {*time / 1'000, std::numeric_limits<int32_t>::max(), kMax};
  }
  // Leads further than what it began with.
  if (const std::optional<std::string> next = request.Query("next")) {
    if (absl::Status status = SetNext(*next, query); !status.ok()) return status;
  }
  return query;
}

bool TaxiiQuery::Matches(const DatePlace& place, const stix::Object& object) const {
  if (!ids.empty() && ids.count(object.id) == 0) return false;
  if (!types.empty() && types.count(object.Type()) == 0) return false;
  if (versions.empty()) return true;
  const std::optional<core::Time> version = ParseTime(VersionOf(place, object));
  return version && versions.count(*version) > 0;
}

std::string NextOf(const DatePlace& place) {
  return std::to_string(place.micros) + "." + std::to_string(place.partition) + "." +
         std::to_string(place.offset);
}

std::string VersionOf(const DatePlace& place, const stix::Object& object) {
  return object.version.empty() ? DateAdded(place) : object.version;
}

std::string DateAdded(const DatePlace& place) { return Rfc3339(place.micros * 1'000); }

bool AcceptsTaxii(std::string_view accept) {
  for (const absl::string_view element :
       absl::StrSplit(absl::string_view(accept.data(), accept.size()), ',')) {
    std::string range;
    bool is_other_version = false;
    for (const absl::string_view part : absl::StrSplit(element, ';')) {
      std::string word(absl::StripAsciiWhitespace(part));
      if (range.empty()) {
        range = word;
      } else if (word.starts_with("version=") && word != "version=2.1" &&
                 word != "version=\"2.1\"") {
        is_other_version = true;
      }
    }
    if (is_other_version) continue;
    if (range == "*/*" || range == "application/*" || range == "application/taxii+json")
      return true;
  }
  return false;
}

}  // namespace ringfence::publish
