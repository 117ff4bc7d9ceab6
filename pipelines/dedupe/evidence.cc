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

bool GoesToCluster(const NamedIdentifier& named) {
  return identifiers::PolicyOf(named.type()).listed;
}

bool LinksHere(const NamedIdentifier& named) {
  return identifiers::Links(named.type(), named.role(), named.attested(), named.standing());
}

// For each link node of the report the day from which the report no longer links it.
std::map<NodeKey, Day> LinkNodes(const ReportRevision& revision) {
  std::map<NodeKey, Day> nodes;
  for (const NamedIdentifier& named : revision.identifiers()) {
    if (!LinksHere(named)) continue;
    NodeKey key{BaseOf(named), 0};
    if (core::TypeOf(key.id) == v1::IDENTIFIER_TYPE_IP)
      key.day = core::FloorDay(named.observed_at());
    Day& until = nodes.try_emplace(key, core::FloorDay(core::kTimeMin)).first->second;
    until = std::max(until, identifiers::LinkUntilDay(named.observed_at()));
  }
  return nodes;
}

struct Tied {
  NodeKey node;
  Day until = 0;
};

std::map<NodeKey, std::vector<Tied>> Ties(const std::map<NodeKey, Day>& nodes) {
  const std::vector<std::pair<NodeKey, Day>> order(nodes.begin(), nodes.end());
  std::map<NodeKey, std::map<NodeKey, Day>> ties;
  const size_t n = order.size();
  const size_t reach = n <= kAllPairsMax ? n - 1 : kNextTied;
  for (size_t i = 0; i < n; ++i) {
    for (size_t step = 1; step <= reach; ++step) {
      const auto& [one, one_until] = order[i];
      const auto& [other, other_until] = order[(i + step) % n];
      const Day until = std::min(one_until, other_until);
      ties[one][other] = until;
      ties[other][one] = until;
    }
  }
  std::map<NodeKey, std::vector<Tied>> result;
  for (const auto& [node, until] : nodes) {
    std::vector<Tied>& tied = result[node];
    for (const auto& [other, tied_until] : ties[node]) tied.push_back({other, tied_until});
  }
  return result;
}

// Who bears the incident, and from when: durable types first, then by id. `until` is when the last
// sighting that links stops counting.
struct Bearer {
  int order = 0;
  Id id;
  Time until = 0;
  Time from = kNeverBears;
};

std::map<Id, Bearer> Bearers(const ReportRevision& revision) {
  std::map<Id, Bearer> bearers;
  for (const NamedIdentifier& named : revision.identifiers()) {
    if (!LinksHere(named) || !identifiers::IsListed(named.type(), named.value())) continue;
    const identifiers::TypePolicy& policy = identifiers::PolicyOf(named.type());
    const Id id = core::IdentifierId(named.type(), named.value());
    Bearer& bearer =
        bearers.try_emplace(id, Bearer{policy.bearer_order, id, core::kTimeMin}).first->second;
    bearer.until = std::max(bearer.until, named.observed_at() + policy.span);
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

void AddOccurrence(const NamedIdentifier& named, Time bearer_from, Evidence& evidence) {
  internal::v1::Occurrence& occurrence = *evidence.add_occurrences();
  occurrence.set_type(named.type());
  occurrence.set_value(named.value());
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

Id BaseOf(const NamedIdentifier& named) {
  if (named.base_type() == v1::IDENTIFIER_TYPE_UNSPECIFIED) {
    return core::IdentifierId(named.type(), named.value());
  }
  return core::IdentifierId(named.base_type(), named.base_value());
}

std::vector<Evidence> MakeEvidence(const ReportRevision& revision, const Id& report,
                                   const Id& incident) {
  std::map<Id, Evidence> by_base;
  std::map<Id, Bearer> bearers = Bearers(revision);
  const std::vector<v1::AmountTotal> losses = SettledLosses(revision);
  for (const NamedIdentifier& named : revision.identifiers()) {
    if (!GoesToCluster(named)) continue;
    const Id base = BaseOf(named);
    auto entry = by_base.try_emplace(base);
    Evidence& evidence = entry.first->second;
    if (entry.second) evidence = Header(revision, base, report, incident);
    Time bearer_from = kNeverBears;
    auto bearer = bearers.find(core::IdentifierId(named.type(), named.value()));
    // Of several sightings of one identifier, the one that counts longest bears.
    if (bearer != bearers.end() && LinksHere(named) &&
        named.observed_at() + identifiers::PolicyOf(named.type()).span == bearer->second.until) {
      bearer_from = bearer->second.from;
      bearers.erase(bearer);
    }
    AddOccurrence(named, bearer_from, evidence);
    if (bearer_from != kNeverBears && evidence.losses().empty()) {
      for (const v1::AmountTotal& loss : losses) *evidence.add_losses() = loss;
    }
  }
  const std::map<NodeKey, Day> nodes = LinkNodes(revision);
  for (const auto& [node, tied] : Ties(nodes)) {
    AddTies(node, nodes.at(node), tied, by_base.at(node.id));
  }
  std::vector<Evidence> result;
  for (auto& [base, evidence] : by_base) result.push_back(std::move(evidence));
  return result;
}

}  // namespace ringfence::dedupe
