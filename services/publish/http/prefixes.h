#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ringfence/v1/report.pb.h"

namespace ringfence::publish {

// What stands on a private list for an identifier: the first four bytes, big-endian, of
// HMAC-SHA-256(list key, decimal type number || 0x00 || canonical value). Who holds the list and
// not the key learns nothing from it; who holds both can test a value, and asks Lookup about the
// one in a few thousand millions that only looks listed. Thread-safe.
class Prefixes {
 public:
  // The list key is HMAC-SHA-256(secret, "ringfence-private-list-v1").
  explicit Prefixes(std::string_view secret);

  uint32_t Of(v1::IdentifierType type, std::string_view canonical_value) const;
  std::string KeyHex() const;

 private:
  std::string key_;
};

}  // namespace ringfence::publish
