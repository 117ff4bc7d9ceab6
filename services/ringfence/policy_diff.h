#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/decision.pb.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/internal/v1/policy.pb.h"
#include "ringfence/v1/indicator.pb.h"

namespace ringfence::cli {

// What a data directory holds that the set is made of.
struct HeldData {
  uint32_t partitions = 1;
  // By which it names its campaigns.
  campaigns::NamingKey naming_key = {};
  // The reports that dedupe holds, as of `as_of`.
  std::vector<internal::v1::ReportRevision> reports;
  core::Time as_of = 0;
  // Operators' decisions with their places, in order.
  std::vector<internal::v1::DecisionRecord> decisions;
  // Records of dedupe's mailbox that the state has not applied: it was not stopped cleanly.
  int64_t records_behind = 0;
};

// Of a directory that `ringfence serve` wrote and that no server uses. kUnavailable while one does,
// kNotFound where there is nothing.
absl::StatusOr<HeldData> ReadHeldData(const std::string& dir);
// The policy that holds by its decisions; the default where none was ever set.
internal::v1::Policy PolicyOf(const HeldData& data);

struct PublishedData {
  // By (type number, value).
  std::vector<v1::Indicator> indicators;
  std::vector<v1::Campaign> campaigns;
};
// What would be published of it by a policy: the stages in memory, until quiet.
absl::StatusOr<PublishedData> PublishWith(const HeldData& data, const internal::v1::Policy& policy);

struct PolicyDifference {
  struct Change {
    v1::IdentifierType type = v1::IDENTIFIER_TYPE_UNSPECIFIED;
    std::string value;
    // UNSPECIFIED: not in the set.
    v1::Action before = v1::ACTION_UNSPECIFIED;
    v1::Action after = v1::ACTION_UNSPECIFIED;
  };
  // By (type number, value).
  std::vector<Change> rises;
  std::vector<Change> falls;
  std::vector<Change> appears;
  std::vector<Change> vanishes;
  // Campaigns whose indicators are no longer in one campaign, and those that have indicators of
  // several, each with how many.
  struct Campaign {
    std::string campaign_id;
    uint32_t parts = 0;
  };
  std::vector<Campaign> splits;
  std::vector<Campaign> merges;
};
PolicyDifference Difference(const PublishedData& before, const PublishedData& after);

// For people; at most `max` of each kind.
std::string DifferenceText(const PolicyDifference& difference, size_t max);

}  // namespace ringfence::cli
