#pragma once

#include <string>
#include <string_view>

namespace ringfence::referral {

// For HTML and XML, in text and in attributes.
std::string Escaped(std::string_view text);

}  // namespace ringfence::referral
