#include "services/runtime/snapshots/folder_snapshot_store.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "services/runtime/snapshots/files.h"

namespace ringfence::runtime {
namespace {

constexpr char kManifest[] = "MANIFEST.json";
constexpr char kUnfinished[] = ".new-";
constexpr uint64_t kManifestBytesMax = uint64_t{16} << 20;

// A manifest comes from a disk: no name in it may lead elsewhere.
bool IsPlainName(const std::string& name) {
  return !name.empty() && name[0] != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

absl::Status ReadManifest(const std::string& folder, SnapshotManifest& manifest) {
  const absl::StatusOr<std::string> json =
      ReadSmallFile(folder + "/" + kManifest, kManifestBytesMax);
  if (absl::IsNotFound(json.status()))
    return absl::DataLossError(folder + ": its manifest is missing");
  if (!json.ok()) return json.status();
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  if (!google::protobuf::util::JsonStringToMessage(*json, &manifest, options).ok())
    return absl::DataLossError(folder + ": its manifest is damaged");
  if (manifest.format() != kSnapshotFormat) {
    return absl::DataLossError(folder + ": its manifest has format " +
                               std::to_string(manifest.format()) + ", this release reads " +
                               std::to_string(kSnapshotFormat));
  }
  for (const internal::v1::SnapshotFile& file : manifest.files()) {
    if (!IsPlainName(file.name()))
      return absl::DataLossError(folder + ": its manifest names a file that cannot be");
  }
  return absl::OkStatus();
}

}  // namespace

std::string SnapshotSeries(const std::string& stage, uint32_t partition) {
  return stage + "-" + std::to_string(partition);
}

std::string SnapshotId(const SnapshotManifest& manifest) {
  return SnapshotSeries(manifest.stage(), manifest.partition()) + "/" +
         absl::StrFormat("%019d", manifest.offset());
}

absl::StatusOr<std::unique_ptr<FolderSnapshotStore>> FolderSnapshotStore::Open(
    const std::string& folder) {
  if (absl::Status status = MakeFolder(folder); !status.ok()) return status;
  return std::unique_ptr<FolderSnapshotStore>(new FolderSnapshotStore(folder));
}

absl::StatusOr<SnapshotManifest> FolderSnapshotStore::Put(SnapshotManifest manifest,
                                                          const std::string& folder,
                                                          const std::stop_token& stop) {
  const std::string id = SnapshotId(manifest);
  const std::string series = PathOf(id.substr(0, id.find('/')));
  if (absl::Status status = MakeFolder(series); !status.ok()) return status;
  const absl::StatusOr<std::vector<std::string>> entries = FolderEntries(series);
  if (!entries.ok()) return entries.status();
  for (const std::string& entry : *entries) {
    if (!entry.starts_with(kUnfinished)) continue;
    if (absl::Status status = RemoveFolder(series + "/" + entry); !status.ok()) return status;
  }
  const std::string unfinished = series + "/" + kUnfinished + id.substr(id.find('/') + 1);
  absl::Status status = Write(manifest, folder, unfinished, stop);
  // A rename does not replace a folder that holds something.
  if (status.ok()) status = RemoveFolder(PathOf(id));
  if (status.ok()) status = RenameSynced(unfinished, PathOf(id));
  if (status.ok()) return manifest;
  RemoveFolder(unfinished).IgnoreError();
  return status;
}

absl::Status FolderSnapshotStore::Write(SnapshotManifest& manifest, const std::string& from,
                                        const std::string& to, const std::stop_token& stop) {
  const absl::StatusOr<std::vector<std::string>> names = FolderEntries(from);
  if (!names.ok()) return names.status();
  if (absl::Status status = MakeFolder(to); !status.ok()) return status;
  manifest.set_format(kSnapshotFormat);
  manifest.clear_files();
  for (const std::string& name : *names) {
    const absl::StatusOr<FileDigest> digest = DigestFile(from + "/" + name, to + "/" + name, stop);
    if (!digest.ok()) return digest.status();
    internal::v1::SnapshotFile& file = *manifest.add_files();
    file.set_name(name);
    file.set_bytes(digest->bytes);
    file.set_sha256(digest->sha256);
  }
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  if (!google::protobuf::util::MessageToJsonString(manifest, &json, options).ok())
    return absl::InternalError("a manifest cannot be written as JSON");
  if (absl::Status status = WriteFileSynced(to + "/" + kManifest, json); !status.ok())
    return status;
  return SyncFolder(to);
}

absl::StatusOr<std::vector<StoredSnapshot>> FolderSnapshotStore::List(const std::string& series) {
  std::vector<StoredSnapshot> snapshots;
  std::vector<std::string> all = {series};
  if (series.empty()) {
    absl::StatusOr<std::vector<std::string>> entries = FolderEntries(folder_);
    if (!entries.ok()) return entries.status();
    all = *std::move(entries);
  }
  for (const std::string& one : all) {
    // Whatever else lies there, "lost+found" or a file.
    if (std::error_code error; !std::filesystem::is_directory(PathOf(one), error)) continue;
    if (absl::Status status = ListSeries(one, snapshots); !status.ok()) return status;
  }
  return snapshots;
}

absl::Status FolderSnapshotStore::ListSeries(const std::string& series,
                                             std::vector<StoredSnapshot>& snapshots) {
  const absl::StatusOr<std::vector<std::string>> entries = FolderEntries(PathOf(series));
  if (!entries.ok()) return entries.status();
  for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
    if (entry->find_first_not_of("0123456789") != std::string::npos) continue;
    StoredSnapshot& snapshot = snapshots.emplace_back();
    snapshot.id = series + "/" + *entry;
    snapshot.status = ReadManifest(PathOf(snapshot.id), snapshot.manifest);
    if (snapshot.status.ok() && SnapshotId(snapshot.manifest) != snapshot.id) {
      snapshot.status =
          absl::DataLossError(PathOf(snapshot.id) + ": its manifest is of another snapshot");
    }
  }
  return absl::OkStatus();
}

absl::Status FolderSnapshotStore::Check(const StoredSnapshot& snapshot, const std::string& to,
                                        const std::stop_token& stop) {
  if (!snapshot.status.ok()) return snapshot.status;
  const std::string from = PathOf(snapshot.id);
  std::set<std::string> expected = {kManifest};
  for (const internal::v1::SnapshotFile& file : snapshot.manifest.files()) {
    expected.insert(file.name());
    const absl::StatusOr<FileDigest> digest =
        DigestFile(from + "/" + file.name(), to.empty() ? "" : to + "/" + file.name(), stop);
    if (absl::IsNotFound(digest.status()))
      return absl::DataLossError(from + "/" + file.name() + ": is missing");
    if (!digest.ok()) return digest.status();
    if (digest->bytes != file.bytes() || digest->sha256 != file.sha256()) {
      return absl::DataLossError(from + "/" + file.name() +
                                 ": is not what the manifest says: damaged");
    }
  }
  const absl::StatusOr<std::vector<std::string>> names = FolderEntries(from);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    if (!expected.contains(name))
      return absl::DataLossError(from + "/" + name + ": the manifest does not name it");
  }
  return absl::OkStatus();
}

absl::Status FolderSnapshotStore::Fetch(const StoredSnapshot& snapshot, const std::string& folder,
                                        const std::stop_token& stop) {
  if (absl::Status status = MakeFolder(folder); !status.ok()) return status;
  if (absl::Status status = Check(snapshot, folder, stop); !status.ok()) return status;
  return SyncFolder(folder);
}

absl::Status FolderSnapshotStore::Verify(const StoredSnapshot& snapshot) {
  return Check(snapshot, "", {});
}

absl::Status FolderSnapshotStore::Remove(const std::string& id) {
  // Its manifest first would leave a damaged one in the list if this were cut off; so it is renamed
  // out of the list.
  const std::string series = PathOf(id.substr(0, id.find('/')));
  const std::string leaving = series + "/" + kUnfinished + id.substr(id.find('/') + 1);
  if (absl::Status status = RemoveFolder(leaving); !status.ok()) return status;
  if (absl::Status status = RenameSynced(PathOf(id), leaving); !status.ok()) return status;
  return RemoveFolder(leaving);
}

absl::StatusOr<uint64_t> FolderSnapshotStore::FreeBytes() { return FreeBytesOf(folder_); }

}  // namespace ringfence::runtime
