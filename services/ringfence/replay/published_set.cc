#include "services/ringfence/replay/published_set.h"

#include "pipelines/campaigns/read_view.h"

namespace ringfence::replay {

void PublishedSet::Apply(uint32_t partition, std::string_view key, std::string_view value) {
  const int64_t offset = next_offset_[partition]++;
  status_.Update(model_.Apply(static_cast<int32_t>(partition), offset, key, value).status());
}

absl::StatusOr<PublishedSet::Contents> PublishedSet::Finish(const campaigns::NamingKey& key) {
  if (!status_.ok()) return status_;
  model_.EndBatch();
  const campaigns::CampaignNames names(key);
  campaigns::ReadView view(state_, names);
  return Contents{view.AllIndicators(), view.AllCampaigns()};
}

}  // namespace ringfence::replay
