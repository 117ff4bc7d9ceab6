#include "services/gateway/caller.h"

#include <algorithm>

namespace ringfence::gateway {
namespace {

constexpr size_t kPartnerNameMax = 40;

// Begins what stands before the port. gRPC escapes brackets in some releases and not in others.
constexpr std::string_view kLoopbackPrefixes[] = {
    "ipv4:127.",           "ipv6:[::1]", "ipv6:%5B::1%5D", "ipv6:[::ffff:127.",
    "ipv6:%5B::ffff:127.", "unix:",      "unix-abstract:",
};

}  // namespace

bool IsPartnerName(std::string_view name) {
  return !name.empty() && name.size() <= kPartnerNameMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool IsLoopbackPeer(std::string_view peer) {
  return std::any_of(std::begin(kLoopbackPrefixes), std::end(kLoopbackPrefixes),
                     [&](std::string_view prefix) { return peer.starts_with(prefix); });
}

absl::StatusOr<std::string> PartnerOf(const Caller& caller) {
  if (!IsLoopbackPeer(caller.peer)) {
    return absl::UnauthenticatedError(
        "a partner is believed by its name only on the machine that the gateway runs on");
  }
  if (caller.partner_names.empty()) {
    return absl::UnauthenticatedError(
        "metadata x-ringfence-partner, the partner's name, is missing");
  }
  if (caller.partner_names.size() > 1) {
    return absl::InvalidArgumentError("metadata x-ringfence-partner is given more than once");
  }
  if (!IsPartnerName(caller.partner_names.front())) {
    return absl::InvalidArgumentError("metadata x-ringfence-partner: 1-40 of a-z, 0-9 and -");
  }
  return caller.partner_names.front();
}

}  // namespace ringfence::gateway
