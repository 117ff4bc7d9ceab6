#pragma once

#include <optional>

#include "services/publish/clearance.h"
#include "services/runtime/http/http_message.h"

namespace ringfence::publish {

// As ViewerOf: until callers have identities, one on this machine is an analyst, and nobody else
// is anybody. A request that came through a proxy, or was made by a page in a browser for a name
// that leads here (DNS rebinding), comes from elsewhere.
std::optional<Viewer> CallerOf(const runtime::HttpRequest& request);

}  // namespace ringfence::publish
