#include "services/publish/clearance.h"

#include <algorithm>
#include <iterator>

namespace ringfence::publish {
namespace {

// What stands before the port. gRPC escapes brackets in some releases and not in others.
constexpr std::string_view kThisMachine[] = {
    "ipv4:127.",           "ipv6:[::1]", "ipv6:%5B::1%5D", "ipv6:[::ffff:127.",
    "ipv6:%5B::ffff:127.", "unix:",      "unix-abstract:",
};

}  // namespace

std::optional<v1::Tlp> ClearanceOf(std::string_view peer) {
  const bool is_here =
      std::any_of(std::begin(kThisMachine), std::end(kThisMachine),
                  [&](std::string_view beginning) { return peer.starts_with(beginning); });
  return is_here ? std::optional(v1::TLP_AMBER_STRICT) : std::nullopt;
}

}  // namespace ringfence::publish
