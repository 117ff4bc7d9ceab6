#pragma once

#include <span>
#include <string_view>

namespace ringfence::identifiers {

struct Brand {
  // A way to write it: letters and digits only, in lower case.
  std::string_view written;
  std::string_view name;
};

// The shipped list, sorted by `written`.
std::span<const Brand> AllBrands();

// The brand list's spelling of `name`, matched without case, white space and punctuation; empty
// where the brand is not on the list of often impersonated ones. Only such names are ever shown to
// others: free text could hold anything.
std::string_view CanonicalBrand(std::string_view name);

}  // namespace ringfence::identifiers
