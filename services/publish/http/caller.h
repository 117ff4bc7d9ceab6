#pragma once

#include <optional>

#include "ringfence/v1/indicator.pb.h"
#include "services/runtime/http/http_message.h"

namespace ringfence::publish {

// Who asks over HTTP, and what they may see.
struct HttpCaller {
  v1::Tlp clearance = v1::TLP_UNSPECIFIED;
  // Sees what is only monitored, and exact counts.
  bool is_analyst = false;
};

// As ClearanceOf: until callers have identities, one on this machine is an analyst, and nobody else
// is anybody. A request that came through a proxy, or was made by a page in a browser for a name
// that leads here (DNS rebinding), comes from elsewhere.
std::optional<HttpCaller> CallerOf(const runtime::HttpRequest& request);

// For whom is no analyst: counts below three say too much of single victims, and become 0.
inline constexpr uint32_t kCountMin = 3;
void WithholdSmallCounts(v1::Indicator& indicator);

}  // namespace ringfence::publish
