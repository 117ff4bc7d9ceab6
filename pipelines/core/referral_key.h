#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pipelines/core/id.h"

namespace ringfence::core {

// Keys of what is frozen for a referral in `indicators`: 'R', the hold's id, and the report's id
// or, for the word that a partition of dedupe has sent all, its number in 4 bytes.
inline constexpr char kReferralKey = 'R';
inline constexpr size_t kReferralKeyBytesMin = 1 + 16 + 4;

inline bool IsReferralKey(std::string_view key) {
  return key.size() >= kReferralKeyBytesMin && key[0] == kReferralKey;
}

// Of a key that is one.
inline std::string_view HoldOfReferralKey(std::string_view key) { return key.substr(1, 16); }

inline std::string ReferralKeyOf(std::string_view hold_id, const Id& report) {
  std::string key(1, kReferralKey);
  key += hold_id;
  report.AppendTo(key);
  return key;
}

inline std::string ReferralKeyOf(std::string_view hold_id, uint32_t partition) {
  std::string key(1, kReferralKey);
  key += hold_id;
  for (int shift = 24; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(partition >> shift & 0xff));
  }
  return key;
}

}  // namespace ringfence::core
