#pragma once

#include <string_view>

namespace ringfence::identifiers {

// The brand list's spelling of `name`, matched without case, white space and punctuation; empty
// where the brand is not on the list of often impersonated ones. Only such names are ever shown to
// others: free text could hold anything.
std::string_view CanonicalBrand(std::string_view name);

}  // namespace ringfence::identifiers
