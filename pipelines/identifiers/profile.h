#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringfence::identifiers {

// The account that a profile address names.
struct Profile {
  std::string_view platform;
  std::string handle;
};

// "https://t.me/anna", "instagram.com/anna/", "wa.me/15550123456", "cash.app/$anna": with or
// without a scheme and "www.". Empty optional: no address of a known platform, or one that names no
// account there ("facebook.com/groups/anna").
std::optional<Profile> ProfileOf(std::string_view text);

// Is `handle` no account but an address, still or again ("https://t.me/t.me/anna"), or one that
// ProfileOf finds no account in?
bool HoldsAddress(std::string_view handle);

}  // namespace ringfence::identifiers
