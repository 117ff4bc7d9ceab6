#pragma once

#include <string_view>

#include "pipelines/ties/rules.h"

namespace ringfence::ties {

// Why an edge counts, or does not: what `Judge` and vouching came to, for people.
enum class Reason : uint8_t {
  // Active.
  kHome,             // one end is the other's home, without doubt
  kBothLittleKnown,  // neither end is well known yet
  kOneOrganisation,  // no second organisation knows either end: there is nobody else to ask
  kWellSupported,    // enough incidents of enough organisations name both
  kVouchedFor,       // other ties lead round
  // Not active.
  kNotHeardYet,     // the other end has not answered
  kInfrastructure,  // one end is shared infrastructure, and not the other's home
  kIpSeenOnce,      // of an IP, and named by too few incidents on that day
  kHomeInDoubt,     // one end is the other's home by one organisation's word, another one says
                    // otherwise
  kTooThin,         // too few incidents or organisations name both, and nothing vouches for it
};

// The reason of an edge that is `active` or not, as both ends know each other. Never contradicts
// `active`: what the two know may be on its way.
Reason ReasonOf(End one, End other, const Tie& tie, bool active, bool heard, const Rules& rules);

bool IsActive(Reason reason);
// Stable: "home", "too_thin".
std::string_view WordOf(Reason reason);

}  // namespace ringfence::ties
