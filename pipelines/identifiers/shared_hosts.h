#pragma once

#include <span>
#include <string_view>

namespace ringfence::identifiers {

// Hosts on which anybody may have a page of their own without a name of their own: link shorteners,
// site builders, application stores, messengers, social networks. Sorted, canonical as DOMAIN. What
// the public suffix list's private section knows (blogspot.com) need not be here: there each
// customer has a registrable domain.
std::span<const std::string_view> SharedHosts();

}  // namespace ringfence::identifiers
