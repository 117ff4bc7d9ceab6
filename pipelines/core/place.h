#pragma once

#include <cstdint>

namespace ringfence::core {

// Where in a mailbox something was caused: the record's offset and a running number within the
// record. It is the version of every message and the revision of every indicator: it only grows,
// and a deterministic sender gives the same bytes the same place again after a crash.
using Place = uint64_t;

inline constexpr int kPlaceIndexBits = 20;
inline constexpr uint32_t kPlaceIndexMax = (uint32_t{1} << kPlaceIndexBits) - 1;

// `offset` below 2^43; `index` at most kPlaceIndexMax. Offset 0 yields a place above 0, so that 0
// can stand for "none".
constexpr Place MakePlace(int64_t offset, uint32_t index) {
  return (static_cast<uint64_t>(offset + 1) << kPlaceIndexBits) | index;
}

}  // namespace ringfence::core
