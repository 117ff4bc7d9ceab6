#include "services/gateway/edge.h"

#include <google/protobuf/util/json_util.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/gateway/openapi.h"
#include "services/gateway/report_documents.h"
#include "services/gateway/report_service.h"
#include "services/runtime/identity/http_gate.h"

namespace ringfence::gateway {
namespace {

using runtime::HttpRequest;
using runtime::HttpResponse;
using runtime::ProblemResponse;

constexpr char kRoute[] = "reports";

HttpResponse Again(int status, const char* title, std::chrono::milliseconds after) {
  HttpResponse response = ProblemResponse(status, title);
  const auto seconds = (after.count() + 999) / 1'000;
  response.headers.emplace_back("Retry-After", std::to_string(seconds < 1 ? 1 : seconds));
  return response;
}

HttpResponse Failure(const absl::Status& status) {
  const std::string why(status.message());
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return ProblemResponse(400, why);
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return Again(503, "reports cannot be taken now", std::chrono::seconds(1));
    default:
      return ProblemResponse(500, why);
  }
}

// Without parameters, in lower case: "application/json".
std::string MediaType(const HttpRequest& request) {
  std::string type = request.Header("content-type").value_or("");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return type;
}

absl::StatusOr<v1::SubmitReportsResponse> ReceiveInTurn(
    Receivers& receivers, const std::string& partner, size_t bytes,
    const std::vector<std::string_view>& reports) {
  std::promise<absl::StatusOr<v1::SubmitReportsResponse>> promise;
  auto received = promise.get_future();
  const bool has_place = receivers.Submit(partner, bytes, [&](Receiver& receiver) {
    promise.set_value(receiver.ReceiveJson(partner, reports));
  });
  if (!has_place) return absl::UnavailableError("busy");
  absl::StatusOr<v1::SubmitReportsResponse> response = received.get();
  if (!response.ok()) return Told(response.status());
  return response;
}

}  // namespace

std::optional<HttpResponse> Edge::Answer(const HttpRequest& request,
                                         const runtime::Caller& caller) {
  HttpResponse response;
  if (request.path == "/v1/openapi.json") {
    response.content_type = "application/json";
    response.body = OpenApi();
    response.route = "openapi";
    return response;
  }
  if (request.path != "/v1/reports") return std::nullopt;
  response = TakeInTurn(request, caller);
  response.route = kRoute;
  return response;
}

HttpResponse Edge::TakeInTurn(const HttpRequest& request, const runtime::Caller& caller) {
  const std::string key = caller.is_local ? caller.partner : caller.name;
  {
    absl::MutexLock lock(&mutex_);
    int& running = running_[key];
    if (running >= kRequestsOfOneMax) {
      HttpResponse response = Again(429, "too many requests at a time", std::chrono::seconds(1));
      response.ends_connection = true;
      return response;
    }
    ++running;
  }
  HttpResponse response = Take(request, caller);
  absl::MutexLock lock(&mutex_);
  if (const auto found = running_.find(key); --found->second == 0) running_.erase(found);
  return response;
}

HttpResponse Edge::Take(const HttpRequest& request, const runtime::Caller& caller) {
  if (caller.partner.empty())
    return ProblemResponse(401, "the header x-ringfence-partner, the partner's name, is missing");
  if (!request.query.empty()) return ProblemResponse(400, "there are no parameters");
  std::string body = request.body;
  std::vector<std::string_view> reports;
  const std::string type = MediaType(request);
  if (type == "application/json") {
    body.resize(body.size() + kPadding);
    absl::StatusOr<std::vector<std::string_view>> found =
        ReportsOfDocument(std::string_view(body).substr(0, request.body.size()));
    if (!found.ok()) return Failure(found.status());
    reports = *std::move(found);
  } else if (type == "application/x-ndjson" || type == "application/jsonl") {
    reports = ReportsOfLines(body);
  } else {
    return ProblemResponse(415, "application/json or application/x-ndjson is wanted");
  }
  if (const auto retry_after = gate_.meter().Take(caller, runtime::Quota::kReports,
                                                  CostOf(reports.size(), request.body.size())))
    return Again(429, "past the caller's quota of reports", *retry_after);
  const absl::StatusOr<v1::SubmitReportsResponse> answer =
      ReceiveInTurn(receivers_, caller.partner, request.body.size(), reports);
  if (!answer.ok()) return Failure(answer.status());
  HttpResponse response;
  response.content_type = "application/json";
  response.headers.emplace_back("Cache-Control", "no-store");
  if (!google::protobuf::util::MessageToJsonString(*answer, &response.body).ok())
    return ProblemResponse(500, "the answer cannot be written");
  return response;
}

}  // namespace ringfence::gateway
