#include "pipelines/cluster/score.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "absl/container/btree_set.h"
#include "pipelines/identifiers/policy.h"

namespace ringfence::cluster {
namespace {

using identifiers::PolicyOf;
using identifiers::PolicyValues;
using identifiers::TypePolicy;

// By the numbers under which they are stored: only ever added to.
constexpr std::string_view kRules[] = {
    "basis.feed_only",
    "ceiling.custodian_unconfirmed",
    "ceiling.few_urls",
    "ceiling.ip",
    "ceiling.phone_not_seen_lately",
    "ceiling.sender_id",
    "ceiling.untagged_wallet",
    "hub.many_contacts",
    "hub.shared_infrastructure",
    "quorum.not_reached",
    "quorum.three_organisations",
    "quorum.two_organisations",
    "quorum.two_organisations_two_incidents_each",
    "role.caller_id_only",
    "role.spoofable_only",
    "list.appeal",
    "weight.canary",
    "weight.none",
    "custodian.confirmed",
    "ceiling.policy",
};

// No policy asks for more incidents of all organisations (policy.proto).
constexpr size_t kQuorumIncidentsMax = 1'000;

void CapAt(v1::Action ceiling, std::string_view rule, Assessment& assessment) {
  if (assessment.action <= ceiling) return;
  assessment.action = ceiling;
  assessment.rules.push_back(rule);
}

// What organisations of some weight say.
struct Voices {
  std::vector<Word> words;
  // Distinct incidents of all of them; where some have no weight, at least so many, and exactly
  // below kQuorumIncidentsMax.
  uint32_t incidents = 0;
};

Voices VoicesOf(const Statistics& statistics, const Weights& weights, Assessment& assessment) {
  Voices voices;
  bool all = true;
  bool canaries = false;
  for (const auto& [organisation, incidents] : statistics.incidents_by_organisation()) {
    const Weights::Weight weight = weights.Of(organisation);
    canaries = canaries || weight.canaries > 0;
    if (weight.value <= 0) {
      all = false;
    } else {
      voices.words.push_back({weight.value, incidents.distinct()});
    }
  }
  if (canaries) assessment.rules.push_back("weight.canary");
  if (all) {
    voices.incidents = statistics.incidents().distinct();
    return voices;
  }
  assessment.rules.push_back("weight.none");
  // Those of all organisations would be gone through for each report that names a hub.
  absl::btree_set<core::Id> distinct;
  for (const auto& [organisation, incidents] : statistics.incidents_by_organisation()) {
    if (distinct.size() >= kQuorumIncidentsMax) break;
    if (weights.Of(organisation).value <= 0) continue;
    incidents.ForEach([&](const core::Id& incident, uint32_t) { distinct.insert(incident); },
                      kQuorumIncidentsMax);
  }
  voices.incidents = static_cast<uint32_t>(distinct.size());
  return voices;
}

// Organisations that say enough each to make a BLOCK with fewer of them.
uint32_t WithEnough(const Voices& voices, const PolicyValues& policy) {
  const auto has_enough = [&](const Word& word) {
    return word.incidents >= policy.block_incidents_each;
  };
  return static_cast<uint32_t>(std::count_if(voices.words.begin(), voices.words.end(), has_enough));
}

// With the compiled policy: two organisations and two incidents; for BLOCK three organisations, or
// two with two incidents each.
v1::Action ByQuorum(const Voices& voices, const PolicyValues& policy, Assessment& assessment) {
  const auto organisations = voices.words.size();
  if (organisations < policy.challenge_organisations ||
      voices.incidents < policy.challenge_incidents || assessment.score < policy.challenge_score) {
    return v1::ACTION_MONITOR;
  }
  const bool many = organisations >= policy.block_organisations;
  if (assessment.score >= policy.block_score &&
      (many || WithEnough(voices, policy) >= policy.challenge_organisations)) {
    assessment.rules.push_back(many ? "quorum.three_organisations"
                                    : "quorum.two_organisations_two_incidents_each");
    return v1::ACTION_BLOCK;
  }
  assessment.rules.push_back("quorum.two_organisations");
  return v1::ACTION_CHALLENGE;
}

void ExplainMonitor(const Statistics& statistics, Assessment& assessment) {
  if (statistics.unspoofable() == 0) {
    const auto& roles = statistics.by_role();
    const bool caller_id =
        roles.size() == 1 && roles.begin()->first == v1::IDENTIFIER_ROLE_CALLER_ID;
    assessment.rules.push_back(caller_id ? "role.caller_id_only" : "role.spoofable_only");
  } else if (statistics.incidents().empty()) {
    assessment.rules.push_back("basis.feed_only");
  } else {
    assessment.rules.push_back("quorum.not_reached");
  }
}

bool HasStanding(const Statistics& statistics, internal::v1::Standing standing) {
  bool has = false;
  statistics.standings().ForEach([&](int each, uint32_t) { has = has || each == standing; });
  return has;
}

// By a list's or an operator's word it is nobody's to stop; what only looks like it may as well be
// a fraudster's busiest wallet.
void ApplyInfrastructure(const Statistics& statistics, ties::Infrastructure infrastructure,
                         Assessment& assessment) {
  const bool declared = infrastructure == ties::Infrastructure::kDeclared ||
                        HasStanding(statistics, internal::v1::STANDING_SHARED_HOST);
  if (!declared && infrastructure == ties::Infrastructure::kNo) return;
  assessment.shared_infrastructure = true;
  assessment.rules.push_back(declared ? "hub.shared_infrastructure" : "hub.many_contacts");
  assessment.action =
      std::min(assessment.action, declared ? v1::ACTION_MONITOR : v1::ACTION_CHALLENGE);
}

void ApplyCeilings(v1::IdentifierType type, const Statistics& statistics,
                   ties::Infrastructure infrastructure, core::Time now, bool confirmed,
                   const PolicyValues& values, Assessment& assessment) {
  ApplyInfrastructure(statistics, infrastructure, assessment);
  if (HasStanding(statistics, internal::v1::STANDING_UNTAGGED_WALLET)) {
    CapAt(v1::ACTION_MONITOR, "ceiling.untagged_wallet", assessment);
  }
  const TypePolicy& policy = PolicyOf(type);
  const bool waits_for_custodian = policy.ceiling_rule == identifiers::kCustodianRule;
  if (!waits_for_custodian || !confirmed) {
    CapAt(policy.ceiling, policy.ceiling_rule, assessment);
    CapAt(values.CeilingOf(type), "ceiling.policy", assessment);
  } else if (assessment.action > values.CeilingOf(type)) {
    assessment.rules.push_back("custodian.confirmed");
  }
  // What a feed, an echo or a display of the number says must not keep it blocked, nor lift a
  // ceiling.
  if (type == v1::IDENTIFIER_TYPE_PHONE && !statistics.incidents().empty() &&
      statistics.phone_last_counted() + values.phone_block_span <= now) {
    CapAt(v1::ACTION_CHALLENGE, "ceiling.phone_not_seen_lately", assessment);
  }
  if (type == v1::IDENTIFIER_TYPE_DOMAIN && statistics.named_itself() == 0 &&
      statistics.via_urls().distinct() < values.urls_for_block) {
    CapAt(v1::ACTION_CHALLENGE, "ceiling.few_urls", assessment);
  }
}

}  // namespace

uint32_t Score(std::vector<Word> words) {
  // In one order, so that the rounding of the product is the same everywhere.
  std::sort(words.begin(), words.end());
  double doubt = 1;
  for (const Word& word : words) {
    doubt *= 1 - word.weight * (1 - std::exp2(-static_cast<double>(word.incidents)));
  }
  return static_cast<uint32_t>(std::lround(1000 * (1 - doubt)));
}

Assessment Assess(v1::IdentifierType type, const Statistics& statistics,
                  ties::Infrastructure infrastructure, core::Time now, const Weights& weights,
                  const Effects& effects, const PolicyValues& policy) {
  Assessment assessment;
  assessment.span = policy.SpanOf(type);
  const Voices voices = VoicesOf(statistics, weights, assessment);
  assessment.score = Score(voices.words);
  assessment.action = ByQuorum(voices, policy, assessment);
  if (assessment.action == v1::ACTION_MONITOR) ExplainMonitor(statistics, assessment);
  if (effects.Has(Effects::kShared)) infrastructure = ties::Infrastructure::kDeclared;
  ApplyCeilings(type, statistics, infrastructure, now, effects.Has(Effects::kConfirmed), policy,
                assessment);
  if (effects.Has(Effects::kAppeal)) {
    assessment.action = std::min(assessment.action, v1::ACTION_MONITOR);
    assessment.rules.push_back("list.appeal");
  }
  std::sort(assessment.rules.begin(), assessment.rules.end());
  return assessment;
}

Standing StandingOf(const Statistics& statistics, const Weights& weights,
                    const PolicyValues& policy) {
  Assessment assessment;
  const Voices voices = VoicesOf(statistics, weights, assessment);
  Standing standing;
  standing.score = assessment.score = Score(voices.words);
  standing.action = ByQuorum(voices, policy, assessment);
  const auto organisations = static_cast<uint32_t>(voices.words.size());
  const auto ask = [](std::vector<Need>& missing, Need need) {
    if (need.has < need.needed) missing.push_back(need);
  };
  for (auto* missing : {&standing.missing_for_challenge, &standing.missing_for_block}) {
    const bool block = missing == &standing.missing_for_block;
    ask(*missing, {"score", block ? policy.block_score : policy.challenge_score, standing.score});
    ask(*missing, {"organisations", policy.challenge_organisations, organisations});
    ask(*missing, {"incidents", policy.challenge_incidents, voices.incidents});
    // Or another organisation.
    if (block && organisations < policy.block_organisations) {
      ask(*missing, {"organisations_with_two_incidents", policy.challenge_organisations,
                     WithEnough(voices, policy)});
    }
  }
  return standing;
}

uint32_t NumberOfRule(std::string_view rule) {
  const auto found = std::find(std::begin(kRules), std::end(kRules), rule);
  return static_cast<uint32_t>(found - std::begin(kRules));
}

std::string_view RuleOfNumber(uint32_t number) {
  return number < std::size(kRules) ? kRules[number] : std::string_view();
}

}  // namespace ringfence::cluster
