#include "tests/oracle/listing.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "pipelines/identifiers/policy.h"

namespace ringfence::oracle {
namespace {

using core::Time;
using identifiers::PolicyOf;
using internal::v1::ReportRevision;

void SetTimes(const std::vector<Occurrence>& all, const std::vector<Occurrence>& live, Time as_of,
              const identifiers::PolicyValues& policy, Listing& listing) {
  std::set<Time> linking;
  std::set<Time> seen;
  for (const Occurrence& o : all) {
    if (o.LinksStill(as_of)) linking.insert(o.named->observed_at());
  }
  for (const Occurrence& o : live) seen.insert(o.named->observed_at());
  listing.first_seen = linking.empty() ? *seen.begin() : *linking.begin();
  listing.last_seen = *seen.rbegin();
  v1::Indicator& indicator = listing.indicator;
  *indicator.mutable_first_seen() = core::ToProto(listing.first_seen);
  *indicator.mutable_last_seen() = core::ToProto(listing.last_seen);
  *indicator.mutable_expires_at() =
      core::ToProto(listing.last_seen + policy.SpanOf(indicator.type()));
}

void SetWhatAllSay(const std::vector<Occurrence>& live, Listing& listing) {
  std::set<std::string> countries;
  std::set<v1::ScamType> scam_types;
  v1::Tlp tlp = v1::TLP_UNSPECIFIED;
  for (const Occurrence& o : live) {
    if (!o.report->country().empty()) countries.insert(o.report->country());
    if (o.report->scam_type() != 0) scam_types.insert(o.report->scam_type());
    if (!o.report->impersonated().empty()) listing.impersonated.insert(o.report->impersonated());
    tlp = std::max(tlp, o.report->tlp());
  }
  for (const std::string& country : countries) {
    listing.indicator.mutable_explanation()->add_countries(country);
  }
  for (v1::ScamType scam_type : scam_types) listing.indicator.add_scam_types(scam_type);
  listing.indicator.set_tlp(tlp);
}

bool HasStanding(const std::vector<Occurrence>& live, internal::v1::Standing standing) {
  return std::any_of(live.begin(), live.end(),
                     [standing](const Occurrence& o) { return o.named->standing() == standing; });
}

v1::Action Ceiling(const std::vector<Occurrence>& live, Time as_of,
                   const identifiers::PolicyValues& policy, const Listing& listing) {
  const v1::IdentifierType type = listing.indicator.type();
  if (HasStanding(live, internal::v1::STANDING_SHARED_HOST) ||
      HasStanding(live, internal::v1::STANDING_UNTAGGED_WALLET)) {
    return v1::ACTION_MONITOR;
  }
  v1::Action ceiling = std::min(PolicyOf(type).ceiling, policy.CeilingOf(type));
  if (listing.word.confirmed && PolicyOf(type).ceiling_rule == identifiers::kCustodianRule) {
    ceiling = v1::ACTION_BLOCK;
  }
  // By what counts alone: of what nothing counts of, nothing is above MONITOR anyway.
  std::set<Time> seen;
  std::set<std::string> urls;
  for (const Occurrence& o : live) {
    if (!o.Counts()) continue;
    seen.insert(o.named->observed_at());
    urls.insert(o.named->via_url());
  }
  if (type == v1::IDENTIFIER_TYPE_PHONE && !seen.empty() &&
      *seen.rbegin() + policy.phone_block_span <= as_of) {
    ceiling = std::min(ceiling, v1::ACTION_CHALLENGE);
  }
  if (type == v1::IDENTIFIER_TYPE_DOMAIN && !urls.contains("") &&
      urls.size() < policy.urls_for_block) {
    ceiling = std::min(ceiling, v1::ACTION_CHALLENGE);
  }
  return ceiling;
}

void SetScoreAndAction(const std::vector<Occurrence>& live, bool looks_shared,
                       const Weights& weights, Time as_of, Listing& listing) {
  std::map<std::string, std::set<ReportName>> incidents_by_partner;
  std::set<ReportName> incidents;
  std::set<const ReportRevision*> reports;
  for (const Occurrence& o : live) {
    if (!o.Counts()) continue;
    incidents_by_partner[weights.OrganisationOf(o)].insert(o.incident);
    incidents.insert(o.incident);
    reports.insert(o.report);
  }
  const identifiers::PolicyValues& policy = weights.decisions.policy();
  double product = 1;
  size_t with_two = 0;
  size_t weighty = 0;
  std::set<ReportName> weighty_incidents;
  for (const auto& [partner, its] : incidents_by_partner) {
    const double n = static_cast<double>(its.size());
    const double weight = weights.Of(partner);
    if (weight <= 0) continue;
    ++weighty;
    weighty_incidents.insert(its.begin(), its.end());
    product *= 1 - weight * (1 - std::exp2(-n));
    with_two += its.size() >= policy.block_incidents_each ? 1 : 0;
  }
  const auto score = static_cast<uint32_t>(std::lround(1000 * (1 - product)));
  const size_t organisations = incidents_by_partner.size();

  v1::Action action = v1::ACTION_MONITOR;
  if (weighty >= policy.challenge_organisations &&
      weighty_incidents.size() >= policy.challenge_incidents && score >= policy.challenge_score) {
    action = v1::ACTION_CHALLENGE;
    if (score >= policy.block_score &&
        (weighty >= policy.block_organisations || with_two >= policy.challenge_organisations)) {
      action = v1::ACTION_BLOCK;
    }
  }
  v1::Indicator& indicator = listing.indicator;
  indicator.set_score(score);
  const Word& word = listing.word;
  if (word.appeal || word.shared) action = v1::ACTION_MONITOR;
  if (looks_shared) action = std::min(action, v1::ACTION_CHALLENGE);
  indicator.set_action(std::min(action, Ceiling(live, as_of, policy, listing)));
  indicator.set_shared_infrastructure(looks_shared || word.shared ||
                                      HasStanding(live, internal::v1::STANDING_SHARED_HOST));
  indicator.mutable_explanation()->set_incidents(static_cast<uint32_t>(incidents.size()));
  indicator.mutable_explanation()->set_reports(static_cast<uint32_t>(reports.size()));
  indicator.mutable_explanation()->set_organisations(static_cast<uint32_t>(organisations));
}

void SetRoles(const std::vector<Occurrence>& live, const Weights& weights,
              v1::Indicator& indicator) {
  std::map<v1::IdentifierRole, std::vector<Occurrence>> by_role;
  for (const Occurrence& o : live) by_role[o.named->role()].push_back(o);
  for (const auto& [role, occurrences] : by_role) {
    std::set<ReportName> incidents;
    std::set<std::string> partners;
    Time last_seen = core::kTimeMin;
    for (const Occurrence& o : occurrences) {
      incidents.insert(o.incident);
      partners.insert(weights.OrganisationOf(o));
      last_seen = std::max(last_seen, o.named->observed_at());
    }
    indicator.add_roles(role);
    v1::RoleEvidence& evidence = *indicator.mutable_explanation()->add_by_role();
    evidence.set_role(role);
    evidence.set_incidents(static_cast<uint32_t>(incidents.size()));
    evidence.set_organisations(static_cast<uint32_t>(partners.size()));
    *evidence.mutable_last_seen() = core::ToProto(last_seen);
  }
}

// Of its latest sighting that links: of an IP, of its latest such day.
std::optional<Node> NodeOf(const std::vector<Occurrence>& all, Time as_of) {
  const Occurrence* latest = nullptr;
  for (const Occurrence& o : all) {
    if (!o.LinksStill(as_of)) continue;
    if (latest == nullptr || latest->named->observed_at() < o.named->observed_at()) latest = &o;
  }
  return latest == nullptr ? std::nullopt : std::optional(latest->LinkNode());
}

}  // namespace

std::string Weights::OrganisationOf(const Occurrence& occurrence) const {
  return decisions.OrganisationOf(occurrence.report->partner());
}

double Weights::Of(const std::string& organisation) const {
  double weight = decisions.WeightOf(organisation);
  auto named = canaries_named.find(organisation);
  for (uint32_t i = 0; named != canaries_named.end() && i < named->second; ++i) weight /= 2;
  return weight;
}

std::optional<Listing> ListingOf(const std::vector<Occurrence>& all, const Word& word,
                                 const LinkGraph& graph, const Weights& weights, Time as_of) {
  std::vector<Occurrence> live;
  for (const Occurrence& o : all) {
    if (o.IsLive(as_of)) live.push_back(o);
  }
  if (live.empty()) return std::nullopt;
  if (word.allow || word.canary || word.withhold) return std::nullopt;
  Listing listing;
  listing.word = word;
  listing.id = live.front().Identifier();
  listing.base = live.front().LinkNode().base;
  listing.indicator.set_type(live.front().named->type());
  listing.indicator.set_value(live.front().named->value());
  SetTimes(all, live, as_of, weights.decisions.policy(), listing);
  SetWhatAllSay(live, listing);
  listing.node = NodeOf(all, as_of);
  const bool looks_shared = listing.node && graph.IsInfrastructure(*listing.node);
  SetScoreAndAction(live, looks_shared, weights, as_of, listing);
  SetRoles(live, weights, listing.indicator);
  return listing;
}

}  // namespace ringfence::oracle
