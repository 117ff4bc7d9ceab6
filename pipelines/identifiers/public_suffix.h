#pragma once

#include <string>

namespace ringfence::identifiers {

// Names the public suffix list in use: another list gives another text. The list is the one that
// libpsl was built with, which is a distribution's package and so the same on all machines of one
// image, and needs no file at run time.
std::string PublicSuffixListName();

}  // namespace ringfence::identifiers
