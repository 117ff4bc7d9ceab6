#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/indicator.pb.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::identifiers {

// The ceiling that lasts until the value's custodian has confirmed that it served fraud.
inline constexpr std::string_view kCustodianRule = "ceiling.custodian_unconfirmed";

// One row a type: whether it links campaigns, joins duplicates, is listed, for how long and how far
// up. The one place for these facts; the reasons are in ARCHITECTURE.md.
struct TypePolicy {
  v1::IdentifierType type;
  bool listed;
  // In a role that counts.
  bool links;
  bool joins_duplicates;
  // Evidence counts towards listing while it is younger than this, by observed_at.
  core::Time span;
  v1::Action ceiling;
  // "ceiling.…": the rule shown where `ceiling` held an indicator down.
  std::string_view ceiling_rule;
  // Place in the order of an incident's bearers: lower first.
  int bearer_order;
};

// `type` must be one of the seventeen.
const TypePolicy& PolicyOf(v1::IdentifierType type);
std::span<const TypePolicy> AllTypes();

// Evidence links for this long.
inline constexpr core::Time kLinkSpan = 400 * core::kDay;
// A phone number stays at BLOCK this long after it was last seen.
inline constexpr core::Time kPhoneBlockSpan = 30 * core::kDay;
// A host named only through fewer URLs than this stays at CHALLENGE.
inline constexpr uint32_t kUrlsForBlock = 3;
// A registrable domain of which this many hosts were named is listed with all below it.
inline constexpr uint32_t kHostsForSubtree = 3;

inline constexpr uint32_t kChallengeScore = 400;
inline constexpr uint32_t kBlockScore = 575;
inline constexpr double kDefaultWeight = 0.5;

// The first day on which a sighting no longer links: sightings expire in steps of a day.
constexpr core::Day LinkUntilDay(core::Time observed_at) {
  return core::CeilDay(observed_at + kLinkSpan);
}

// May this role of this type be spoofed? Then it neither counts nor links.
bool IsSpoofable(v1::IdentifierType type, v1::IdentifierRole role, bool attested);
// Is this role of this type the victim's own side (a token, never listed)?
bool IsVictimSide(v1::IdentifierType type, v1::IdentifierRole role);
// Does a report with this basis count towards score and quorum?
bool BasisCounts(v1::Basis basis);
// Does this occurrence tie its node to others?
bool Links(v1::IdentifierType type, v1::IdentifierRole role, bool attested,
           internal::v1::Standing standing);
// "goto:…" and "quickassist:…" remote access codes are good for one session only and never listed.
bool IsListed(v1::IdentifierType type, std::string_view canonical_value);

}  // namespace ringfence::identifiers
