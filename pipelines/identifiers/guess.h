#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringfence/v1/report.pb.h"

namespace ringfence::identifiers {

// What a value may be that somebody typed: identifiers to look up, each with a type, the likeliest
// first; at least one. `scheme` ("anydesk", "us-aba", "telegram") decides where it is given.
std::vector<v1::Identifier> GuessIdentifiers(std::string_view value, std::string_view scheme,
                                             std::string_view region);

}  // namespace ringfence::identifiers
