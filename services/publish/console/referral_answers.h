#pragma once

#include <string_view>

#include "services/publish/referrals.h"
#include "services/runtime/http/http_message.h"
#include "services/runtime/identity/caller.h"

namespace ringfence::publish {

// The header of a pack that says what makes the same one again.
inline constexpr char kPositionHeader[] = "Ringfence-Position";

// Referral packs over HTTP: `path` is "referrals" (POST, a CreateReferralRequest; the answer is the
// archive) or "holds" (GET). By the same checks as AdminService, for operators.
runtime::HttpResponse AnswerReferrals(const runtime::HttpRequest& request, std::string_view path,
                                      const runtime::Caller& caller, Referrals& referrals);

}  // namespace ringfence::publish
