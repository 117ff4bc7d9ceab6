#pragma once

#include <cstdint>
#include <string_view>

#include "pipelines/intake/victim_tokens.h"

namespace ringfence::intake {

// All that is kept of a narrative: a SimHash (Charikar, "Similarity Estimation Techniques from
// Rounding Algorithms", STOC 2002) of its shingles of three words, 64 bits. Copies of one text
// differ in a few bits, texts of two people in about half. Words with a digit or an @ in them do
// not count, so that no telephone number, account or address is in it; the shingles are hashed
// under a key, so that nobody without it can try texts.
class NarrativeFingerprints {
 public:
  // Fewer shingles say nothing, and could be guessed.
  static constexpr int kShinglesMin = 8;

  // The fingerprints of two keys cannot be compared.
  explicit NarrativeFingerprints(const TokenKey& key);

  // 0 where the text says too little. Takes time in proportion to the text.
  uint64_t Of(std::string_view narrative) const;

 private:
  uint64_t Hash(std::string_view shingle) const;

  uint64_t key_[2];
};

}  // namespace ringfence::intake
