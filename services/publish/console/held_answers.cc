#include "services/publish/console/held_answers.h"

#include "services/publish/console/json_answers.h"

namespace ringfence::publish {

using runtime::HttpResponse;

HttpResponse HeldAnswers::Answer(const runtime::HttpRequest& request,
                                 const runtime::Caller& caller) {
  if (request.method == "POST") {
    if (!caller.Is(internal::v1::ROLE_OPERATOR)) return Problem(403, "for operators");
    return Decide(request, caller);
  }
  if (request.method != "GET" && request.method != "HEAD")
    return Problem(405, "held: GET and POST");
  if (!caller.IsAnalyst()) return Problem(403, "for analysts");
  return Get();
}

HttpResponse HeldAnswers::Get() {
  if (list_ == nullptr)
    return Problem(501, "what is held cannot be listed here: this process does not run dedupe");
  return Json(*kept_.Get(0, ++asked_, list_));
}

HttpResponse HeldAnswers::Decide(const runtime::HttpRequest& request,
                                 const runtime::Caller& caller) {
  if (operators_ == nullptr) return Problem(501, "this process keeps no decisions");
  const auto asked = Parse<v1::DecideHeldRequest>(request);
  if (!asked.ok()) return Problem(asked.status());
  const absl::StatusOr<v1::DecideHeldResponse> decided =
      operators_->DecideHeld(*asked, caller.name);
  // Who decided wants to see it done, however long the list is.
  if (decided.ok()) kept_.Hasten();
  return Json(decided);
}

}  // namespace ringfence::publish
