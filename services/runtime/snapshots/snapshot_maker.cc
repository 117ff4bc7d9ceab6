#include "services/runtime/snapshots/snapshot_maker.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "google/protobuf/util/time_util.h"
#include "pipelines/core/format.h"
#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"
#include "services/runtime/rocks/rocks_state.h"
#include "services/runtime/snapshots/files.h"

namespace ringfence::runtime {
namespace {

uint64_t BytesIn(const std::string& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    bytes += it->file_size(error);
  }
  return bytes;
}

bool IsOfLog(const StoredSnapshot& snapshot, const Log& log) {
  return snapshot.status.ok() && snapshot.manifest.log_incarnation() == log.Incarnation();
}

}  // namespace

SnapshotMaker::SnapshotMaker(const Options& options, Checkpoint checkpoint, SnapshotStore& store,
                             Log& log, Metrics& metrics)
    : options_(options),
      checkpoint_(std::move(checkpoint)),
      store_(store),
      log_(log),
      metrics_(metrics) {
  ReportNewest();
  if (options_.every.count() == 0) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

SnapshotMaker::~SnapshotMaker() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void SnapshotMaker::Run(const std::stop_token& stop) {
  // Partitions that were taken over together take turns.
  const auto share = options_.every * (options_.input.partition % 16) / 16;
  SleepUnlessStopped(stop, share);
  while (!stop.stop_requested()) {
    SleepUnlessStopped(stop, options_.every);
    if (!stop.stop_requested()) MakeNow(stop).IgnoreError();  // was logged
  }
}

absl::Status SnapshotMaker::MakeNow(const std::stop_token& stop) {
  RemoveFolder(options_.checkpoint_dir).IgnoreError();
  absl::Status status = Make(stop);
  RemoveFolder(options_.checkpoint_dir).IgnoreError();
  if (absl::IsCancelled(status)) return status;
  if (status.ok()) status = Prune();
  Count(status);
  return status;
}

absl::Status SnapshotMaker::Make(const std::stop_token& stop) {
  if (absl::Status status = checkpoint_(options_.checkpoint_dir); !status.ok()) return status;
  const absl::StatusOr<StateHeader> header = ReadStateHeader(options_.checkpoint_dir);
  if (!header.ok()) return header.status();
  if (absl::Status status = CheckRoom(); !status.ok()) return status;
  const core::Time now = options_.clock();
  SnapshotManifest manifest;
  manifest.set_state_format(header->format);
  manifest.set_deployment(options_.deployment);
  manifest.set_stage(options_.stage);
  manifest.set_partition(static_cast<uint32_t>(options_.input.partition));
  manifest.set_partitions(options_.partitions);
  manifest.set_offset(header->next_offset);
  manifest.set_log_incarnation(log_.Incarnation());
  manifest.set_made_at(google::protobuf::util::TimeUtil::ToString(core::ToProto(now)));
  const absl::StatusOr<SnapshotManifest> made =
      store_.Put(std::move(manifest), options_.checkpoint_dir, stop);
  if (!made.ok()) return made.status();
  ReportNewest();
  LogLine(LogLevel::kInfo, "snapshot was made",
          {{"stage", options_.stage},
           {"partition", int64_t{options_.input.partition}},
           {"offset", made->offset()}});
  return absl::OkStatus();
}

absl::Status SnapshotMaker::CheckRoom() const {
  const absl::StatusOr<uint64_t> free_bytes = store_.FreeBytes();
  if (!free_bytes.ok()) return free_bytes.status();
  const uint64_t wanted = BytesIn(options_.checkpoint_dir) + options_.free_bytes_min;
  if (*free_bytes >= wanted) return absl::OkStatus();
  return absl::ResourceExhaustedError("the snapshots' disk has " + std::to_string(*free_bytes) +
                                      " bytes free, " + std::to_string(wanted) + " are wanted");
}

absl::Status SnapshotMaker::Prune() {
  const auto partition = static_cast<uint32_t>(options_.input.partition);
  const absl::StatusOr<std::vector<StoredSnapshot>> snapshots =
      store_.List(SnapshotSeries(options_.stage, partition));
  if (!snapshots.ok()) return snapshots.status();
  const auto fits = [&](const StoredSnapshot& snapshot) { return IsOfLog(snapshot, log_); };
  const bool has_enough =
      std::count_if(snapshots->begin(), snapshots->end(), fits) >= options_.keep;
  int kept = 0;
  for (const StoredSnapshot& snapshot : *snapshots) {
    // One that cannot be read, or is of a log that was before this one, is no reason to keep fewer,
    // nor to be kept for ever.
    const bool stays = fits(snapshot) ? ++kept <= options_.keep : !has_enough;
    if (stays) continue;
    if (absl::Status status = store_.Remove(snapshot.id); !status.ok()) return status;
  }
  return HoldLogForSnapshots(store_, options_.stage, options_.input, log_);
}

void SnapshotMaker::ReportNewest() const {
  const auto partition = static_cast<uint32_t>(options_.input.partition);
  const auto snapshots = store_.List(SnapshotSeries(options_.stage, partition));
  if (!snapshots.ok()) return;
  // The newest comes first.
  for (const StoredSnapshot& snapshot : *snapshots) {
    google::protobuf::Timestamp made_at;
    if (!IsOfLog(snapshot, log_) ||
        !google::protobuf::util::TimeUtil::FromString(snapshot.manifest.made_at(), &made_at))
      continue;
    const std::string label = std::to_string(options_.input.partition);
    return metrics_.Set(Metric::kStateSnapshotTime,
                        {{"stage", options_.stage}, {"partition", label}},
                        static_cast<double>(made_at.seconds()));
  }
}

void SnapshotMaker::Count(const absl::Status& status) {
  const bool no_room = absl::IsResourceExhausted(status);
  const char* outcome = status.ok() ? "made" : no_room ? "no_room" : "failed";
  metrics_.Add(Metric::kStateSnapshots, {{"stage", options_.stage}, {"outcome", outcome}});
  metrics_.Set(Metric::kDiskShort, {{"disk", "snapshots"}}, no_room ? 1 : 0);
  if (const absl::StatusOr<uint64_t> free_bytes = store_.FreeBytes(); free_bytes.ok()) {
    metrics_.Set(Metric::kDiskFreeBytes, {{"disk", "snapshots"}}, static_cast<double>(*free_bytes));
  }
  if (status.ok()) return;
  LogLine(LogLevel::kError, "snapshot was not made",
          {{"stage", options_.stage},
           {"partition", int64_t{options_.input.partition}},
           {"error", std::string(status.message())}});
}

absl::Status HoldLogForSnapshots(SnapshotStore& store, const std::string& stage,
                                 const TopicPartition& input, Log& log) {
  const absl::StatusOr<std::vector<StoredSnapshot>> snapshots =
      store.List(SnapshotSeries(stage, static_cast<uint32_t>(input.partition)));
  if (!snapshots.ok()) return snapshots.status();
  const absl::StatusOr<int64_t> start = log.StartOffset(input);
  if (!start.ok()) return start.status();
  std::optional<int64_t> oldest;
  for (const StoredSnapshot& snapshot : *snapshots) {
    if (!IsOfLog(snapshot, log) || snapshot.manifest.offset() < *start) continue;
    oldest = std::min(oldest.value_or(snapshot.manifest.offset()), snapshot.manifest.offset());
  }
  return log.Commit(kSnapshotReader, input, oldest.value_or(*start));
}

}  // namespace ringfence::runtime
