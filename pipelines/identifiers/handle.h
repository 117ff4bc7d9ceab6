#pragma once

#include <string>
#include <string_view>

namespace ringfence::identifiers {

// A phone number or tax number as a handle ("+55 11 91234-5678", "123.456.789-09") without what
// stands between its digits; any other text as it is.
std::string WithoutNumberSeparators(std::string_view text);

}  // namespace ringfence::identifiers
