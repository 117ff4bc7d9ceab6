#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ringfence::lists {

// Golomb-Rice coding of the gaps between ascending 32-bit numbers, as in Google Safe Browsing v4
// (RiceDeltaEncoding): each gap is its quotient by 2^parameter in ones and a zero, then its
// remainder, least significant bit first; bits fill bytes from the least significant on.
//
// The parameter that is about best for `count` numbers spread evenly over 32 bits, 2 to 28.
int RiceParameter(size_t count);
std::string EncodeRice(const std::vector<uint64_t>& gaps, int parameter);
// `count` gaps. kDataLoss where `bytes` does not hold them, or more.
absl::StatusOr<std::vector<uint64_t>> DecodeRice(std::string_view bytes, size_t count,
                                                 int parameter);

}  // namespace ringfence::lists
