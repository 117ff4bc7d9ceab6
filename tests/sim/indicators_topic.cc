#include "tests/sim/indicators_topic.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "pipelines/core/recheck.h"
#include "pipelines/core/stage.h"

namespace ringfence::sim {

void IndicatorsTopic::Append(uint32_t partition, std::string key, std::string value, bool of_two,
                             core::Time now) {
  times_[partition].push_back(now);
  if (of_two) of_two_[partition].insert(key);
  records_[partition].emplace_back(std::move(key), std::move(value));
}

std::optional<internal::v1::Envelope> IndicatorsTopic::Rechecks(uint32_t partition,
                                                                Random& random) const {
  const auto records = records_.find(partition);
  if (records == records_.end()) return std::nullopt;
  internal::v1::Envelope envelope;
  envelope.set_format(core::kEnvelopeFormat);
  const bool all = random.Chance(0.5);
  for (const auto& [key, value] : records->second) {
    if (!all && random.Chance(0.9)) continue;
    if (auto recheck = core::RecheckOf(key, value)) *envelope.add_rechecks() = *std::move(recheck);
  }
  if (envelope.rechecks().empty()) return std::nullopt;
  return envelope;
}

IndicatorsTopic::Records IndicatorsTopic::Late(uint32_t partition, core::Time since,
                                               Random& random) const {
  const auto records = records_.find(partition);
  if (records == records_.end()) return {};
  const std::vector<core::Time>& times = times_.at(partition);
  const auto first = std::lower_bound(times.begin(), times.end(), since) - times.begin();
  const auto begin = first + random.Between(0, std::ssize(times) - first);
  const auto end = begin + random.Between(0, std::ssize(times) - begin);
  return {records->second.begin() + begin, records->second.begin() + end};
}

IndicatorsTopic::Records IndicatorsTopic::Compacted(uint32_t partition) const {
  Records compacted;
  const auto records = records_.find(partition);
  if (records == records_.end()) return compacted;
  std::map<std::string_view, size_t> last;
  for (size_t i = 0; i < records->second.size(); ++i) last[records->second[i].first] = i;
  for (size_t i = 0; i < records->second.size(); ++i) {
    const auto& record = records->second[i];
    if (last.at(record.first) == i && !record.second.empty()) compacted.push_back(record);
  }
  return compacted;
}

internal::v1::Envelope IndicatorsTopic::LastRechecks(uint32_t partition) const {
  internal::v1::Envelope envelope;
  envelope.set_format(core::kEnvelopeFormat);
  const auto keys = of_two_.find(partition);
  if (keys == of_two_.end()) return envelope;
  std::map<std::string_view, std::string_view> last;
  for (const auto& [key, value] : records_.at(partition)) last[key] = value;
  for (const std::string& key : keys->second) {
    if (auto recheck = core::RecheckOf(key, last.at(key))) {
      *envelope.add_rechecks() = *std::move(recheck);
    }
  }
  return envelope;
}

}  // namespace ringfence::sim
