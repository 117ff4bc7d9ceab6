#pragma once

#include <string>
#include <vector>

#include "pipelines/referral/dossier.h"

namespace ringfence::referral {

// A line a file, as `sha256sum -c` reads it, in the order of the names.
std::string Sha256Sums(std::vector<PackFile> files);
// 64 hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace ringfence::referral
