#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/cluster/explain.h"
#include "ringfence/v1/admin_service.pb.h"
#include "services/publish/admin_service.h"
#include "services/publish/console/campaign_ties.h"
#include "services/publish/console/keeper.h"
#include "services/publish/decision_book.h"
#include "services/publish/explain/indicator_explanation.h"
#include "services/publish/indicator_service.h"
#include "services/publish/publisher.h"

namespace ringfence::publish {

// The answers to ExplainIndicator and ExplainCampaign, for who looks into the set: what it says,
// what operators decided, and, where this process runs cluster, what its states know. Thread-safe.
class Explanations {
 public:
  // As cluster::Explain, of the partition that the base is in.
  using ExplainListing = std::function<absl::StatusOr<cluster::ListingExplanation>(
      const core::Id& base, v1::IdentifierType type, const std::string& value)>;
  struct Options {
    // Null where this process does not run cluster.
    ExplainListing listing;
    ListedOn listed_on;
    TiesOf ties;
  };

  // All must outlive it; `decisions` may be null.
  Explanations(Options options, const Publisher& publisher, const DecisionBook* decisions)
      : options_(std::move(options)), publisher_(publisher), decisions_(decisions) {}

  // Nothing above the viewer's clearance, nor of types that it is not given. kInvalidArgument names
  // the field, and never quotes a value; kNotFound where nothing is known; kUnavailable while the
  // set is not complete.
  absl::StatusOr<v1::ExplainIndicatorResponse> Indicator(const v1::ExplainIndicatorRequest& request,
                                                         const Viewer& viewer) const;
  absl::StatusOr<v1::ExplainCampaignResponse> Campaign(const v1::ExplainCampaignRequest& request,
                                                       const Viewer& viewer) const;
  // Ids of the campaigns that the campaign has ties to which join nothing, those with most first,
  // that `viewer` may see. Of large campaigns the first 2,000 members are asked. None where nothing
  // is known of ties. May be a few seconds old.
  std::vector<std::string> Related(const std::string& campaign_id, const Viewer& viewer) const;

  // For AdminService and IndicatorService, which it must outlive.
  AdminService::Explanations ForService() const;
  IndicatorService::Related RelatedForService() const;

 private:
  const Options options_;
  const Publisher& publisher_;
  const DecisionBook* const decisions_;
  // By campaign and clearance.
  mutable Keeper<std::string, std::vector<std::string>> related_{64};
};

}  // namespace ringfence::publish
