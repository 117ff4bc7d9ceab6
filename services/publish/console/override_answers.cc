#include "services/publish/console/override_answers.h"

#include "services/publish/console/json_answers.h"

namespace ringfence::publish {
namespace {

using runtime::HttpResponse;

constexpr uint32_t kOverridesPerPage = 100;

HttpResponse Put(const runtime::HttpRequest& request, const runtime::Caller& caller,
                 Operators& operators) {
  const auto asked = Parse<v1::PutOverrideRequest>(request);
  if (!asked.ok()) return Problem(asked.status());
  absl::StatusOr<v1::Override> kept = operators.Put(asked->override(), caller.name);
  if (!kept.ok()) return Problem(kept.status());
  v1::PutOverrideResponse response;
  *response.mutable_override() = *std::move(kept);
  return Json(response);
}

HttpResponse Delete(const runtime::HttpRequest& request, const runtime::Caller& caller,
                    Operators& operators) {
  const auto asked = Parse<v1::DeleteOverrideRequest>(request);
  if (!asked.ok()) return Problem(asked.status());
  const absl::Status status = operators.Delete(*asked, caller.name);
  return status.ok() ? Json(v1::DeleteOverrideResponse()) : Problem(status);
}

}  // namespace

HttpResponse AnswerOverrides(const runtime::HttpRequest& request, std::string_view path,
                             const runtime::Caller& caller, Operators& operators) {
  if (request.method == "POST") {
    if (!caller.Is(internal::v1::ROLE_OPERATOR)) return Problem(403, "for operators");
    return path == "overrides" ? Put(request, caller, operators)
                               : Delete(request, caller, operators);
  }
  if (path != "overrides" || (request.method != "GET" && request.method != "HEAD"))
    return Problem(405, "overrides: GET and POST; overrides/delete: POST");
  if (!caller.IsAnalyst()) return Problem(403, "for analysts");
  v1::ListOverridesRequest list;
  list.set_page_size(kOverridesPerPage);
  list.set_page_token(request.Query("page").value_or(""));
  return Json(operators.List(list));
}

}  // namespace ringfence::publish
