#include "tests/sim/holds.h"

#include <cstdint>
#include <map>
#include <set>

#include "pipelines/core/id.h"
#include "pipelines/core/stage.h"

namespace ringfence::sim {
namespace {

// The ids of the reports that dedupe has copied for a hold.
std::set<std::string> HeldReports(const std::string& hold_id,
                                  const std::vector<core::State*>& dedupe) {
  std::set<std::string> held;
  const std::string prefix = "k" + hold_id;
  for (core::State* state : dedupe) {
    state->Scan(prefix, prefix + std::string(17, '\xff'),
                [&](std::string_view key, std::string_view) {
                  held.emplace(key.substr(prefix.size()));
                  return true;
                });
  }
  return held;
}

internal::v1::ReferralHold HoldOf(const internal::v1::ReferralFreeze& freeze, core::Place place) {
  internal::v1::ReferralHold hold;
  hold.set_place(place);
  hold.set_hold_id(freeze.hold_id());
  hold.set_at(freeze.at());
  hold.set_members(freeze.members());
  hold.set_removed(freeze.lifted());
  return hold;
}

}  // namespace

internal::v1::Envelope EnvelopeOf(const internal::v1::DecisionRecord& record, core::Place place) {
  internal::v1::Envelope envelope;
  envelope.set_format(core::kEnvelopeFormat);
  if (record.has_override_news()) *envelope.add_overrides() = record.override_news();
  if (record.has_referral()) *envelope.add_referral_holds() = HoldOf(record.referral(), place);
  if (record.has_organisations()) *envelope.add_organisations() = record.organisations();
  if (record.has_policy()) *envelope.add_policies() = record.policy();
  if (record.has_held_decision()) *envelope.add_held_decisions() = record.held_decision();
  if (record.has_partner_retraction()) {
    *envelope.add_partner_retractions() = record.partner_retraction();
  }
  return envelope;
}

std::string CompareHolds(const std::vector<DecisionArrival>& decisions,
                         const std::vector<core::State*>& dedupe, Reader& reader) {
  std::map<std::string, bool> lifted;
  for (const DecisionArrival& decision : decisions) {
    const internal::v1::ReferralFreeze& freeze = decision.record.referral();
    if (decision.record.has_referral()) lifted[freeze.hold_id()] = freeze.lifted();
  }
  for (const auto& [hold, is_lifted] : lifted) {
    const std::set<std::string> held = HeldReports(hold, dedupe);
    if (is_lifted) {
      if (!held.empty()) return "reports are held though their hold was lifted";
      if (reader.KnowsOf(hold)) return "publish knows of reports whose hold was lifted";
      continue;
    }
    const auto frozen = reader.FrozenReports(hold, static_cast<uint32_t>(dedupe.size()));
    if (!frozen) return "not all that is held has been frozen";
    std::set<std::string> known;
    for (const auto& entry : *frozen) {
      known.insert(core::Id{entry.report_hi(), entry.report_lo()}.Bytes());
    }
    if (held != known) return "what is held is not what was frozen";
  }
  return "";
}

}  // namespace ringfence::sim
