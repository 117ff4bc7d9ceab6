#include "tests/oracle/oracle.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "pipelines/core/decimal.h"
#include "pipelines/identifiers/policy.h"
#include "tests/oracle/link_graph.h"
#include "tests/oracle/listing.h"
#include "tests/oracle/reports.h"

namespace ringfence::oracle {
namespace {

using core::Id;
using core::Time;
using internal::v1::ReportRevision;

using ByIdentifier = std::map<std::pair<int, std::string>, std::vector<Occurrence>>;

bool IsSpared(const Word& word) {
  return word.allow || word.canary || word.withhold || word.appeal || word.shared;
}

// A registrable domain of which several hosts are named by what counts stands for all below it, by
// the evidence of all of them, if it is no shared host and nothing below it is spared.
std::optional<Listing> StandingForAll(const Id& base,
                                      const std::vector<const std::vector<Occurrence>*>& hosts,
                                      const LinkGraph& graph, const Weights& weights, Time as_of) {
  size_t counted = 0;
  std::string domain;
  std::vector<Occurrence> all;
  for (const std::vector<Occurrence>* host : hosts) {
    bool is_live = false;
    bool counts = false;
    for (const Occurrence& o : *host) {
      if (o.IsDisregarded()) continue;
      all.push_back(o);
      if (!o.IsLive(as_of)) continue;
      is_live = true;
      counts = counts || o.Counts();
      if (o.named->standing() == internal::v1::STANDING_SHARED_HOST) return std::nullopt;
    }
    const Occurrence& first = host->front();
    const Word& word = first.word;
    if (is_live && first.Identifier() != base && IsSpared(word)) return std::nullopt;
    if (!counts || word.allow || word.canary || word.withhold) continue;
    ++counted;
    domain = first.Identifier() == base ? first.named->value() : first.named->base_value();
  }
  if (counted < identifiers::kHostsForSubtree) return std::nullopt;
  if (weights.decisions.SparesBelow(base, domain)) return std::nullopt;
  const Word said = weights.decisions.About(v1::IDENTIFIER_TYPE_DOMAIN, domain);
  std::optional<Listing> listing = ListingOf(all, said, graph, weights, as_of);
  if (!listing || !identifiers::IsListed(v1::IDENTIFIER_TYPE_DOMAIN, domain)) return std::nullopt;
  listing->id = listing->base = base;
  listing->indicator.set_value(domain);
  listing->indicator.set_scope(v1::SCOPE_SUBTREE);
  return listing;
}

void ListDomains(const ByIdentifier& occurrences, const LinkGraph& graph, const Weights& weights,
                 Time as_of, std::vector<Listing>& listings) {
  std::map<Id, std::vector<const std::vector<Occurrence>*>> hosts_of_base;
  for (const auto& [type_and_value, of_one] : occurrences) {
    if (type_and_value.first != v1::IDENTIFIER_TYPE_DOMAIN) continue;
    hosts_of_base[of_one.front().LinkNode().base].push_back(&of_one);
  }
  for (const auto& [base, hosts] : hosts_of_base) {
    std::optional<Listing> listing = StandingForAll(base, hosts, graph, weights, as_of);
    if (!listing) continue;
    std::erase_if(listings, [&](const Listing& own) {
      return own.id == base && own.indicator.type() == v1::IDENTIFIER_TYPE_DOMAIN;
    });
    listings.push_back(*std::move(listing));
  }
}

std::vector<Listing> ListingsOf(const Reports& reports, const LinkGraph& graph, Time as_of) {
  ByIdentifier occurrences;
  for (const auto& [name, report] : reports.held()) {
    for (const Occurrence& o : reports.OccurrencesOf(*report)) {
      occurrences[{o.named->type(), o.named->value()}].push_back(o);
    }
  }
  const Weights weights = {reports.decisions(), reports.CanariesNamed(as_of)};
  std::vector<Listing> listings;
  for (const auto& [type_and_value, of_one] : occurrences) {
    const Word& word = of_one.front().word;
    if (std::optional<Listing> listing = ListingOf(of_one, word, graph, weights, as_of)) {
      listings.push_back(*listing);
    }
  }
  ListDomains(occurrences, graph, weights, as_of, listings);
  std::sort(listings.begin(), listings.end(), [](const Listing& a, const Listing& b) {
    return std::pair(a.indicator.type(), a.indicator.value()) <
           std::pair(b.indicator.type(), b.indicator.value());
  });
  return listings;
}

using Members = std::vector<Listing*>;

std::vector<Members> CampaignsOf(std::vector<Listing>& listings, const LinkGraph& graph) {
  std::map<Node, Members> by_component;
  for (Listing& listing : listings) {
    if (listing.node) by_component[graph.ComponentOf(*listing.node)].push_back(&listing);
  }
  std::vector<Members> campaigns;
  for (const auto& [component, members] : by_component) {
    std::set<Id> bases;
    for (const Listing* member : members) bases.insert(member->base);
    if (bases.size() >= 2) campaigns.push_back(members);
  }
  return campaigns;
}

const Listing& Oldest(const Members& members) {
  return **std::min_element(members.begin(), members.end(), [](const auto* a, const auto* b) {
    return std::tie(a->first_seen, a->id) < std::tie(b->first_seen, b->id);
  });
}

// What members show in common, without the totals.
v1::Campaign Describe(const Members& members) {
  v1::Campaign campaign;
  campaign.set_indicators(static_cast<uint32_t>(members.size()));
  core::SetSum fingerprint;
  std::set<int> scam_types;
  std::set<std::string> impersonated;
  Time last_seen = core::kTimeMin;
  for (const Listing* member : members) {
    const v1::Indicator& indicator = member->indicator;
    fingerprint.Add(core::SetSum::FingerprintMember(indicator.type(), indicator.value()));
    scam_types.insert(indicator.scam_types().begin(), indicator.scam_types().end());
    impersonated.insert(member->impersonated.begin(), member->impersonated.end());
    campaign.set_tlp(std::max(campaign.tlp(), indicator.tlp()));
    last_seen = std::max(last_seen, member->last_seen);
  }
  campaign.set_fingerprint(fingerprint.Hex());
  *campaign.mutable_first_seen() = core::ToProto(Oldest(members).first_seen);
  *campaign.mutable_last_seen() = core::ToProto(last_seen);
  for (int scam_type : scam_types) campaign.add_scam_types(static_cast<v1::ScamType>(scam_type));
  for (const std::string& brand : impersonated) campaign.add_impersonated(brand);
  return campaign;
}

// The identifier that bears an incident at this time.
std::optional<Id> BearerOf(const Incident& incident, const Reports& reports, Time as_of) {
  for (const auto& [order, occurrence] : reports.BearersOf(*incident.representative)) {
    if (occurrence.IsLive(as_of) && !occurrence.word.withhold) return occurrence.Identifier();
  }
  return std::nullopt;
}

using IncidentsByBearer = std::multimap<Id, const Incident*>;

IncidentsByBearer BorneIncidents(const Reports& reports, Time as_of) {
  IncidentsByBearer borne;
  for (const auto& [name, incident] : reports.incidents()) {
    if (std::optional<Id> bearer = BearerOf(incident, reports, as_of)) {
      borne.emplace(*bearer, &incident);
    }
  }
  return borne;
}

using Losses = std::map<std::string, core::Decimal>;

void AddLosses(const ReportRevision& report, Losses& losses) {
  for (const internal::v1::PaymentFact& payment : report.payments()) {
    const bool settled = payment.status() == v1::Payment::STATUS_SETTLED ||
                         payment.status() == v1::Payment::STATUS_UNSPECIFIED;
    const std::optional<core::Decimal> amount = core::Decimal::Parse(payment.amount());
    // A loss of nothing is none.
    if (!settled || !amount || amount->IsZero() || payment.currency().empty()) continue;
    losses[payment.currency()] += *amount;
  }
}

// Each incident once, in the campaign of its bearer.
void SetTotals(const Members& members, const IncidentsByBearer& borne, const Decisions& decisions,
               v1::Campaign& campaign) {
  uint32_t incidents = 0;
  uint32_t reports = 0;
  std::set<std::string> partners;
  std::map<std::string, uint32_t> countries;
  Losses losses;
  for (const Listing* member : members) {
    const auto [begin, end] = borne.equal_range(member->id);
    for (auto it = begin; it != end; ++it) {
      const Incident& incident = *it->second;
      ++incidents;
      reports += static_cast<uint32_t>(incident.reports.size());
      for (const ReportRevision* report : incident.reports) {
        partners.insert(decisions.OrganisationOf(report->partner()));
      }
      const ReportRevision& representative = *incident.representative;
      if (!representative.country().empty()) ++countries[representative.country()];
      AddLosses(representative, losses);
    }
  }
  campaign.set_incidents(incidents);
  campaign.set_reports(reports);
  campaign.set_organisations(static_cast<uint32_t>(partners.size()));
  for (const auto& [country, count] : countries) {
    v1::CountryCount& entry = *campaign.add_victims_by_country();
    entry.set_country(country);
    entry.set_incidents(count);
  }
  for (const auto& [currency, amount] : losses) {
    v1::AmountTotal& total = *campaign.add_losses();
    total.set_currency(currency);
    total.set_amount(amount.ToString());
  }
}

}  // namespace

std::map<std::string, std::pair<uint64_t, uint64_t>> Withheld(const World& world) {
  return Reports(world).withheld();
}

Published Expected(const World& world) {
  const Reports reports(world);
  const ties::Rules rules = reports.decisions().RulesBy(world.rules);
  const LinkGraph graph(reports, world.as_of, rules);
  std::vector<Listing> listings = ListingsOf(reports, graph, world.as_of);
  const IncidentsByBearer borne = BorneIncidents(reports, world.as_of);

  Published published;
  for (const Members& members : CampaignsOf(listings, graph)) {
    v1::Campaign campaign = Describe(members);
    SetTotals(members, borne, reports.decisions(), campaign);
    campaign.set_campaign_id(CampaignId(Oldest(members).id, world.naming_key));
    for (Listing* member : members) member->indicator.set_campaign_id(campaign.campaign_id());
    published.campaigns.push_back(std::move(campaign));
  }
  std::sort(published.campaigns.begin(), published.campaigns.end(),
            [](const auto& a, const auto& b) { return a.campaign_id() < b.campaign_id(); });
  for (Listing& listing : listings) published.indicators.push_back(std::move(listing.indicator));
  return published;
}

}  // namespace ringfence::oracle
