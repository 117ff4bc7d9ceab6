#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ringfence/v1/indicator.pb.h"

namespace ringfence::stix {

// Types that STIX lacks and OpenCTI has: by its extension, so that it takes them as its own.
inline constexpr std::string_view kOpenCtiExtension =
    "extension-definition--f93e2c80-4231-4f9a-af8b-95c9bd566a82";
// Types that nobody has: our own, defined by an object that goes out with them.
inline constexpr std::string_view kOwnExtension =
    "extension-definition--f2d0a3c4-6b1e-4c57-8d9a-0e7b5c1f3a26";

// An identifier as a STIX cyber-observable object.
struct Observable {
  // "domain-name", "phone-number"
  std::string type;
  // By name; all decide its id.
  std::vector<std::pair<std::string, std::string>> properties;
  // Empty: the type is STIX's own.
  std::string_view extension;

  std::string Id() const;
  std::string Json(std::string_view marking) const;
};

// Type and canonical value as they are in the set.
Observable ObservableOf(v1::IdentifierType type, std::string_view value);
// The pattern of an indicator for it: with what is below a domain (SCOPE_SUBTREE), and within a
// network.
std::string PatternOf(const Observable& observable, v1::Scope scope);

}  // namespace ringfence::stix
