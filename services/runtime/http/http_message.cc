#include "services/runtime/http/http_message.h"

#include "absl/strings/numbers.h"
#include "absl/time/time.h"

namespace ringfence::runtime {
namespace {

std::optional<std::string> First(const std::multimap<std::string, std::string>& of,
                                 const std::string& name) {
  const auto found = of.lower_bound(name);
  if (found == of.end() || found->first != name) return std::nullopt;
  return found->second;
}

std::string_view Trimmed(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::string_view Opaque(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

// The elements of a list with commas; ours have none inside.
std::vector<std::string_view> Elements(std::string_view list) {
  std::vector<std::string_view> elements;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    elements.push_back(Trimmed(list.substr(0, comma)));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return elements;
}

// Of "gzip;q=0.5": 0.5; 1 where nothing is said; 0 where it cannot be read.
double Quality(std::string_view parameters) {
  const size_t q = parameters.find("q=");
  if (q == std::string_view::npos) return 1;
  double quality = 0;
  const std::string text(Trimmed(parameters.substr(q + 2)));
  return absl::SimpleAtod(text, &quality) ? quality : 0;
}

}  // namespace

std::optional<std::string> HttpRequest::Query(const std::string& name) const {
  return First(query, name);
}

std::optional<std::string> HttpRequest::Header(const std::string& lower_case_name) const {
  return First(headers, lower_case_name);
}

bool MatchesTag(std::string_view if_none_match, std::string_view etag) {
  if (etag.empty()) return false;
  for (const std::string_view element : Elements(if_none_match)) {
    if (element == "*" || Opaque(element) == Opaque(etag)) return true;
  }
  return false;
}

bool AllowsGzip(std::string_view accept_encoding) {
  double any = 0;
  for (const std::string_view element : Elements(accept_encoding)) {
    const size_t semicolon = element.find(';');
    const std::string_view coding = Trimmed(element.substr(0, semicolon));
    const double quality =
        semicolon == std::string_view::npos ? 1 : Quality(element.substr(semicolon + 1));
    if (coding == "gzip" || coding == "x-gzip") return quality > 0;
    if (coding == "*") any = quality;
  }
  return any > 0;
}

std::string HttpDate(int64_t seconds) {
  return absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::FromUnixSeconds(seconds),
                          absl::UTCTimeZone());
}

}  // namespace ringfence::runtime
