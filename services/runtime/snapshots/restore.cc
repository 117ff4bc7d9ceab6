#include "services/runtime/snapshots/restore.h"

#include <vector>

#include "pipelines/core/format.h"
#include "services/runtime/logging.h"
#include "services/runtime/rocks/rocks_state.h"
#include "services/runtime/snapshots/files.h"

namespace ringfence::runtime {
namespace {

absl::Status CheckFits(const SnapshotManifest& manifest, const SnapshotFor& wanted) {
  const auto refuse = [](const std::string& why) { return absl::FailedPreconditionError(why); };
  if (manifest.deployment() != wanted.deployment)
    return refuse("is of deployment " + manifest.deployment());
  if (manifest.partitions() != wanted.partitions)
    return refuse("is of " + std::to_string(manifest.partitions()) + " partitions");
  if (manifest.log_incarnation() != wanted.log_incarnation) return refuse("is of another log");
  if (manifest.state_format() != core::kStateFormat)
    return refuse("has state format " + std::to_string(manifest.state_format()));
  if (manifest.offset() < wanted.start || manifest.offset() > wanted.end) {
    return refuse("goes on at offset " + std::to_string(manifest.offset()) + ", the log holds " +
                  std::to_string(wanted.start) + " to " + std::to_string(wanted.end));
  }
  return absl::OkStatus();
}

// What only shows once it is read as a state.
absl::Status CheckState(const std::string& folder, const SnapshotManifest& manifest) {
  const absl::StatusOr<StateHeader> header = ReadStateHeader(folder);
  if (!header.ok()) return absl::DataLossError(std::string(header.status().message()));
  if (header->next_offset == manifest.offset() && header->format == manifest.state_format())
    return absl::OkStatus();
  return absl::DataLossError("its state is not what its manifest says");
}

// A folder that is half removed would pass for a state: it has another name by then.
absl::Status Replace(const std::string& state_dir, const std::string& by) {
  const std::string leaving = state_dir + ".replaced";
  if (absl::Status status = RemoveFolder(leaving); !status.ok()) return status;
  if (absl::Status status = RenameSynced(state_dir, leaving);
      !status.ok() && !absl::IsNotFound(status)) {
    return status;
  }
  if (absl::Status status = RenameSynced(by, state_dir); !status.ok()) return status;
  return RemoveFolder(leaving);
}

// It says nothing of the snapshot.
bool IsOfSurroundings(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsCancelled(status);
}

}  // namespace

absl::StatusOr<Restored> RestoreNewest(SnapshotStore& store, const SnapshotFor& wanted,
                                       const std::string& state_dir, int& refused,
                                       const std::stop_token& stop) {
  const absl::StatusOr<std::vector<StoredSnapshot>> snapshots =
      store.List(SnapshotSeries(wanted.stage, wanted.partition));
  if (!snapshots.ok()) return snapshots.status();
  const std::string beside = state_dir + ".restoring";
  for (const StoredSnapshot& snapshot : *snapshots) {
    if (absl::Status status = RemoveFolder(beside); !status.ok()) return status;
    absl::Status status = snapshot.status;
    if (status.ok() && snapshot.manifest.offset() <= wanted.above) continue;
    if (status.ok()) status = CheckFits(snapshot.manifest, wanted);
    if (status.ok()) status = store.Fetch(snapshot, beside, stop);
    if (status.ok()) status = CheckState(beside, snapshot.manifest);
    if (status.ok()) {
      if (status = Replace(state_dir, beside); !status.ok()) return status;
      LogLine(LogLevel::kInfo, "state was restored from a snapshot",
              {{"stage", wanted.stage},
               {"partition", int64_t{wanted.partition}},
               {"offset", snapshot.manifest.offset()}});
      return Restored::kSnapshot;
    }
    RemoveFolder(beside).IgnoreError();
    if (IsOfSurroundings(status)) return status;
    ++refused;
    LogLine(LogLevel::kError, "snapshot was refused",
            {{"snapshot", snapshot.id}, {"error", std::string(status.message())}});
  }
  return Restored::kNothing;
}

}  // namespace ringfence::runtime
