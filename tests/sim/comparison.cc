#include "tests/sim/comparison.h"

#include <map>
#include <utility>

#include "fmt/format.h"
#include "pipelines/core/id.h"
#include "pipelines/core/referral_key.h"
#include "pipelines/dedupe/explain.h"
#include "pipelines/dedupe/verdicts.h"
#include "tests/oracle/incidents.h"

namespace ringfence::sim {

std::string CompareIncidents(const oracle::World& world, const std::vector<core::State*>& dedupe) {
  for (const auto& [name, representative] : world.representatives) {
    const core::Id report = core::ReportKey(name.first, name.second);
    const uint32_t partition = core::PartitionOf(report, static_cast<uint32_t>(dedupe.size()));
    auto explained = dedupe::Explain(*dedupe[partition], report);
    if (!explained.ok()) return std::string(explained.status().message());
    const core::Id expected = core::ReportKey(representative.first, representative.second);
    if (explained->incident == expected) continue;
    return fmt::format("{} {}: its incident is {:x}, expected {:x} of {} {}", name.first,
                       name.second, explained->incident.hi, expected.hi, representative.first,
                       representative.second);
  }
  return "";
}

std::string CompareWithheld(const oracle::World& world, const std::vector<core::State*>& dedupe) {
  std::map<std::string, std::pair<uint64_t, uint64_t>> listed;
  for (core::State* state : dedupe) {
    for (const dedupe::HeldReports& held : dedupe::ListHeld(*state)) {
      listed[held.partner].first += held.waiting;
      listed[held.partner].second += held.dropped;
    }
  }
  return listed == oracle::Withheld(world) ? "" : "held reports are not listed as they are";
}

std::string CompareCompacted(const IndicatorsTopic& topic, uint32_t partitions,
                             const oracle::Published& published) {
  Reader fresh;
  for (uint32_t partition = 0; partition < partitions; ++partition) {
    for (const auto& [key, value] : topic.Compacted(partition)) {
      const absl::Status status = fresh.Read(partition, key, value);
      if (!status.ok()) return std::string(status.message());
    }
  }
  const std::string wrong = oracle::Difference(published, fresh.Published());
  return wrong.empty() ? "" : "after compaction: " + wrong;
}

std::string FindLeftovers(const IndicatorsTopic& topic, const std::vector<core::State*>& cluster,
                          Reader& reader) {
  for (uint32_t partition = 0; partition < cluster.size(); ++partition) {
    for (const auto& [key, value] : topic.Compacted(partition)) {
      if (key.size() == 1 || core::IsReferralKey(key)) continue;
      internal::v1::IndicatorRecord record;
      record.ParseFromString(value);
      return "still in the topic: " + record.ShortDebugString();
    }
    std::string left;
    for (const char* table : {"r", "x"}) {
      cluster[partition]->Scan(table, std::string(1, static_cast<char>(*table + 1)),
                               [&](std::string_view key, std::string_view) {
                                 left = key;
                                 return false;
                               });
    }
    if (!left.empty()) return fmt::format("cluster/{} still waits for a key", partition);
  }
  if (!reader.Published().indicators.empty()) return "an indicator is in the set for ever";
  const size_t held = reader.HeldOfWhatIsGone();
  return held == 0 ? "" : fmt::format("the read model still holds {} that are gone", held);
}

}  // namespace ringfence::sim
