#pragma once

#include <string>
#include <string_view>

namespace ringfence::intake {

// What stands behind the host of a canonical URL (path, query), percent-escapes decoded, lower
// case. Decoded twice: trackers like to escape what is escaped.
std::string DecodedPath(std::string_view url);

// Does a decoded path hold something of the form of an e-mail address? "/@handle" alone does not.
bool HoldsEmailAddress(std::string_view path);

// Lower-case letters and digits (ASCII) of a text and nothing else: "+1 (212) 555" -> "1212555".
std::string LettersAndDigits(std::string_view text);

}  // namespace ringfence::intake
