#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/core/place.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/indicator.pb.h"

namespace ringfence::replay {

// The set at the end of a replay: what the records of `indicators` say last of each identifier, and
// the campaigns that follow from it, computed once. In memory.
class PublishedSet {
 public:
  struct Contents {
    // By (type number, value), with their campaigns' ids.
    std::vector<v1::Indicator> indicators;
    // By id.
    std::vector<v1::Campaign> campaigns;
  };

  // A record at a lower place than one of its key before does nothing.
  void Apply(std::string_view key, std::string_view value);

  // kDataLoss where a record could not be read.
  absl::StatusOr<Contents> Finish(const campaigns::NamingKey& key) const;

 private:
  struct Held {
    core::Place place = 0;
    std::string record;
  };
  std::unordered_map<std::string, Held> held_;
  bool damaged_ = false;
};

}  // namespace ringfence::replay
