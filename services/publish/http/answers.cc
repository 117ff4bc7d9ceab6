#include "services/publish/http/answers.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "pipelines/core/id.h"
#include "pipelines/identifiers/normalise.h"
#include "pipelines/stix/json_writer.h"

namespace ringfence::publish {
namespace {

constexpr std::array<std::pair<std::string_view, v1::Action>, 3> kActions = {
    {{"monitor", v1::ACTION_MONITOR},
     {"challenge", v1::ACTION_CHALLENGE},
     {"block", v1::ACTION_BLOCK}}};
constexpr std::array<std::pair<std::string_view, v1::Tlp>, 4> kLevels = {
    {{"clear", v1::TLP_CLEAR},
     {"green", v1::TLP_GREEN},
     {"amber", v1::TLP_AMBER},
     {"amber_strict", v1::TLP_AMBER_STRICT}}};

absl::Status SetTypes(std::string_view words, v1::Filter& filter) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(','));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    bool is_known = false;
    for (int type = v1::IdentifierType_MIN + 1; type <= v1::IdentifierType_MAX; ++type) {
      if (word != identifiers::TypeWord(static_cast<v1::IdentifierType>(type))) continue;
      filter.add_types(static_cast<v1::IdentifierType>(type));
      is_known = true;
    }
    if (!is_known) return absl::InvalidArgumentError("types: no known type");
  }
  if (filter.types().empty()) return absl::InvalidArgumentError("types: at least one");
  return absl::OkStatus();
}

absl::Status SetParameter(const std::string& name, const std::string& value, v1::Filter& filter) {
  if (name == "types") return SetTypes(value, filter);
  if (name == "min_score") {
    uint32_t score = 0;
    if (!absl::SimpleAtoi(value, &score)) return absl::InvalidArgumentError("min_score: 0 to 1000");
    filter.set_min_score(score);
    return absl::OkStatus();
  }
  if (name == "min_action") {
    for (const auto& [word, action] : kActions) {
      if (value == word) filter.set_min_action(action);
    }
    if (filter.min_action() == v1::ACTION_UNSPECIFIED)
      return absl::InvalidArgumentError("min_action: monitor, challenge or block");
    return absl::OkStatus();
  }
  if (name == "max_tlp") {
    for (const auto& [word, level] : kLevels) {
      if (value == word) filter.set_max_tlp(level);
    }
    if (filter.max_tlp() == v1::TLP_UNSPECIFIED)
      return absl::InvalidArgumentError("max_tlp: clear, green, amber or amber_strict");
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "unknown parameter; known are types, min_action, min_score, max_tlp");
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kOutOfRange:
      return 410;
    case absl::StatusCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

absl::StatusOr<v1::Filter> FilterOfQuery(const runtime::HttpRequest& request) {
  v1::Filter filter;
  for (const auto& [name, value] : request.query) {
    if (request.query.count(name) > 1)
      return absl::InvalidArgumentError("a parameter is there twice");
    if (absl::Status status = SetParameter(name, value, filter); !status.ok()) return status;
  }
  return filter;
}

runtime::HttpResponse Problem(int status, std::string_view title) {
  runtime::HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.headers.emplace_back("Cache-Control", "no-store");
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  stix::JsonWriter json;
  json.BeginObject().Member("title", title).Name("status").Number(static_cast<uint64_t>(status));
  response.body = json.EndObject().Take() + "\n";
  return response;
}

runtime::HttpResponse Problem(const absl::Status& status) {
  return Problem(HttpStatusOf(status.code()),
                 std::string_view(status.message().data(), status.message().size()));
}

std::string TagOf(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) (text += part) += '\0';
  const core::Sha256Digest digest = core::Sha256(text);
  const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), 16);
  return "W/\"" + absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size())) + "\"";
}

std::string Rfc3339(core::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::FromUnixNanos(time), absl::UTCTimeZone());
}

std::string Rfc3339Seconds(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

}  // namespace ringfence::publish
