#include "tests/oracle/reports.h"

#include <algorithm>
#include <set>

#include "pipelines/identifiers/policy.h"

namespace ringfence::oracle {

using core::Id;
using core::Time;
using identifiers::PolicyOf;
using internal::v1::NamedIdentifier;
using internal::v1::ReportRevision;

namespace {

// Reports are kept so long after they last arrived: nothing of them can count or come again.
constexpr core::Day kKeptDays = 403;

}  // namespace

Id Occurrence::Identifier() const { return core::IdentifierId(named->type(), named->value()); }

Node Occurrence::LinkNode() const {
  const Id base = named->base_type() == v1::IDENTIFIER_TYPE_UNSPECIFIED
                      ? Identifier()
                      : core::IdentifierId(named->base_type(), named->base_value());
  const bool is_ip = core::TypeOf(base) == v1::IDENTIFIER_TYPE_IP;
  return {base, is_ip ? core::FloorDay(named->observed_at()) : 0};
}

bool Occurrence::IsDisregarded() const { return named->observed_at() < word.disregard_before; }

bool Occurrence::Links() const {
  const bool is_base = Identifier() == LinkNode().base;
  if (IsDisregarded() || word.allow || word.canary || (word.shared && !is_base)) return false;
  return identifiers::Links(named->type(), named->role(), named->attested(), named->standing());
}

bool Occurrence::LinksStill(Time as_of) const {
  return Links() && core::FloorDay(as_of) < identifiers::LinkUntilDay(named->observed_at());
}

bool Occurrence::IsLive(Time as_of) const {
  return !IsDisregarded() && identifiers::IsListed(named->type(), named->value()) &&
         live_until > as_of;
}

bool Occurrence::Counts() const {
  return identifiers::BasisCounts(report->basis()) && !named->echo() &&
         !identifiers::IsSpoofable(named->type(), named->role(), named->attested());
}

Reports::Reports(const World& world) : decisions_(world) {
  KeepHighestRevisions(world);
  GroupIntoIncidents(world);
}

void Reports::KeepHighestRevisions(const World& world) {
  std::vector<const ReportRevision*> in_order;
  for (const ReportRevision& revision : world.revisions) in_order.push_back(&revision);
  std::stable_sort(in_order.begin(), in_order.end(),
                   [](const auto* a, const auto* b) { return a->arrival() < b->arrival(); });
  auto order = [](const ReportRevision& r) {
    // Of a revision that came twice, what intake thought more of.
    const auto echoes = std::count_if(r.identifiers().begin(), r.identifiers().end(),
                                      [](const NamedIdentifier& named) { return named.echo(); });
    return std::make_tuple(r.revision(), r.retracted(), r.content_hash(), !r.held(), -echoes);
  };
  std::map<ReportName, core::Day> until;
  for (const ReportRevision* revision : in_order) {
    const ReportName name = {revision->partner(), revision->report_id()};
    const ReportRevision*& held = held_[name];
    const core::Day arrival = core::FloorDay(revision->arrival());
    auto [day, is_new] = until.try_emplace(name, arrival + kKeptDays);
    const bool forgotten = arrival >= day->second;
    if (is_new || forgotten || order(*held) < order(*revision)) held = revision;
    day->second = std::max(day->second, arrival + kKeptDays);
  }
  std::erase_if(held_, [&](const auto& entry) {
    return entry.second->retracted() || core::FloorDay(world.as_of) >= until.at(entry.first);
  });
  for (const auto& [name, report] : held_) {
    if (!report->held() || decisions_.IsRetracted(*report)) continue;
    const Decisions::Fate fate = decisions_.FateOf(*report);
    if (fate == Decisions::Fate::kReleased) continue;
    auto& [waiting, dropped] = withheld_[name.first];
    ++(fate == Decisions::Fate::kDropped ? dropped : waiting);
  }
  std::erase_if(held_, [&](const auto& entry) { return decisions_.Withdraws(*entry.second); });
}

void Reports::GroupIntoIncidents(const World& world) {
  for (const auto& [name, report] : held_) {
    auto found = world.representatives.find(name);
    const bool joined = found != world.representatives.end() && held_.contains(found->second);
    const ReportName incident = joined ? found->second : name;
    incident_of_[name] = incident;
    incidents_[incident].reports.push_back(report);
    incidents_[incident].representative = held_.at(incident);
  }
}

const ReportName& Reports::IncidentOf(const ReportRevision& report) const {
  return incident_of_.at({report.partner(), report.report_id()});
}

std::vector<Occurrence> Reports::OccurrencesOf(const ReportRevision& report) const {
  std::vector<Occurrence> occurrences;
  for (const NamedIdentifier& named : report.identifiers()) {
    occurrences.push_back({&report, &named, IncidentOf(report),
                           decisions_.About(named.type(), named.value()),
                           decisions_.LiveUntil(named)});
  }
  return occurrences;
}

Reports::Bearers Reports::BearersOf(const ReportRevision& report) const {
  Bearers bearers;
  for (const Occurrence& occurrence : OccurrencesOf(report)) {
    const NamedIdentifier& named = *occurrence.named;
    if (!occurrence.Links() || !identifiers::IsListed(named.type(), named.value())) continue;
    if (occurrence.word.shared) continue;
    const int order = PolicyOf(occurrence.named->type()).bearer_order;
    bearers.push_back({{order, occurrence.Identifier()}, occurrence});
  }
  // Of several sightings of one identifier the latest first.
  std::stable_sort(bearers.begin(), bearers.end(), [](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    return a.second.named->observed_at() > b.second.named->observed_at();
  });
  return bearers;
}

std::map<std::string, uint32_t> Reports::CanariesNamed(Time as_of) const {
  std::map<std::string, std::set<Id>> canaries;
  for (const auto& [name, report] : held_) {
    for (const Occurrence& occurrence : OccurrencesOf(*report)) {
      const NamedIdentifier& named = *occurrence.named;
      if (!occurrence.word.canary || occurrence.IsDisregarded()) continue;
      if (!PolicyOf(named.type()).listed) continue;
      if (occurrence.live_until <= as_of) continue;
      canaries[decisions_.OrganisationOf(report->partner())].insert(occurrence.Identifier());
    }
  }
  std::map<std::string, uint32_t> named;
  for (const auto& [organisation, ids] : canaries) {
    named[organisation] = static_cast<uint32_t>(ids.size());
  }
  return named;
}

}  // namespace ringfence::oracle
