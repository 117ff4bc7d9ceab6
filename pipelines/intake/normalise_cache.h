#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "pipelines/identifiers/normalise.h"

namespace ringfence::intake {

// identifiers::Normalise with a memory of what it said last: parsing a phone number costs more than
// all the rest of a report, and fraudsters' numbers come again and again. Holds two generations of
// kGenerationMax values of at most kValueBytesMax bytes (which fit the key's length bytes); the
// older one is dropped as a whole when the younger is full, and what is still asked for moves to
// the younger.
//
// Not for what is known to be the victim's, nor for codes of cards, which are to be forgotten:
// those go to identifiers::Normalise itself. Owned by one thread.
class NormaliseCache {
 public:
  static constexpr size_t kGenerationMax = 16 * 1024;
  static constexpr size_t kValueBytesMax = 255;

  identifiers::Normalised Normalise(v1::IdentifierType type, std::string_view raw,
                                    const identifiers::Hints& hints);

 private:
  using Generation = absl::flat_hash_map<std::string, identifiers::Normalised>;

  void Remember(const identifiers::Normalised& normalised);

  Generation younger_;
  Generation older_;
  // Of the value asked for; kept for its buffer.
  std::string key_;
};

}  // namespace ringfence::intake
