#pragma once

#include <string_view>

#include "services/publish/operators.h"
#include "services/runtime/http/http_message.h"
#include "services/runtime/identity/caller.h"

namespace ringfence::publish {

// Operators' decisions over HTTP: `path` is "overrides" (GET lists them, ?page= a nextPageToken;
// POST puts one, a PutOverrideRequest) or "overrides/delete" (POST, a DeleteOverrideRequest). By
// the same checks as AdminService; analysts read, operators write.
runtime::HttpResponse AnswerOverrides(const runtime::HttpRequest& request, std::string_view path,
                                      const runtime::Caller& caller, Operators& operators);

}  // namespace ringfence::publish
