#pragma once

#include <string>
#include <string_view>

namespace ringfence::identifiers {

// UTF-8 of any script in ASCII letters, for people who have to read or type it where there is no
// font for it: "भारत" is "bharata", "Łódź" is "Lodz". Not to be turned back. What ICU has no
// letters for (emoji) stays, and so does what is no UTF-8. Pure and thread-safe; takes up to a
// tenth of a second the first time.
std::string InLatin(std::string_view text);

}  // namespace ringfence::identifiers
