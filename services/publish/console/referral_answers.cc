#include "services/publish/console/referral_answers.h"

#include <utility>

#include "services/publish/console/json_answers.h"

namespace ringfence::publish {
namespace {

using runtime::HttpResponse;

HttpResponse Create(const runtime::HttpRequest& request, const runtime::Caller& caller,
                    Referrals& referrals) {
  const auto asked = Parse<v1::CreateReferralRequest>(request);
  if (!asked.ok()) return Problem(asked.status());
  absl::StatusOr<Referrals::Pack> pack = referrals.Create(*asked, caller);
  if (!pack.ok()) return Problem(pack.status());
  HttpResponse response;
  response.content_type = "application/zip";
  response.headers.emplace_back("Cache-Control", "private, no-store");
  // Ids are of letters and digits.
  response.headers.emplace_back("Content-Disposition",
                                "attachment; filename=\"referral-" + pack->campaign_id + ".zip\"");
  response.headers.emplace_back(kPositionHeader, pack->position);
  response.body = std::move(pack->archive);
  return response;
}

}  // namespace

HttpResponse AnswerReferrals(const runtime::HttpRequest& request, std::string_view path,
                             const runtime::Caller& caller, Referrals& referrals) {
  if (!caller.Is(internal::v1::ROLE_OPERATOR)) return Problem(403, "for operators");
  if (path == "referrals") {
    if (request.method != "POST") return Problem(405, "referrals: POST");
    return Create(request, caller, referrals);
  }
  if (request.method != "GET" && request.method != "HEAD") return Problem(405, "holds: GET");
  return Json(referrals.List());
}

}  // namespace ringfence::publish
