#include "pipelines/cluster/score.h"

#include <algorithm>
#include <cmath>

#include "pipelines/identifiers/policy.h"

namespace ringfence::cluster {
namespace {

using identifiers::PolicyOf;
using identifiers::TypePolicy;

void CapAt(v1::Action ceiling, std::string_view rule, Assessment& assessment) {
  if (assessment.action <= ceiling) return;
  assessment.action = ceiling;
  assessment.rules.push_back(rule);
}

// Two organisations and two incidents; for BLOCK three organisations, or two with two incidents
// each.
v1::Action ByQuorum(const std::vector<uint32_t>& counts, uint32_t incidents,
                    Assessment& assessment) {
  const auto organisations = counts.size();
  if (organisations < 2 || incidents < 2 || assessment.score < identifiers::kChallengeScore) {
    return v1::ACTION_MONITOR;
  }
  const auto with_two =
      std::count_if(counts.begin(), counts.end(), [](uint32_t n) { return n >= 2; });
  if (assessment.score >= identifiers::kBlockScore && (organisations >= 3 || with_two >= 2)) {
    assessment.rules.push_back(organisations >= 3 ? "quorum.three_organisations"
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
  return std::any_of(statistics.standings().begin(), statistics.standings().end(),
                     [&](const auto& count) { return count.first == standing; });
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
                   ties::Infrastructure infrastructure, core::Time now, Assessment& assessment) {
  ApplyInfrastructure(statistics, infrastructure, assessment);
  if (HasStanding(statistics, internal::v1::STANDING_UNTAGGED_WALLET)) {
    CapAt(v1::ACTION_MONITOR, "ceiling.untagged_wallet", assessment);
  }
  const TypePolicy& policy = PolicyOf(type);
  CapAt(policy.ceiling, policy.ceiling_rule, assessment);
  if (type == v1::IDENTIFIER_TYPE_PHONE &&
      statistics.last_seen() + identifiers::kPhoneBlockSpan <= now) {
    CapAt(v1::ACTION_CHALLENGE, "ceiling.phone_not_seen_lately", assessment);
  }
  if (type == v1::IDENTIFIER_TYPE_DOMAIN && statistics.named_itself() == 0 &&
      statistics.via_urls().distinct() < identifiers::kUrlsForBlock) {
    CapAt(v1::ACTION_CHALLENGE, "ceiling.few_urls", assessment);
  }
}

}  // namespace

uint32_t Score(std::vector<uint32_t> incidents_of_organisations) {
  // In one order, so that the rounding of the product is the same everywhere.
  std::sort(incidents_of_organisations.begin(), incidents_of_organisations.end());
  double doubt = 1;
  for (uint32_t n : incidents_of_organisations) {
    doubt *= 1 - identifiers::kDefaultWeight * (1 - std::exp2(-static_cast<double>(n)));
  }
  return static_cast<uint32_t>(std::lround(1000 * (1 - doubt)));
}

Assessment Assess(v1::IdentifierType type, const Statistics& statistics,
                  ties::Infrastructure infrastructure, core::Time now) {
  std::vector<uint32_t> counts;
  for (const auto& [organisation, incidents] : statistics.incidents_by_organisation()) {
    counts.push_back(incidents.distinct());
  }
  Assessment assessment;
  assessment.score = Score(counts);
  assessment.action = ByQuorum(counts, statistics.incidents().distinct(), assessment);
  if (assessment.action == v1::ACTION_MONITOR) ExplainMonitor(statistics, assessment);
  ApplyCeilings(type, statistics, infrastructure, now, assessment);
  std::sort(assessment.rules.begin(), assessment.rules.end());
  return assessment;
}

}  // namespace ringfence::cluster
