#include "pipelines/dedupe/evidence.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "pipelines/components/components.h"
#include "pipelines/core/decimal.h"
#include "pipelines/core/time.h"
#include "pipelines/identifiers/policy.h"

namespace ringfence::dedupe {
namespace {

using components::NodeKey;
using core::Day;
using core::Id;
using core::Time;
using internal::v1::Evidence;
using internal::v1::NamedIdentifier;
using internal::v1::ReportRevision;

constexpr Time kNeverBears = core::kTimeMax;

// An identifier as the report names it, with what is worked out once.
struct Sighting {
  const NamedIdentifier* named = nullptr;
  Id id;
  Id base;
  bool links = false;
};

std::vector<Sighting> Sightings(const ReportRevision& revision) {
  std::vector<Sighting> sightings;
  for (const NamedIdentifier& named : revision.identifiers()) {
    if (!identifiers::PolicyOf(named.type()).listed) continue;
    Sighting& sighting = sightings.emplace_back();
    sighting.named = &named;
    sighting.id = core::IdentifierId(named.type(), named.value());
    sighting.base = named.base_type() == v1::IDENTIFIER_TYPE_UNSPECIFIED
                        ? sighting.id
                        : core::IdentifierId(named.base_type(), named.base_value());
    sighting.links =
        identifiers::Links(named.type(), named.role(), named.attested(), named.standing());
  }
  return sightings;
}

// For each link node of the report the day from which the report no longer links it.
std::map<NodeKey, Day> LinkNodes(const std::vector<Sighting>& sightings) {
  std::map<NodeKey, Day> nodes;
  for (const Sighting& sighting : sightings) {
    if (!sighting.links) continue;
    const Time observed_at = sighting.named->observed_at();
    NodeKey key{sighting.base, 0};
    if (core::TypeOf(key.id) == v1::IDENTIFIER_TYPE_IP) key.day = core::FloorDay(observed_at);
    const Day until = identifiers::LinkUntilDay(observed_at);
    Day& latest = nodes.try_emplace(key, until).first->second;
    latest = std::max(latest, until);
  }
  return nodes;
}

struct Tied {
  NodeKey node;
  Day until = 0;
};

std::map<NodeKey, std::vector<Tied>> Ties(const std::map<NodeKey, Day>& nodes) {
  const std::vector<std::pair<NodeKey, Day>> order(nodes.begin(), nodes.end());
  const size_t n = order.size();
  const bool all_pairs = n <= kAllPairsMax;
  std::map<NodeKey, std::vector<Tied>> ties;
  for (size_t i = 0; i < n; ++i) {
    std::vector<Tied>& tied = ties[order[i].first];
    for (size_t j = 0; j < n; ++j) {
      // How far one is behind the other in the circle.
      const size_t ahead = (j + n - i) % n;
      const bool near = ahead <= kNextTied || n - ahead <= kNextTied;
      if (i == j || (!all_pairs && !near)) continue;
      tied.push_back({order[j].first, std::min(order[i].second, order[j].second)});
    }
  }
  return ties;
}

// Who bears the incident, and from when: durable types first, then by id. `until` is when the last
// sighting that links stops counting.
struct Bearer {
  int order = 0;
  Id id;
  Time until = 0;
  Time from = kNeverBears;
};

std::map<Id, Bearer> Bearers(const std::vector<Sighting>& sightings) {
  std::map<Id, Bearer> bearers;
  for (const Sighting& sighting : sightings) {
    const NamedIdentifier& named = *sighting.named;
    if (!sighting.links || !identifiers::IsListed(named.type(), named.value())) continue;
    const identifiers::TypePolicy& policy = identifiers::PolicyOf(named.type());
    const Time until = named.observed_at() + policy.span;
    Bearer& bearer =
        bearers.try_emplace(sighting.id, Bearer{policy.bearer_order, sighting.id, until})
            .first->second;
    bearer.until = std::max(bearer.until, until);
  }
  std::vector<Bearer*> order;
  for (auto& [id, bearer] : bearers) order.push_back(&bearer);
  std::sort(order.begin(), order.end(), [](const Bearer* a, const Bearer* b) {
    return std::tie(a->order, a->id) < std::tie(b->order, b->id);
  });
  Time from = 0;
  for (Bearer* bearer : order) {
    if (bearer->until <= from) continue;
    bearer->from = from;
    from = bearer->until;
  }
  return bearers;
}

std::vector<v1::AmountTotal> SettledLosses(const ReportRevision& revision) {
  std::map<std::string, core::Decimal> sums;
  for (const internal::v1::PaymentFact& payment : revision.payments()) {
    const bool settled = payment.status() == v1::Payment::STATUS_UNSPECIFIED ||
                         payment.status() == v1::Payment::STATUS_SETTLED;
    if (!settled || payment.amount().empty() || payment.currency().empty()) continue;
    if (auto amount = core::Decimal::Parse(payment.amount())) sums[payment.currency()] += *amount;
  }
  std::vector<v1::AmountTotal> losses;
  for (const auto& [currency, sum] : sums) {
    losses.emplace_back();
    losses.back().set_currency(currency);
    losses.back().set_amount(sum.ToString());
  }
  return losses;
}

Evidence Header(const ReportRevision& revision, const Id& base, const Id& report,
                const Id& incident) {
  Evidence evidence;
  evidence.set_base_hi(base.hi);
  evidence.set_base_lo(base.lo);
  evidence.set_report_hi(report.hi);
  evidence.set_report_lo(report.lo);
  evidence.set_incident_hi(incident.hi);
  evidence.set_incident_lo(incident.lo);
  evidence.set_partner(revision.partner());
  evidence.set_basis(revision.basis());
  evidence.set_scam_type(revision.scam_type());
  evidence.set_country(revision.country());
  evidence.set_impersonated(revision.impersonated());
  evidence.set_tlp(revision.tlp());
  return evidence;
}

void AddOccurrence(const Sighting& sighting, Time bearer_from, Evidence& evidence) {
  const NamedIdentifier& named = *sighting.named;
  internal::v1::Occurrence& occurrence = *evidence.add_occurrences();
  occurrence.set_type(named.type());
  occurrence.set_value(named.value());
  occurrence.set_id_hi(sighting.id.hi);
  occurrence.set_id_lo(sighting.id.lo);
  occurrence.set_role(named.role());
  occurrence.set_observed_at(named.observed_at());
  occurrence.set_attested(named.attested());
  occurrence.set_standing(named.standing());
  occurrence.set_bearer_from(bearer_from);
  if (!named.via_url().empty()) {
    const Id url = core::IdentifierId(v1::IDENTIFIER_TYPE_URL, named.via_url());
    occurrence.set_via_url_hi(url.hi);
    occurrence.set_via_url_lo(url.lo);
  }
}

void AddTies(const NodeKey& node, Day until, const std::vector<Tied>& tied, Evidence& evidence) {
  internal::v1::NodeTies& ties = *evidence.add_ties();
  ties.set_day(node.day);
  ties.set_until_day(until);
  for (const Tied& tie : tied) {
    ties.add_neighbours(tie.node.id.hi);
    ties.add_neighbours(tie.node.id.lo);
    ties.add_neighbour_days(tie.node.day);
    ties.add_until_days(tie.until);
  }
}

}  // namespace

std::vector<Evidence> MakeEvidence(const ReportRevision& revision, const Id& report,
                                   const Id& incident) {
  const std::vector<Sighting> sightings = Sightings(revision);
  std::map<Id, Bearer> bearers = Bearers(sightings);
  const std::vector<v1::AmountTotal> losses = SettledLosses(revision);
  std::map<Id, Evidence> by_base;
  for (const Sighting& sighting : sightings) {
    auto entry = by_base.try_emplace(sighting.base);
    Evidence& evidence = entry.first->second;
    if (entry.second) evidence = Header(revision, sighting.base, report, incident);
    Time bearer_from = kNeverBears;
    auto bearer = bearers.find(sighting.id);
    // Of several sightings of one identifier, the one that counts longest bears.
    if (bearer != bearers.end() && sighting.links &&
        sighting.named->observed_at() + identifiers::PolicyOf(sighting.named->type()).span ==
            bearer->second.until) {
      bearer_from = bearer->second.from;
      bearers.erase(bearer);
    }
    AddOccurrence(sighting, bearer_from, evidence);
    if (bearer_from != kNeverBears && evidence.losses().empty()) {
      for (const v1::AmountTotal& loss : losses) *evidence.add_losses() = loss;
    }
  }
  const std::map<NodeKey, Day> nodes = LinkNodes(sightings);
  for (const auto& [node, tied] : Ties(nodes)) {
    AddTies(node, nodes.at(node), tied, by_base.at(node.id));
  }
  std::vector<Evidence> result;
  for (auto& [base, evidence] : by_base) result.push_back(std::move(evidence));
  return result;
}

}  // namespace ringfence::dedupe
