#include "pipelines/ties/reasons.h"

#include <algorithm>

namespace ringfence::ties {
namespace {

bool IsInfrastructure(const NodeFacts& facts) {
  return facts.infrastructure != Infrastructure::kNo;
}

bool IsHome(End one, End other) {
  return one.facts.home == other.key || other.facts.home == one.key;
}

Reason WhyActive(End one, End other, const Tie& tie, const Rules& rules) {
  const bool has_ip = IsIpDay(one.key) || IsIpDay(other.key);
  if (IsSureHome(one, other) || IsSureHome(other, one)) return Reason::kHome;
  if (has_ip && tie.support < rules.ip_incidents) return Reason::kHome;
  const bool supported =
      tie.support >= rules.tie_incidents && tie.organisations >= rules.tie_organisations;
  if (supported) return Reason::kWellSupported;
  const bool both_anchored = !one.facts.anchors.empty() && !other.facts.anchors.empty();
  if (!one.facts.established && !other.facts.established && !both_anchored) {
    return Reason::kBothLittleKnown;
  }
  return std::max(one.facts.reach, other.facts.reach) < rules.tie_organisations
             ? Reason::kOneOrganisation
             : Reason::kVouchedFor;
}

}  // namespace

Reason ReasonOf(End one, End other, const Tie& tie, bool active, bool heard, const Rules& rules) {
  if (active) return WhyActive(one, other, tie, rules);
  if (!heard) return Reason::kNotHeardYet;
  if (IsInfrastructure(one.facts) || IsInfrastructure(other.facts)) return Reason::kInfrastructure;
  const bool has_ip = IsIpDay(one.key) || IsIpDay(other.key);
  if (has_ip && tie.support < rules.ip_incidents) return Reason::kIpSeenOnce;
  return IsHome(one, other) ? Reason::kHomeInDoubt : Reason::kTooThin;
}

bool IsActive(Reason reason) { return reason <= Reason::kVouchedFor; }

std::string_view WordOf(Reason reason) {
  switch (reason) {
    case Reason::kHome:
      return "home";
    case Reason::kBothLittleKnown:
      return "both_little_known";
    case Reason::kOneOrganisation:
      return "one_organisation";
    case Reason::kWellSupported:
      return "well_supported";
    case Reason::kVouchedFor:
      return "vouched_for";
    case Reason::kNotHeardYet:
      return "not_heard_yet";
    case Reason::kInfrastructure:
      return "infrastructure";
    case Reason::kIpSeenOnce:
      return "ip_seen_once";
    case Reason::kHomeInDoubt:
      return "home_in_doubt";
    case Reason::kTooThin:
      return "too_thin";
  }
  return "";
}

}  // namespace ringfence::ties
