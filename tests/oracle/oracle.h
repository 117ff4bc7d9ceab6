#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "pipelines/ties/rules.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/indicator.pb.h"

// What must be published, computed from the reports in one go: no messages, no order of arrival, no
// state. Slow and plain, written from the design and the canonical forms alone and sharing nothing
// with the stages but ids, sums of amounts, the table of types and the numbers of the rule, so that
// the simulator and the end-to-end tests can hold the stages against it.
namespace ringfence::oracle {

// (partner, report id).
using ReportName = std::pair<std::string, std::string>;

// The deployment's key for campaign ids; a replay's is all zeros.
using NamingKey = std::array<uint8_t, 16>;

struct World {
  // What intake made of the records: in any order, repeated, with lower revisions and retractions.
  std::vector<internal::v1::ReportRevision> revisions;
  // The published set is that of this time.
  core::Time as_of = 0;
  // A report -> the representative of its incident. A report that is not in it, or whose
  // representative does not hold (retracted, never sent), is an incident of its own.
  std::map<ReportName, ReportName> representatives = {};
  NamingKey naming_key = {};
  // Numbers of the rule which edges count.
  ties::Rules rules = {};
  // Operators' decisions, in any order and repeated; of one thing that with the greatest place
  // holds.
  std::vector<internal::v1::OverrideNews> overrides = {};
  std::vector<internal::v1::PartnerRetraction> retractions = {};
  std::vector<internal::v1::Organisations> organisations = {};
  std::vector<internal::v1::HeldDecision> held_decisions = {};
  std::vector<internal::v1::PolicyNews> policies = {};
};

struct Published {
  // By (type number, value). What remembers the past is left empty: indicator_id, revision,
  // listed_at, action_since; so are the rules of the explanation.
  std::vector<v1::Indicator> indicators;
  // By campaign id. No related campaigns.
  std::vector<v1::Campaign> campaigns;
};

// Beyond a quota: by partner how many reports wait, and how many were dropped.
std::map<std::string, std::pair<uint64_t, uint64_t>> Withheld(const World& world);

// Cost grows with the reports, and with the square of the identifiers of one report.
Published Expected(const World& world);

// AES-128 of the oldest member's id, lower-case base32 without padding.
std::string CampaignId(const core::Id& oldest, const NamingKey& key);

// Leaves out what Published leaves out.
v1::Indicator WithoutPast(v1::Indicator indicator);

// What differs, one line a field, `expected` first; empty where they are equal.
std::string Difference(const Published& expected, const Published& actual);

}  // namespace ringfence::oracle
