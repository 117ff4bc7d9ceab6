#include "services/publish/console/json_answers.h"

#include <optional>

#include "absl/strings/match.h"

namespace ringfence::publish {

std::string JsonOf(const google::protobuf::Message& message) {
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json).ok()) return "{}";
  return json;
}

runtime::HttpResponse Json(const google::protobuf::Message& message) {
  runtime::HttpResponse response;
  response.content_type = "application/json";
  response.headers.emplace_back("Cache-Control", "private, no-cache");
  response.body = JsonOf(message);
  response.etag = TagOf({response.body});
  return response;
}

absl::Status CheckOrigin(const runtime::HttpRequest& request) {
  if (!absl::StartsWith(request.Header("content-type").value_or(""), "application/json"))
    return absl::InvalidArgumentError("content-type: application/json");
  const std::optional<std::string> origin = request.Header("origin");
  if (!origin) return absl::OkStatus();
  const std::string host = request.Header("host").value_or("");
  if (*origin == "http://" + host || *origin == "https://" + host) return absl::OkStatus();
  return absl::PermissionDeniedError("origin: another site's page");
}

}  // namespace ringfence::publish
