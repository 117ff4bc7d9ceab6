#pragma once

#include <functional>

#include "services/runtime/http/http_message.h"
#include "services/runtime/identity/gate.h"

namespace ringfence::runtime {

// A handler that knows who asks; of a public route that is nobody.
using CalledHandler = std::function<HttpResponse(const HttpRequest& request, const Caller& caller)>;

// Puts the gate before a handler: what it does not admit is answered 401, 403, 404 or 405. Without
// TLS only who is on this machine is somebody, and connects directly: a request that came through a
// proxy, or was made by a page in a browser for a name that leads here (DNS rebinding), comes from
// elsewhere. `gate` must outlive what is returned.
HttpHandler Gated(const Gate& gate, CalledHandler handler);

Credentials CredentialsFrom(const HttpRequest& request);

// application/problem+json (RFC 9457); `detail` may be empty.
HttpResponse ProblemResponse(int status, std::string_view title, std::string_view detail = "");

}  // namespace ringfence::runtime
