#pragma once

#include <optional>
#include <string_view>

namespace ringfence::identifiers {

// The ISO 3166-1 alpha-2 code that `code` stands for: itself where it is one, upper case; "GB" for
// "UK". nullopt for anything else. The view is of static storage.
std::optional<std::string_view> CountryCode(std::string_view code);

}  // namespace ringfence::identifiers
