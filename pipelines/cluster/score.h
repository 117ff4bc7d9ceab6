#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "pipelines/cluster/overrides.h"
#include "pipelines/cluster/statistics.h"
#include "pipelines/cluster/weights.h"
#include "pipelines/identifiers/policy.h"
#include "pipelines/identifiers/policy_values.h"
#include "pipelines/ties/rules.h"
#include "ringfence/v1/indicator.pb.h"

namespace ringfence::cluster {

// What one organisation says of an identifier: its weight, and its distinct incidents that count.
struct Word {
  double weight = identifiers::kDefaultWeight;
  uint32_t incidents = 0;
  auto operator<=>(const Word&) const = default;
};

// 0-1000: round(1000 * (1 - product over organisations of (1 - w * (1 - 2^-n)))), n an
// organisation's distinct incidents that count. One organisation alone stays below 500 with w =
// 0.5. The order does not matter.
uint32_t Score(std::vector<Word> words);

struct Assessment {
  v1::Action action = v1::ACTION_UNSPECIFIED;
  uint32_t score = 0;
  bool shared_infrastructure = false;
  // It leaves the set so long after it was last seen.
  core::Time span = 0;
  // Stable machine words of the rules that fired, sorted; ops/rules.md lists them.
  std::vector<std::string_view> rules;
  bool operator==(const Assessment&) const = default;
};

// What the live evidence allows, at `now`: score and quorum, then the ceilings of type, standing,
// age, naming, of what `infrastructure` says of its link node, and of operators' decisions. Of
// organisations without weight nothing counts. The statistics must be live.
Assessment Assess(v1::IdentifierType type, const Statistics& statistics,
                  ties::Infrastructure infrastructure, core::Time now,
                  const Weights& weights = Weights(), const Effects& effects = Effects(),
                  const identifiers::PolicyValues& policy = identifiers::PolicyValues());

// What an action asks for, before ceilings, and how much of it there is.
struct Need {
  // "score", "organisations", "incidents", "organisations_with_two_incidents".
  std::string_view what;
  uint32_t needed = 0;
  uint32_t has = 0;
  bool operator==(const Need&) const = default;
};
struct Standing {
  uint32_t score = 0;
  // What score and quorum give, before ceilings.
  v1::Action action = v1::ACTION_UNSPECIFIED;
  // What is missing for CHALLENGE, and for BLOCK; empty where nothing is.
  std::vector<Need> missing_for_challenge;
  std::vector<Need> missing_for_block;
};
// For people: why an identifier stands where it does, with what Assess goes by.
Standing StandingOf(const Statistics& statistics, const Weights& weights,
                    const identifiers::PolicyValues& policy = identifiers::PolicyValues());

// The number under which a rule is stored, and the rule; empty for a number that is none.
uint32_t NumberOfRule(std::string_view rule);
std::string_view RuleOfNumber(uint32_t number);

}  // namespace ringfence::cluster
