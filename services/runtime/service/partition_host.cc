#include "services/runtime/service/partition_host.h"

#include <utility>

#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"

namespace ringfence::runtime {

PartitionHost::PartitionHost(const Options& options, Factory factory, Metrics& metrics)
    : options_(options), factory_(std::move(factory)), metrics_(metrics) {}

PartitionHost::~PartitionHost() {
  std::vector<int32_t> all;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [partition, slot] : slots_) all.push_back(partition);
  }
  Revoke(all);
}

void PartitionHost::Assign(const std::vector<int32_t>& partitions) {
  absl::MutexLock lock(&mutex_);
  assigned_ = true;
  for (const int32_t partition : partitions) {
    const auto [entry, inserted] = slots_.try_emplace(partition);
    if (!inserted) continue;
    LogLine(LogLevel::kInfo, "partition was assigned",
            {{"stage", options_.stage}, {"partition", int64_t{partition}}});
    entry->second.starter = std::jthread(
        [this, partition](const std::stop_token& stop) { StartWorker(partition, stop); });
  }
}

void PartitionHost::Revoke(const std::vector<int32_t>& partitions) {
  std::map<int32_t, Slot> leaving;
  {
    absl::MutexLock lock(&mutex_);
    for (const int32_t partition : partitions) {
      const auto slot = slots_.find(partition);
      if (slot == slots_.end()) continue;
      slot->second.starter.request_stop();
    }
  }
  for (const int32_t partition : partitions) {
    std::jthread starter;
    {
      absl::MutexLock lock(&mutex_);
      const auto slot = slots_.find(partition);
      if (slot == slots_.end()) continue;
      starter = std::move(slot->second.starter);
    }
    // It sets the slot's worker; so the slot leaves after it.
    if (starter.joinable()) starter.join();
    absl::MutexLock lock(&mutex_);
    leaving.insert(slots_.extract(partition));
  }
  // Flushes take a while, and wait for different disks' queues: all at once.
  std::vector<std::jthread> ending;
  for (auto& [partition, slot] : leaving) {
    ending.emplace_back([worker = std::move(slot.worker)]() mutable { worker.reset(); });
  }
  ending.clear();
  for (const auto& [partition, slot] : leaving) {
    metrics_.Remove(Metric::kStageStopped,
                    {{"stage", options_.stage}, {"partition", std::to_string(partition)}});
    LogLine(LogLevel::kInfo, "partition was given back",
            {{"stage", options_.stage}, {"partition", int64_t{partition}}});
  }
}

void PartitionHost::StartWorker(int32_t partition, const std::stop_token& stop) {
  Backoff backoff;
  while (!stop.stop_requested()) {
    absl::StatusOr<std::unique_ptr<Worker>> worker = factory_(partition, stop);
    if (worker.ok()) {
      absl::MutexLock lock(&mutex_);
      slots_.at(partition).worker = *std::move(worker);
      return;
    }
    if (stop.stop_requested() && absl::IsCancelled(worker.status())) return;
    if (!React(partition, worker.status())) return;
    SleepUnlessStopped(stop, backoff.Next());
  }
}

bool PartitionHost::React(int32_t partition, const absl::Status& error) {
  const Reaction reaction = ReactionTo(error);
  metrics_.Add(Metric::kStageErrors,
               {{"stage", options_.stage}, {"reaction", ReactionWord(reaction)}});
  LogLine(reaction == Reaction::kStop ? LogLevel::kError : LogLevel::kWarning,
          "partition was not taken over",
          {{"stage", options_.stage},
           {"partition", int64_t{partition}},
           {"reaction", ReactionWord(reaction)},
           {"error", std::string(error.message())}});
  if (reaction != Reaction::kStop) return true;
  metrics_.Set(Metric::kStageStopped,
               {{"stage", options_.stage}, {"partition", std::to_string(partition)}}, 1);
  absl::MutexLock lock(&mutex_);
  slots_.at(partition).failed = error;
  return false;
}

absl::Status PartitionHost::Live() const {
  absl::MutexLock lock(&mutex_);
  const auto oldest = std::chrono::steady_clock::now() - options_.live_within;
  for (const auto& [partition, slot] : slots_) {
    if (!slot.worker || slot.worker->turned_at() >= oldest) continue;
    return absl::UnavailableError(options_.stage + "/" + std::to_string(partition) +
                                  " has not turned for " +
                                  std::to_string(options_.live_within.count()) + " s");
  }
  return absl::OkStatus();
}

absl::Status PartitionHost::Ready() const {
  absl::MutexLock lock(&mutex_);
  if (!assigned_) return absl::UnavailableError("no partitions have been assigned yet");
  for (const auto& [partition, slot] : slots_) {
    const std::string name = options_.stage + "/" + std::to_string(partition);
    if (!slot.failed.ok())
      return absl::UnavailableError(name + ": " + std::string(slot.failed.message()));
    if (!slot.worker) return absl::UnavailableError(name + " is being taken over");
    for (const Progress& progress : slot.worker->progress()) {
      if (progress.fails_alone) continue;
      if (!progress.stopped_because.empty())
        return absl::UnavailableError(name + " has stopped: " + progress.stopped_because);
      if (progress.end - progress.applied <= options_.ready_lag_records_max) continue;
      return absl::UnavailableError(
          name + " is " + std::to_string(progress.end - progress.applied) + " records behind");
    }
  }
  return absl::OkStatus();
}

std::vector<Progress> PartitionHost::progress() const {
  absl::MutexLock lock(&mutex_);
  std::vector<Progress> all;
  for (const auto& [partition, slot] : slots_) {
    if (!slot.worker) continue;
    for (Progress& progress : slot.worker->progress()) all.push_back(std::move(progress));
  }
  return all;
}

}  // namespace ringfence::runtime
