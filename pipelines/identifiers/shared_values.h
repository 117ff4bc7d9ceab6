#pragma once

#include <span>
#include <string_view>

#include "ringfence/v1/report.pb.h"

namespace ringfence::identifiers {

// An address or wallet that so many use that it says nothing of who used it, by a public source
// that anybody can look up.
struct SharedValue {
  v1::IdentifierType type;
  // Canonical.
  std::string_view value;
  std::string_view source;
};

// All of them: public DNS resolvers and root servers, addresses that nobody has the key of, token
// contracts, and routers of exchanges without custody. Fraudsters' reports name them because they
// stand in settings and transactions. By type and value.
std::span<const SharedValue> SharedValues();

// Is the canonical value of this type one of them?
bool IsSharedValue(v1::IdentifierType type, std::string_view canonical_value);

}  // namespace ringfence::identifiers
