#pragma once

#include <string>
#include <string_view>

namespace ringfence::identifiers {

// A phone number or tax number as a handle ("+55 11 91234-5678", "123.456.789-09") without what
// stands between its digits, where it begins with a plus sign or where handles of `scheme` (a word
// in canonical spelling) are numbers; any other text as it is, as "12.34.567" and "1234567" are two
// accounts elsewhere.
std::string WithoutNumberSeparators(std::string_view text, std::string_view scheme);

}  // namespace ringfence::identifiers
