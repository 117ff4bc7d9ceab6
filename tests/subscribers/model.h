#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pipelines/campaigns/history_testing.h"
#include "pipelines/campaigns/record_testing.h"
#include "pipelines/core/time.h"
#include "services/publish/cursor.h"
#include "services/publish/filter.h"

namespace ringfence::subscribers {

inline constexpr int32_t kPartitions = 3;

// What the records of a history say, kept whole and in order, so that the set can be told as of any
// offsets; and the chance of which records are made. Written from what records mean, and shares
// nothing with the read model.
class Model {
 public:
  explicit Model(uint64_t seed) : history_(seed, /*values=*/24, /*removals=*/4) {}

  uint32_t Below(uint32_t bound) { return history_.Below(bound); }
  bool OneIn(uint32_t n) { return history_.OneIn(n); }

  // The next record of some value, as cluster would send it.
  internal::v1::IndicatorRecord Next(int32_t& partition);
  // All partitions' time goes on: by then removals from long before may be forgotten.
  internal::v1::IndicatorRecord NextMark();
  // It was appended there.
  void Appended(int32_t partition, int64_t offset, const internal::v1::IndicatorRecord& record) {
    records_[static_cast<size_t>(partition)].emplace_back(offset, record);
  }

  // The set that comes through the filter, of all records before these offsets, by indicator id.
  std::map<std::string, v1::Indicator> SetAt(const publish::Offsets& offsets,
                                             const publish::Filter& filter) const;
  // Can anybody with the filter ever have been told of the value?
  bool MayKnow(const std::string& value, const publish::Filter& filter) const;

 private:
  campaigns::RandomHistory history_;
  core::Time now_ = campaigns::kNow;
  std::vector<std::pair<int64_t, internal::v1::IndicatorRecord>> records_[kPartitions];
};

}  // namespace ringfence::subscribers
