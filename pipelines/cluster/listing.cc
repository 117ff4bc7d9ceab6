#include "pipelines/cluster/listing.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipelines/cluster/evidence.h"
#include "pipelines/cluster/hosts.h"
#include "pipelines/cluster/score.h"
#include "pipelines/core/record_format.h"
#include "pipelines/identifiers/policy.h"

namespace ringfence::cluster {
namespace {

using core::Time;
using internal::v1::IndicatorRecord;

// Of an identifier's record: all pairs of 45 organisations.
constexpr size_t kPairsMax = 1'000;

constexpr bool IsRaised(v1::Action action) { return action >= v1::ACTION_CHALLENGE; }

v1::Tlp StrictestTlp(const Statistics& statistics) {
  return static_cast<v1::Tlp>(statistics.tlps().greatest());
}

void Rise(Listing& listing, v1::Action action, v1::Tlp tlp, Time now) {
  const v1::Action before = listing.action;
  if (before == v1::ACTION_UNSPECIFIED) {
    listing.listed_at = now;
    // As if it had been forgotten, which happens at the end of a batch.
    if (!IsRemembered(listing)) {
      listing.peak_action = v1::ACTION_UNSPECIFIED;
      listing.least_tlp = v1::TLP_UNSPECIFIED;
    }
  }
  if (listing.fallen && IsRaised(action)) {
    ++listing.epoch;
    listing.fallen = false;
    listing.listed_at = now;
  }
  if (IsRaised(before) && !IsRaised(action)) listing.fallen = true;
  if (action != before) listing.action_since = now;
  listing.action = action;
  listing.peak_action = std::max(listing.peak_action, action);
  if (listing.least_tlp == v1::TLP_UNSPECIFIED || tlp < listing.least_tlp) listing.least_tlp = tlp;
  listing.removal_reason = nullptr;
}

void Leave(Listing& listing, Time now, const char* reason) {
  if (listing.action == v1::ACTION_UNSPECIFIED) return;
  listing.action_since = now;
  if (IsRaised(listing.action)) listing.fallen = true;
  listing.action = v1::ACTION_UNSPECIFIED;
  listing.removal_reason = reason;
}

Effects EffectsOf(const Base& base, const Listing& listing, const Decisions& decisions, Time now) {
  if (!decisions.Concern(base)) return {};
  return decisions.EffectsOf(base, listing.type, listing.id, listing.value, now);
}

bool MayBeListed(const Base& base, const Listing& listing, const Effects& effects) {
  return EvidenceOf(base, listing).live() && !effects.hidden() &&
         identifiers::IsListed(listing.type, listing.value);
}

// Why a listing that the effects hide leaves; which values are canaries is nobody's business.
const char* HiddenReason(const Effects& effects, const char* otherwise) {
  if (effects.Has(Effects::kAllow)) return "allowed";
  return effects.hidden() ? "withheld" : otherwise;
}

void FinishListing(Base& base, Listing& listing, const Decisions& decisions, Time now,
                   core::Place place, const char* removed) {
  const bool was_in_set = listing.action != v1::ACTION_UNSPECIFIED;
  const Effects effects = EffectsOf(base, listing, decisions, now);
  const Statistics& evidence = EvidenceOf(base, listing);
  // What has no evidence may be forgotten at any time.
  listing.effects = evidence.empty() ? 0 : effects.bits;
  CountHost(base, listing);
  SendListingLater(base, listing);
  if (MayBeListed(base, listing, effects)) {
    listing.assessment = AssessListing(base, listing, effects, decisions.weights(), now);
    Rise(listing, listing.assessment.action, StrictestTlp(evidence), now);
  } else {
    listing.assessment = {};
    Leave(listing, now, HiddenReason(effects, removed));
  }
  const bool is_in_set = listing.action != v1::ACTION_UNSPECIFIED;
  if (!was_in_set && !is_in_set) return;
  if (!is_in_set) base.left.push_back(listing.id);
  listing.revision = place;
  listing.unsent = place;
}

void FillExplanation(const Statistics& statistics, const Assessment& assessment, bool subtree,
                     v1::Explanation& explanation) {
  explanation.set_incidents(statistics.incidents().distinct());
  explanation.set_reports(statistics.reports().distinct());
  explanation.set_organisations(
      static_cast<uint32_t>(statistics.incidents_by_organisation().size()));
  statistics.countries().ForEach(
      [&](const std::string& country, uint32_t) { explanation.add_countries(country); });
  for (std::string_view rule : assessment.rules) explanation.add_rules(std::string(rule));
  if (subtree) explanation.add_rules("scope.three_hosts");
  for (const auto& [role, evidence] : statistics.by_role()) {
    v1::RoleEvidence& by_role = *explanation.add_by_role();
    by_role.set_role(role);
    by_role.set_incidents(evidence.incidents.distinct());
    by_role.set_organisations(evidence.organisations.distinct());
    *by_role.mutable_last_seen() = core::ToProto(evidence.seen.greatest());
  }
}

void FillIndicator(const Base& base, const Listing& listing, v1::Indicator& indicator) {
  const Statistics& statistics = EvidenceOf(base, listing);
  const Assessment& assessment = listing.assessment;
  const bool subtree = base.stands_for_all && IsBaseItself(base, listing);
  indicator.set_type(listing.type);
  indicator.set_value(listing.value);
  for (const auto& [role, evidence] : statistics.by_role()) indicator.add_roles(role);
  indicator.set_action(listing.action);
  indicator.set_score(assessment.score);
  FillExplanation(statistics, assessment, subtree, *indicator.mutable_explanation());
  const Time last_seen = statistics.last_seen();
  *indicator.mutable_first_seen() = core::ToProto(statistics.first_seen());
  *indicator.mutable_last_seen() = core::ToProto(last_seen);
  *indicator.mutable_expires_at() = core::ToProto(last_seen + assessment.span);
  indicator.set_tlp(StrictestTlp(statistics));
  statistics.scam_types().ForEach([&](int scam_type, uint32_t) {
    indicator.add_scam_types(static_cast<v1::ScamType>(scam_type));
  });
  indicator.set_shared_infrastructure(assessment.shared_infrastructure);
  indicator.set_revision(listing.revision);
  if (subtree) indicator.set_scope(v1::SCOPE_SUBTREE);
  *indicator.mutable_listed_at() = core::ToProto(listing.listed_at);
  *indicator.mutable_action_since() = core::ToProto(listing.action_since);
}

// Those with most incidents in common, in order of their names.
void FillPairs(const Statistics::Borne& borne, internal::v1::CampaignShare& share) {
  std::vector<std::pair<std::pair<std::string, std::string>, uint32_t>> pairs(borne.pairs.begin(),
                                                                              borne.pairs.end());
  if (pairs.size() > kPairsMax) {
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    pairs.resize(kPairsMax);
    std::sort(pairs.begin(), pairs.end());
  }
  for (auto& [names, incidents] : pairs) {
    internal::v1::PartnerPair& pair = *share.add_pairs();
    pair.set_first(std::move(names.first));
    pair.set_second(std::move(names.second));
    pair.set_incidents(incidents);
  }
}

void FillShare(const Statistics::Borne& borne, internal::v1::CampaignShare& share) {
  share.set_incidents(borne.incidents.distinct());
  share.set_reports(borne.reports);
  borne.partners.ForEach([&](const std::string& partner, uint32_t incidents) {
    internal::v1::PartnerCount& count = *share.add_partners();
    count.set_partner(partner);
    count.set_incidents(incidents);
  });
  borne.countries.ForEach([&](const std::string& country, uint32_t incidents) {
    v1::CountryCount& count = *share.add_countries();
    count.set_country(country);
    count.set_incidents(incidents);
  });
  for (const auto& [currency, sum] : borne.losses) {
    v1::AmountTotal& loss = *share.add_losses();
    loss.set_currency(currency);
    loss.set_amount(sum.ToString());
  }
  FillPairs(borne, share);
}

}  // namespace

const Statistics& EvidenceOf(const Base& base, const Listing& listing) {
  return base.below != nullptr && IsBaseItself(base, listing) ? *base.below : listing.statistics;
}

const LinkNode* LinkNodeOf(const Base& base, const Listing& listing) {
  const Statistics& evidence = EvidenceOf(base, listing);
  if (!evidence.links()) return nullptr;
  const bool by_day = core::TypeOf(base.id) == v1::IDENTIFIER_TYPE_IP;
  auto node = base.nodes.find(by_day ? evidence.latest_linking_day() : 0);
  return node == base.nodes.end() ? nullptr : &node->second;
}

Assessment AssessListing(const Base& base, const Listing& listing, const Effects& effects,
                         const Weights& weights, Time now) {
  const LinkNode* link = LinkNodeOf(base, listing);
  // What an operator declared says nothing of others on the same base.
  const bool by_rule =
      link != nullptr && link->ties.facts().infrastructure == ties::Infrastructure::kByRule;
  return Assess(listing.type, EvidenceOf(base, listing),
                by_rule ? ties::Infrastructure::kByRule : ties::Infrastructure::kNo, now, weights,
                effects, base.options.policy);
}

bool IsOutdated(const Base& base, const Listing& listing, const Decisions& decisions, Time now) {
  if (EvidenceOf(base, listing).empty()) return false;
  const Effects effects = EffectsOf(base, listing, decisions, now);
  if (effects.bits != listing.effects) return true;
  if (!MayBeListed(base, listing, effects)) return listing.action != v1::ACTION_UNSPECIFIED;
  return AssessListing(base, listing, effects, decisions.weights(), now) != listing.assessment;
}

bool IsScopeOutdated(const Base& base, const Decisions& decisions, Time now) {
  return StandsForAll(base, decisions, now).empty() == base.stands_for_all;
}

void FinishNodes(Base& base, BaseStore& store) {
  for (auto it = base.nodes.begin(); it != base.nodes.end();) {
    LinkNode& link = it->second;
    if (base.whole && link.tally.empty()) {
      if (link.spilled) {
        for (const components::NodeKey& gone : link.ties.TakeChanged()) {
          base.erased_neighbours.emplace_back(it->first, gone);
        }
      }
      it = base.nodes.erase(it);
      continue;
    }
    const ties::Infrastructure infrastructure = link.ties.facts().infrastructure;
    if (std::exchange(link.infrastructure, infrastructure) != infrastructure) {
      store.Complete(base);
      base.whole_touched = true;
      for (auto& [id, listing] : base.listings) {
        if (LinkNodeOf(base, listing) == &link) TouchListing(base, listing);
      }
    }
    ++it;
  }
}

void FinishListings(Base& base, const Decisions& decisions, Time now, core::Place place,
                    const char* removed, core::State& state) {
  bool hosts_touched = false;
  for (const core::Id& id : base.touched_listings) {
    Listing& listing = base.listings.at(id);
    if (!listing.content_touched) continue;
    hosts_touched |= listing.type == v1::IDENTIFIER_TYPE_DOMAIN;
    if (IsBaseItself(base, listing)) continue;
    FinishListing(base, listing, decisions, now, place, removed);
    listing.content_touched = false;
  }
  if (core::TypeOf(base.id) != v1::IDENTIFIER_TYPE_DOMAIN) return;
  // What a registrable domain stands for depends on its hosts.
  const std::string domain(StandsForAll(base, decisions, now));
  const bool stood = std::exchange(base.stands_for_all, !domain.empty());
  if (base.stands_for_all) {
    if (base.below == nullptr) GatherBelow(base);
    ListingOf(base, base.id, v1::IDENTIFIER_TYPE_DOMAIN, domain, &state);
  } else {
    base.below.reset();
  }
  const auto found = base.listings.find(base.id);
  if (found == base.listings.end()) return;
  Listing& own = found->second;
  if (own.content_touched || stood != base.stands_for_all ||
      (base.stands_for_all && hosts_touched)) {
    TouchListing(base, own);
    FinishListing(base, own, decisions, now, place, removed);
  }
  own.content_touched = false;
}

void FillRecord(const Base& base, const Listing& listing, const core::IndicatorNamespace& ids,
                IndicatorRecord& record) {
  record.Clear();
  record.set_format(core::kRecordFormat);
  record.set_place(listing.unsent);
  record.set_identifier_id(listing.id.Bytes());
  record.set_base_id(base.id.Bytes());
  record.set_peak_action(listing.peak_action);
  record.set_least_tlp(listing.least_tlp);
  record.set_epoch(listing.epoch);
  const std::string indicator_id = ids.IndicatorId(listing.type, listing.value, listing.epoch);
  if (listing.action == v1::ACTION_UNSPECIFIED) {
    internal::v1::Removed& removed = *record.mutable_removed();
    removed.set_indicator_id(indicator_id);
    removed.set_type(listing.type);
    removed.set_value(listing.value);
    removed.set_reason(listing.removal_reason == nullptr ? "retracted" : listing.removal_reason);
    removed.set_revision(listing.revision);
    removed.set_removed_at(listing.action_since);
    return;
  }
  FillIndicator(base, listing, *record.mutable_indicator());
  record.mutable_indicator()->set_indicator_id(indicator_id);
  if (const LinkNode* link = LinkNodeOf(base, listing)) {
    record.set_labelled(true);
    record.set_node_day(link->key.day);
  }
  FillShare(listing.statistics.borne(), *record.mutable_share());
  EvidenceOf(base, listing).impersonated().ForEach([&](const std::string& brand, uint32_t) {
    record.add_impersonated(brand);
  });
}

bool IsRemembered(const Listing& listing) { return listing.epoch > 0 || listing.fallen; }

}  // namespace ringfence::cluster
