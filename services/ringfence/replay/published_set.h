#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/campaigns/read_model.h"
#include "pipelines/core/memory_state.h"
#include "ringfence/v1/indicator.pb.h"

namespace ringfence::replay {

// The set at the end of a replay, by the read model that publish serves from, on a state in memory.
class PublishedSet {
 public:
  struct Contents {
    // By (type number, value), with their campaigns' ids.
    std::vector<v1::Indicator> indicators;
    // By id.
    std::vector<v1::Campaign> campaigns;
  };

  // The next record of a partition of `indicators`.
  void Apply(uint32_t partition, std::string_view key, std::string_view value);

  // The first error that a record met: kDataLoss, kFailedPrecondition.
  absl::StatusOr<Contents> Finish(const campaigns::NamingKey& key);

 private:
  core::MemoryState state_;
  campaigns::ReadModel model_{state_};
  std::map<uint32_t, int64_t> next_offset_;
  absl::Status status_;
};

}  // namespace ringfence::replay
