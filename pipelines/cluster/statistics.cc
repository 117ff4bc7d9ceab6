#include "pipelines/cluster/statistics.h"

#include <algorithm>

#include "pipelines/identifiers/policy.h"

namespace ringfence::cluster {
namespace {

using core::Id;
using core::Time;
using internal::v1::Evidence;
using internal::v1::Occurrence;
using internal::v1::Share;

// Time at which the occurrence no longer counts towards listing.
Time LiveUntil(const Occurrence& occurrence) {
  return occurrence.live_until() != 0
             ? occurrence.live_until()
             : occurrence.observed_at() + identifiers::PolicyOf(occurrence.type()).span;
}

// Whatever an operator decided about the identifier.
bool LinksByRole(const Occurrence& occurrence) {
  return identifiers::Links(occurrence.type(), occurrence.role(), occurrence.attested(),
                            occurrence.standing());
}

bool LinksAtAll(const Occurrence& occurrence) {
  return LinksByRole(occurrence) && occurrence.mark().bars() < internal::v1::BARS_LINKING;
}

// By an operator's decision it says nothing.
bool IsVoid(const Occurrence& occurrence) {
  return occurrence.observed_at() < occurrence.mark().disregard_before() &&
         occurrence.mark().disregard_before() != 0;
}

Time LinksUntil(const Occurrence& occurrence) {
  return core::StartOfDay(identifiers::LinkUntilDay(occurrence.observed_at()));
}

template <typename Map, typename K>
void ChangeCount(Map& map, const K& key, const Id& id, bool add) {
  auto entry = map.try_emplace(key).first;
  entry->second.Change(id, add);
  if (entry->second.empty()) map.erase(entry);
}

}  // namespace

Phase PhaseAt(const Occurrence& occurrence, Time time) {
  Phase phase;
  if (IsVoid(occurrence)) return phase;
  phase.live = time < LiveUntil(occurrence);
  phase.links = LinksAtAll(occurrence) && time < LinksUntil(occurrence);
  phase.bears =
      phase.live && occurrence.bearer_from() != core::kTimeMax && occurrence.bearer_from() <= time;
  return phase;
}

Time NextChange(const Occurrence& occurrence, Time time) {
  Time next = core::kTimeMax;
  auto consider = [&](Time candidate) {
    if (candidate > time) next = std::min(next, candidate);
  };
  consider(LiveUntil(occurrence));
  consider(occurrence.bearer_from());
  // What is void or barred may come back: it is held as long.
  if (LinksByRole(occurrence)) consider(LinksUntil(occurrence));
  if (occurrence.type() == v1::IDENTIFIER_TYPE_PHONE) {
    consider(occurrence.block_until() != 0
                 ? occurrence.block_until()
                 : occurrence.observed_at() + identifiers::kPhoneBlockSpan);
  }
  return next;
}

Phase PhaseAt(const Share& share, Time time) {
  Phase phase;
  phase.bears = share.from() <= time && time < share.until();
  return phase;
}

Time NextChange(const Share& share, Time time) {
  if (time < share.from()) return share.from();
  return time < share.until() ? share.until() : core::kTimeMax;
}

void Statistics::Change(const Evidence& evidence, const Occurrence& occurrence, const Phase& from,
                        const Phase& to) {
  if (from.live != to.live) ChangeLive(evidence, occurrence, to.live);
  if (from.links != to.links) linking_seen_.Change(occurrence.observed_at(), to.links);
  if (from.bears != to.bears) ChangeBorne(evidence, to.bears);
}

void Statistics::ChangeLive(const Evidence& evidence, const Occurrence& occurrence, bool add) {
  const Id report{evidence.report_hi(), evidence.report_lo()};
  const Id incident{evidence.incident_hi(), evidence.incident_lo()};
  const uint32_t step = add ? 1u : ~0u;
  seen_.Change(occurrence.observed_at(), add);
  auto role = by_role_.try_emplace(occurrence.role()).first;
  role->second.incidents.Change(incident, add);
  role->second.organisations.Change(evidence.partner(), add);
  role->second.seen.Change(occurrence.observed_at(), add);
  if (role->second.seen.empty()) by_role_.erase(role);
  if (!evidence.country().empty()) countries_.Change(evidence.country(), add);
  if (!evidence.impersonated().empty()) impersonated_.Change(evidence.impersonated(), add);
  if (evidence.scam_type() != v1::SCAM_TYPE_UNSPECIFIED)
    scam_types_.Change(evidence.scam_type(), add);
  tlps_.Change(evidence.tlp(), add);
  standings_.Change(occurrence.standing(), add);
  if (identifiers::IsSpoofable(occurrence.type(), occurrence.role(), occurrence.attested())) return;
  unspoofable_ += step;
  if (!identifiers::BasisCounts(evidence.basis()) || occurrence.echo()) return;
  if (occurrence.type() == v1::IDENTIFIER_TYPE_PHONE) {
    phone_counted_.Change(occurrence.observed_at(), add);
  }
  if (occurrence.via_url_hi() != 0) {
    via_urls_.Change(Id{occurrence.via_url_hi(), occurrence.via_url_lo()}, add);
  } else {
    named_itself_ += step;
  }
  incidents_.Change(incident, add);
  reports_.Change(report, add);
  ChangeCount(incidents_by_organisation_, evidence.partner(), incident, add);
}

const Statistics::Borne Statistics::BorneOrNone::kNone;

Statistics::Borne& Statistics::BorneOrNone::Make() {
  if (held_ == nullptr) held_ = std::make_unique<Borne>();
  return *held_;
}

void Statistics::ChangeShare(const Evidence& evidence, bool add) {
  ChangeShare(borne_.Make(), evidence, add);
  borne_.DropIfEmpty();
}

void Statistics::ChangeShare(Borne& borne, const Evidence& evidence, bool add) {
  const Id incident{evidence.incident_hi(), evidence.incident_lo()};
  borne.incidents.Change(incident, add);
  borne.reports += add ? 1u : ~0u;
  borne.partners.Change(evidence.partner(), add);
  ChangeReporter(borne, incident, evidence.partner(), add);
}

void Statistics::ChangeReporter(Borne& borne, const Id& incident, const std::string& partner,
                                bool add) {
  auto& reporters = borne.reporters;
  const uint32_t before = reporters.distinct();
  reporters.Change({incident, partner}, add);
  if (reporters.distinct() == before) return;
  // It is new to the incident, or was the only one of its partner's.
  reporters.From({incident, std::string()}, [&](const auto& reporter) {
    const auto& [of, other] = reporter;
    if (of != incident) return false;
    if (other == partner) return true;
    const auto pair = borne.pairs.try_emplace(std::minmax(other, partner), 0).first;
    pair->second += add ? 1u : ~0u;
    if (pair->second == 0) borne.pairs.erase(pair);
    return true;
  });
}

void Statistics::ChangeBorne(const Evidence& evidence, bool add) {
  Borne& borne = borne_.Make();
  ChangeShare(borne, evidence, add);
  if (!evidence.country().empty()) borne.countries.Change(evidence.country(), add);
  for (const v1::AmountTotal& loss : evidence.losses()) {
    const std::optional<core::Decimal> amount = core::Decimal::Parse(loss.amount());
    if (!amount) continue;
    core::Decimal& sum = borne.losses[loss.currency()];
    add ? sum += * amount : sum -= *amount;
    if (sum.IsZero()) borne.losses.erase(loss.currency());
  }
  borne_.DropIfEmpty();
}

}  // namespace ringfence::cluster
