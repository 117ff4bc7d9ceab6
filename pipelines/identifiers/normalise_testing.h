#pragma once

#include <string>
#include <string_view>

#include "pipelines/identifiers/normalise.h"

namespace ringfence::identifiers {

// For tests: the canonical value, or the problem's code.
inline std::string Outcome(v1::IdentifierType type, std::string_view raw, const Hints& hints = {}) {
  Normalised normalised = Normalise(type, raw, hints);
  if (const auto* problem = std::get_if<Problem>(&normalised)) return problem->code;
  return std::get<Canonical>(normalised).value;
}

// For tests: what Normalise gives for a value that it takes; of one that it does not, a Canonical
// whose value is the problem's code in brackets.
inline Canonical Taken(v1::IdentifierType type, std::string_view raw, const Hints& hints = {}) {
  Normalised normalised = Normalise(type, raw, hints);
  if (const auto* canonical = std::get_if<Canonical>(&normalised)) return *canonical;
  Canonical refused;
  refused.value = "[" + std::get<Problem>(normalised).code + "]";
  return refused;
}

inline Hints Region(std::string_view region) {
  Hints hints;
  hints.region = region;
  return hints;
}

inline Hints Scheme(std::string_view scheme, std::string_view sub_account = {}) {
  Hints hints;
  hints.scheme = scheme;
  hints.sub_account = sub_account;
  return hints;
}

}  // namespace ringfence::identifiers
