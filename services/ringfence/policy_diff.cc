#include "services/ringfence/policy_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "pipelines/core/envelope.h"
#include "pipelines/identifiers/normalise.h"
#include "ringfence/internal/v1/state.pb.h"
#include "services/dedupe/dedupe_stage.h"
#include "services/ringfence/data_log.h"
#include "services/ringfence/replay/memory_pipeline.h"
#include "services/ringfence/replay/published_set.h"
#include "services/ringfence/words.h"
#include "services/runtime/clock.h"
#include "services/runtime/keys/key_files.h"
#include "services/runtime/rocks/rocks_state.h"
#include "services/runtime/stage_kind.h"

namespace ringfence::cli {
namespace {

using internal::v1::DecisionRecord;
using internal::v1::ReportRevision;

constexpr size_t kRecordsMax = 1'000;
constexpr size_t kBytesMax = size_t{8} << 20;
constexpr size_t kReportsAtOnce = 500;

absl::StatusOr<std::vector<DecisionRecord>> ReadDecisions(runtime::Log& log) {
  const runtime::TopicPartition topic{std::string(runtime::kOverridesTopic), 0};
  std::vector<DecisionRecord> decisions;
  int64_t next = 0;
  while (true) {
    const auto records = log.Read(topic, next, kRecordsMax, kBytesMax);
    if (!records.ok()) return records.status();
    if (records->empty()) return decisions;
    for (const runtime::LogRecord& record : *records) {
      DecisionRecord decision;
      if (record.value.empty() || !decision.ParseFromString(record.value)) continue;
      const uint64_t place = static_cast<uint64_t>(record.offset) + 1;
      if (decision.has_override_news()) decision.mutable_override_news()->set_place(place);
      if (decision.has_partner_retraction()) {
        decision.mutable_partner_retraction()->set_place(place);
      }
      if (decision.has_organisations()) decision.mutable_organisations()->set_place(place);
      if (decision.has_policy()) decision.mutable_policy()->set_place(place);
      if (decision.has_held_decision()) decision.mutable_held_decision()->set_place(place);
      decisions.push_back(std::move(decision));
    }
    next = records->back().offset + 1;
  }
}

absl::Status ReadReports(runtime::RocksState& state, HeldData& data) {
  data.as_of = std::max(data.as_of, core::StageClock(state).now());
  internal::v1::StoredReport stored;
  state.Scan("r", "s", [&](std::string_view, std::string_view value) {
    if (!stored.ParseFromArray(value.data(), static_cast<int>(value.size()))) return true;
    ReportRevision revision;
    if (!stored.retracted() && revision.ParseFromString(stored.content())) {
      data.reports.push_back(std::move(revision));
    }
    return true;
  });
  return state.read_error();
}

using Key = std::pair<int, std::string>;
Key KeyOf(const v1::Indicator& indicator) { return {indicator.type(), indicator.value()}; }

// For each campaign of `of` in how many campaigns of `in` its indicators are; 1 at least. Those
// that are in none any more say nothing of how they hang together.
std::vector<PolicyDifference::Campaign> InSeveral(const PublishedData& of,
                                                  const PublishedData& in) {
  std::map<Key, std::string> campaign_in;
  for (const v1::Indicator& indicator : in.indicators) {
    campaign_in[KeyOf(indicator)] = indicator.campaign_id();
  }
  std::map<std::string, std::set<std::string>> parts;
  std::map<std::string, uint32_t> alone;
  for (const v1::Indicator& indicator : of.indicators) {
    if (indicator.campaign_id().empty()) continue;
    const auto found = campaign_in.find(KeyOf(indicator));
    if (found == campaign_in.end()) continue;
    if (found->second.empty()) {
      ++alone[indicator.campaign_id()];
    } else {
      parts[indicator.campaign_id()].insert(found->second);
    }
  }
  std::vector<PolicyDifference::Campaign> several;
  for (const v1::Campaign& campaign : of.campaigns) {
    const std::string& id = campaign.campaign_id();
    const auto count = static_cast<uint32_t>(parts[id].size()) + alone[id];
    if (count > 1) several.push_back({id, count});
  }
  return several;
}

std::string ChangesText(const char* what, const std::vector<PolicyDifference::Change>& changes,
                        size_t max) {
  const auto word = [](v1::Action action) {
    return action == v1::ACTION_UNSPECIFIED ? std::string("not in the set") : ActionWord(action);
  };
  std::string text = fmt::format("{:<10}{}\n", what, CountWord(changes.size()));
  for (size_t i = 0; i < std::min(max, changes.size()); ++i) {
    text +=
        fmt::format("  {} {}: {} -> {}\n", TypeWord(changes[i].type), Printable(changes[i].value),
                    word(changes[i].before), word(changes[i].after));
  }
  return text;
}

std::string CampaignsText(const char* what, const char* how,
                          const std::vector<PolicyDifference::Campaign>& campaigns, size_t max) {
  std::string text = fmt::format("{:<10}{}\n", what, CountWord(campaigns.size()));
  for (size_t i = 0; i < std::min(max, campaigns.size()); ++i) {
    text +=
        fmt::format("  {} {} {}\n", Printable(campaigns[i].campaign_id), how, campaigns[i].parts);
  }
  return text;
}

}  // namespace

absl::StatusOr<HeldData> ReadHeldData(const std::string& dir) {
  const auto memory = runtime::MakeRocksMemory({});
  const auto log = OpenDataLog(dir, memory);
  if (!log.ok()) return log.status();
  HeldData data;
  const absl::StatusOr<runtime::Keys> keys =
      runtime::ReadOrMakeKeys(dir + "/keys", runtime::Missing::kRefuse);
  if (!keys.ok()) return keys.status();
  data.naming_key = keys->naming;
  const absl::StatusOr<int32_t> partitions = (*log)->Partitions(std::string(runtime::kDedupeTopic));
  if (!partitions.ok()) return partitions.status();
  data.partitions = static_cast<uint32_t>(*partitions);
  auto decisions = ReadDecisions(**log);
  if (!decisions.ok()) return decisions.status();
  data.decisions = *std::move(decisions);
  runtime::StageSurroundings surroundings;
  surroundings.partitions = data.partitions;
  surroundings.state_folder = dir;
  surroundings.placement = identifiers::PlacementFingerprint();
  surroundings.memory = memory;
  surroundings.clock = runtime::SystemNow;
  for (uint32_t partition = 0; partition < data.partitions; ++partition) {
    const auto runner =
        runtime::RunnerOptions(dedupe_service::DedupeStage(), surroundings, partition);
    auto state = runtime::RocksState::Open(
        {.dir = runner.state_dir, .placement = surroundings.placement, .memory = memory});
    if (!state.ok()) return state.status();
    if (absl::Status status = ReadReports(**state, data); !status.ok()) return status;
    const absl::StatusOr<int64_t> end =
        (*log)->EndOffset({std::string(runtime::kDedupeTopic), static_cast<int32_t>(partition)});
    if (!end.ok()) return end.status();
    data.records_behind += *end - (*state)->NextOffset();
  }
  return data;
}

internal::v1::Policy PolicyOf(const HeldData& data) {
  internal::v1::Policy policy;
  for (const DecisionRecord& decision : data.decisions) {
    if (decision.has_policy()) policy = decision.policy().policy();
  }
  return policy;
}

absl::StatusOr<PublishedData> PublishWith(const HeldData& data,
                                          const internal::v1::Policy& policy) {
  replay::PublishedSet set;
  replay::MemoryPipeline pipeline(
      {.partitions = data.partitions},
      [&](uint32_t partition, std::string_view key, std::string_view value) {
        set.Apply(partition, key, value);
      });
  pipeline.Tick(data.as_of);
  for (const DecisionRecord& decision : data.decisions) {
    if (!decision.has_policy()) pipeline.Decide(decision);
  }
  DecisionRecord news;
  news.mutable_policy()->set_place(1);
  *news.mutable_policy()->mutable_policy() = policy;
  pipeline.Decide(news);
  size_t sent = 0;
  for (const ReportRevision& report : data.reports) {
    pipeline.Send(report);
    if (++sent % kReportsAtOnce != 0) continue;
    if (absl::Status status = pipeline.RunUntilQuiet(); !status.ok()) return status;
  }
  if (absl::Status status = pipeline.RunUntilQuiet(); !status.ok()) return status;
  auto contents = set.Finish(data.naming_key);
  if (!contents.ok()) return contents.status();
  return PublishedData{std::move(contents->indicators), std::move(contents->campaigns)};
}

PolicyDifference Difference(const PublishedData& before, const PublishedData& after) {
  std::map<Key, std::pair<v1::Action, v1::Action>> actions;
  for (const v1::Indicator& one : before.indicators) actions[KeyOf(one)].first = one.action();
  for (const v1::Indicator& one : after.indicators) actions[KeyOf(one)].second = one.action();
  PolicyDifference difference;
  for (const auto& [key, pair] : actions) {
    const auto& [was, is] = pair;
    if (was == is) continue;
    auto& changes = was == v1::ACTION_UNSPECIFIED  ? difference.appears
                    : is == v1::ACTION_UNSPECIFIED ? difference.vanishes
                    : is > was                     ? difference.rises
                                                   : difference.falls;
    changes.push_back({static_cast<v1::IdentifierType>(key.first), key.second, was, is});
  }
  difference.splits = InSeveral(before, after);
  difference.merges = InSeveral(after, before);
  return difference;
}

std::string DifferenceText(const PolicyDifference& difference, size_t max) {
  return ChangesText("rises", difference.rises, max) + ChangesText("falls", difference.falls, max) +
         ChangesText("appears", difference.appears, max) +
         ChangesText("vanishes", difference.vanishes, max) +
         CampaignsText("splits", "into", difference.splits, max) +
         CampaignsText("merges", "of", difference.merges, max);
}

}  // namespace ringfence::cli
