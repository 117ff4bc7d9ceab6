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
using internal::v1::IncidentBearers;
using internal::v1::NamedIdentifier;
using internal::v1::ReportRevision;

constexpr Time kNeverBears = core::kTimeMax;
// Until when ties name their node, where they do not.
constexpr Day kNamesNothing = -36'500;

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
    const bool disregarded = named.mark().disregard_before() != 0 &&
                             named.observed_at() < named.mark().disregard_before();
    sighting.links =
        !disregarded && named.mark().bars() < internal::v1::BARS_LINKING &&
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

Time LiveUntil(const NamedIdentifier& named) {
  return named.live_until() != 0 ? named.live_until()
                                 : named.observed_at() + identifiers::PolicyOf(named.type()).span;
}

// Who bears the incident, and from when: durable types first, then by id. `until` is when the last
// sighting that links stops counting.
struct Bearer {
  int order = 0;
  Id id;
  Id base;
  Time until = 0;
  // Of the last of the sightings that link.
  Time seen = core::kTimeMin;
  Time from = kNeverBears;
  // It counts in no campaign: the next bears in its place.
  bool barred = false;
};

std::vector<const Bearer*> InOrder(const std::map<Id, Bearer>& bearers) {
  std::vector<const Bearer*> order;
  for (const auto& [id, bearer] : bearers) order.push_back(&bearer);
  std::sort(order.begin(), order.end(), [](const Bearer* a, const Bearer* b) {
    return std::tie(a->order, a->id) < std::tie(b->order, b->id);
  });
  return order;
}

std::map<Id, Bearer> Bearers(const std::vector<Sighting>& sightings) {
  std::map<Id, Bearer> bearers;
  for (const Sighting& sighting : sightings) {
    const NamedIdentifier& named = *sighting.named;
    if (!sighting.links || !identifiers::IsListed(named.type(), named.value())) continue;
    if (named.mark().bars() >= internal::v1::BARS_TYING_REPORTS) continue;
    const identifiers::TypePolicy& policy = identifiers::PolicyOf(named.type());
    const Time until = LiveUntil(named);
    Bearer& bearer = bearers
                         .try_emplace(sighting.id, Bearer{policy.bearer_order, sighting.id,
                                                          sighting.base, until})
                         .first->second;
    bearer.until = std::max(bearer.until, until);
    bearer.seen = std::max(bearer.seen, named.observed_at());
    bearer.barred = named.mark().bars() >= internal::v1::BARS_BEARING;
  }
  Time from = 0;
  for (const Bearer* next : InOrder(bearers)) {
    if (next->barred || next->until <= from) continue;
    bearers.at(next->id).from = from;
    from = next->until;
  }
  return bearers;
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
  if (named.has_mark()) *occurrence.mutable_mark() = named.mark();
  occurrence.set_echo(named.echo());
  occurrence.set_live_until(named.live_until());
  occurrence.set_block_until(named.block_until());
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

using ByBase = std::map<Id, Evidence>;

// What the report names itself; `bears`: and what it bears as the root of its incident.
ByBase Named(const ReportRevision& revision, const std::vector<Sighting>& sightings,
             const Id& report, const Id& incident, bool bears) {
  std::map<Id, Bearer> bearers;
  std::vector<v1::AmountTotal> losses;
  if (bears) {
    bearers = Bearers(sightings);
    losses = SettledLosses(revision);
  }
  ByBase by_base;
  for (const Sighting& sighting : sightings) {
    auto entry = by_base.try_emplace(sighting.base);
    Evidence& evidence = entry.first->second;
    if (entry.second) evidence = Header(revision, sighting.base, report, incident);
    Time bearer_from = kNeverBears;
    auto bearer = bearers.find(sighting.id);
    // Of several sightings of one identifier, the one that counts longest bears.
    if (bearer != bearers.end() && sighting.links &&
        LiveUntil(*sighting.named) == bearer->second.until) {
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
  return by_base;
}

Evidence& EvidenceAt(const Id& base, const Evidence& header, ByBase& by_base) {
  auto [entry, inserted] = by_base.try_emplace(base, header);
  if (inserted) {
    entry->second.set_base_hi(base.hi);
    entry->second.set_base_lo(base.lo);
  }
  return entry->second;
}

void AddShares(const IncidentBearers& bearers, const Evidence& header, ByBase& by_base) {
  for (const IncidentBearers::Bearer& bearer : bearers.bearers()) {
    const Id base{bearer.base_hi(), bearer.base_lo()};
    internal::v1::Share& share = *EvidenceAt(base, header, by_base).add_shares();
    share.set_type(bearer.type());
    share.set_id_hi(bearer.id_hi());
    share.set_id_lo(bearer.id_lo());
    share.set_from(bearer.from());
    share.set_until(bearer.until());
  }
}

void TieToBearer(const IncidentBearers& bearers, const std::map<NodeKey, Day>& nodes,
                 const Evidence& header, ByBase& by_base) {
  const NodeKey bearer{{bearers.base_hi(), bearers.base_lo()}, bearers.day()};
  std::vector<Tied> tied;
  for (const auto& [node, until] : nodes) {
    if (node == bearer) continue;
    const Day tied_until = std::min(until, bearers.until_day());
    tied.push_back({node, tied_until});
    AddTies(node, kNamesNothing, {{bearer, tied_until}}, by_base.at(node.id));
  }
  if (tied.empty()) return;
  AddTies(bearer, kNamesNothing, tied, EvidenceAt(bearer.id, header, by_base));
}

}  // namespace

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

IncidentBearers BearersOf(const ReportRevision& revision) {
  IncidentBearers result;
  const std::map<Id, Bearer> bearers = Bearers(Sightings(revision));
  for (const Bearer* next : InOrder(bearers)) {
    if (!result.ties()) {
      result.set_ties(true);
      result.set_base_hi(next->base.hi);
      result.set_base_lo(next->base.lo);
      if (core::TypeOf(next->base) == v1::IDENTIFIER_TYPE_IP) {
        result.set_day(core::FloorDay(next->seen));
      }
      result.set_until_day(identifiers::LinkUntilDay(next->seen));
    }
    if (next->from == kNeverBears) continue;
    IncidentBearers::Bearer& bearer = *result.add_bearers();
    bearer.set_type(core::TypeOf(next->id));
    bearer.set_id_hi(next->id.hi);
    bearer.set_id_lo(next->id.lo);
    bearer.set_base_hi(next->base.hi);
    bearer.set_base_lo(next->base.lo);
    bearer.set_from(next->from);
    bearer.set_until(next->until);
  }
  return result;
}

std::vector<Evidence> MakeEvidence(const ReportRevision& revision, const Id& report) {
  std::vector<Evidence> result;
  for (auto& [base, evidence] : Named(revision, Sightings(revision), report, report, true)) {
    result.push_back(std::move(evidence));
  }
  return result;
}

std::vector<Evidence> MakeEvidence(const ReportRevision& revision, const Id& report, const Id& root,
                                   const IncidentBearers& bearers) {
  const std::vector<Sighting> sightings = Sightings(revision);
  ByBase by_base = Named(revision, sightings, report, root, false);
  const Evidence header = Header(revision, {}, report, root);
  AddShares(bearers, header, by_base);
  if (bearers.ties()) TieToBearer(bearers, LinkNodes(sightings), header, by_base);
  std::vector<Evidence> result;
  for (auto& [base, evidence] : by_base) result.push_back(std::move(evidence));
  return result;
}

}  // namespace ringfence::dedupe
