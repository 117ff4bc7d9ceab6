#include "services/runtime/keys/key_files.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace ringfence::runtime {
namespace {

constexpr size_t kCursorKeyBytes = 32;
constexpr size_t kFurtherKeysMax = 3;

absl::Status Failed(const std::string& path) {
  return absl::UnavailableError(path + ": " + std::strerror(errno));
}

std::string RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    bytes.clear();
  }
  return bytes;
}

absl::Status SyncFolder(const std::string& folder) {
  const int handle = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return Failed(folder);
  const bool synced = fsync(handle) == 0;
  if (close(handle) != 0 || !synced) return Failed(folder);
  return absl::OkStatus();
}

// A file that is there is there whole: written beside, then renamed.
absl::Status WriteSecret(const std::string& path, const std::string& content) {
  const std::string beside = path + ".new";
  const int file = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return Failed(beside);
  const bool written =
      write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      fsync(file) == 0;
  if (close(file) != 0 || !written) return Failed(beside);
  if (rename(beside.c_str(), path.c_str()) != 0) return Failed(path);
  return SyncFolder(std::filesystem::path(path).parent_path());
}

absl::Status MakeIfMissing(const std::string& path, Missing missing, const std::string& fresh) {
  if (std::filesystem::exists(path)) return absl::OkStatus();
  if (missing == Missing::kRefuse) {
    return absl::FailedPreconditionError(
        path +
        " is missing beside data that was made with it: put it back from a copy, or begin "
        "with a new data directory");
  }
  if (fresh.empty()) return absl::UnavailableError(path + ": no random bytes to make it of");
  return WriteSecret(path, fresh);
}

absl::StatusOr<std::string> ReadSecret(const std::string& path) {
  if (!std::filesystem::exists(path))
    return absl::FailedPreconditionError(path + ": the key is not there");
  std::ifstream file(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(file), {});
  if (!file) return absl::UnavailableError(path + ": cannot be read");
  return content;
}

absl::Status CheckSize(const std::string& path, const std::string& content, size_t bytes) {
  if (content.size() == bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(path + ": a file of exactly " + std::to_string(bytes) +
                                    " bytes is wanted");
}

std::string FreshTokenKey() {
  const std::string secret = RandomBytes(intake::TokenKey().secret.size());
  if (secret.empty()) return "";
  intake::TokenKey key;
  key.id = "k1";
  std::copy(secret.begin(), secret.end(), key.secret.begin());
  return intake::FormatTokenKey(key);
}

absl::StatusOr<std::vector<intake::TokenKey>> ReadFurtherTokenKeys(const std::string& folder,
                                                                   const intake::TokenKey& first) {
  std::vector<intake::TokenKey> keys;
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("victim-tokens-") && name.ends_with(".key")) paths.push_back(entry.path());
  }
  if (error) return absl::UnavailableError(folder + ": " + error.message());
  std::sort(paths.begin(), paths.end());
  if (paths.size() > kFurtherKeysMax) {
    return absl::InvalidArgumentError(folder + ": more than " + std::to_string(kFurtherKeysMax) +
                                      " files victim-tokens-*.key");
  }
  std::set<std::string> ids = {first.id};
  for (const std::string& path : paths) {
    absl::StatusOr<intake::TokenKey> key = ReadTokenKey(path);
    if (!key.ok()) return key.status();
    if (!ids.insert(key->id).second) {
      return absl::InvalidArgumentError(path + ": another key has the id " + key->id + " too");
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace

absl::StatusOr<Keys> ReadOrMakeKeys(const std::string& folder, Missing missing) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return absl::UnavailableError(folder + ": " + error.message());
  const struct {
    const char* name;
    std::string fresh;
  } files[] = {{"/victim-tokens.key", FreshTokenKey()},
               {"/naming.key", RandomBytes(campaigns::NamingKey().size())},
               {"/cursors.key", RandomBytes(kCursorKeyBytes)}};
  for (const auto& [name, fresh] : files) {
    if (absl::Status status = MakeIfMissing(folder + name, missing, fresh); !status.ok())
      return status;
  }
  absl::StatusOr<TokenKeys> victim_tokens = ReadTokenKeys(folder + files[0].name);
  if (!victim_tokens.ok()) return victim_tokens.status();
  const absl::StatusOr<campaigns::NamingKey> naming = ReadNamingKey(folder + files[1].name);
  if (!naming.ok()) return naming.status();
  absl::StatusOr<std::string> cursors = ReadCursorsKey(folder + files[2].name);
  if (!cursors.ok()) return cursors.status();
  return Keys{*std::move(victim_tokens), *naming, *std::move(cursors)};
}

absl::StatusOr<intake::TokenKey> ReadTokenKey(const std::string& path) {
  const absl::StatusOr<std::string> content = ReadSecret(path);
  if (!content.ok()) return content.status();
  absl::StatusOr<intake::TokenKey> key = intake::ParseTokenKey(*content);
  if (key.ok()) return key;
  return absl::InvalidArgumentError(path + ": " + std::string(key.status().message()));
}

absl::StatusOr<TokenKeys> ReadTokenKeys(const std::string& path) {
  absl::StatusOr<intake::TokenKey> first = ReadTokenKey(path);
  if (!first.ok()) return first.status();
  const std::string folder = std::filesystem::path(path).parent_path();
  absl::StatusOr<std::vector<intake::TokenKey>> further =
      ReadFurtherTokenKeys(folder.empty() ? "." : folder, *first);
  if (!further.ok()) return further.status();
  return TokenKeys{*std::move(first), *std::move(further)};
}

absl::StatusOr<campaigns::NamingKey> ReadNamingKey(const std::string& path) {
  const absl::StatusOr<std::string> content = ReadSecret(path);
  if (!content.ok()) return content.status();
  campaigns::NamingKey key{};
  if (absl::Status status = CheckSize(path, *content, key.size()); !status.ok()) return status;
  std::copy(content->begin(), content->end(), key.begin());
  return key;
}

absl::StatusOr<std::string> ReadCursorsKey(const std::string& path) {
  absl::StatusOr<std::string> content = ReadSecret(path);
  if (!content.ok()) return content.status();
  if (absl::Status status = CheckSize(path, *content, kCursorKeyBytes); !status.ok()) return status;
  return content;
}

}  // namespace ringfence::runtime
