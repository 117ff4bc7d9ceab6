#include "services/runtime/snapshots/files.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

namespace ringfence::runtime {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPieceBytes = 1 << 20;

absl::Status FromErrno(const std::string& path, int error) {
  const std::string message = path + ": " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  if (error == ENOENT) return absl::NotFoundError(message);
  return absl::UnavailableError(message);
}
absl::Status FromCode(const std::string& path, const std::error_code& error) {
  return error ? FromErrno(path, error.value()) : absl::OkStatus();
}

// Closes what it holds.
class Handle {
 public:
  Handle(const std::string& path, int flags) : number_(open(path.c_str(), flags, 0600)) {}
  ~Handle() {
    if (number_ >= 0) close(number_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  int number() const { return number_; }
  bool ok() const { return number_ >= 0; }

 private:
  const int number_;
};

bool WriteAll(int to, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = write(to, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void Add(const char* bytes, size_t size) { EVP_DigestUpdate(context_.get(), bytes, size); }
  std::string Hexadecimal() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (unsigned int i = 0; i < size; ++i) {
      text.push_back(kDigits[digest[i] >> 4]);
      text.push_back(kDigits[digest[i] & 15]);
    }
    return text;
  }

 private:
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

constexpr int kWriteFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;

}  // namespace

absl::StatusOr<FileDigest> DigestFile(const std::string& from, const std::string& to,
                                      const std::stop_token& stop) {
  const Handle source(from, O_RDONLY | O_CLOEXEC);
  if (!source.ok()) return FromErrno(from, errno);
  std::unique_ptr<Handle> target;
  if (!to.empty()) {
    target = std::make_unique<Handle>(to, kWriteFlags);
    if (!target->ok()) return FromErrno(to, errno);
  }
  Sha256 sha256;
  FileDigest digest;
  std::string piece(kPieceBytes, '\0');
  for (;;) {
    if (stop.stop_requested()) return absl::CancelledError(from + ": was told to stop");
    const ssize_t read_bytes = read(source.number(), piece.data(), piece.size());
    if (read_bytes < 0 && errno == EINTR) continue;
    if (read_bytes < 0) return FromErrno(from, errno);
    if (read_bytes == 0) break;
    const auto size = static_cast<size_t>(read_bytes);
    sha256.Add(piece.data(), size);
    digest.bytes += size;
    if (target && !WriteAll(target->number(), piece.data(), size)) return FromErrno(to, errno);
  }
  if (target && fsync(target->number()) != 0) return FromErrno(to, errno);
  digest.sha256 = sha256.Hexadecimal();
  return digest;
}

absl::Status WriteFileSynced(const std::string& path, const std::string& content) {
  const Handle file(path, kWriteFlags);
  if (!file.ok() || !WriteAll(file.number(), content.data(), content.size()) ||
      fsync(file.number()) != 0) {
    return FromErrno(path, errno);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path, uint64_t bytes_max) {
  const Handle file(path, O_RDONLY | O_CLOEXEC);
  if (!file.ok()) return FromErrno(path, errno);
  std::string content(bytes_max + 1, '\0');
  size_t size = 0;
  while (size < content.size()) {
    const ssize_t read_bytes = read(file.number(), content.data() + size, content.size() - size);
    if (read_bytes < 0 && errno == EINTR) continue;
    if (read_bytes < 0) return FromErrno(path, errno);
    if (read_bytes == 0) break;
    size += static_cast<size_t>(read_bytes);
  }
  if (size > bytes_max) return absl::DataLossError(path + ": larger than it can be");
  content.resize(size);
  return content;
}

absl::Status SyncFolder(const std::string& folder) {
  const Handle handle(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!handle.ok() || fsync(handle.number()) != 0) return FromErrno(folder, errno);
  return absl::OkStatus();
}

absl::Status MakeFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  return FromCode(folder, error);
}

absl::Status RenameSynced(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return FromErrno(to, errno);
  return SyncFolder(fs::path(to).parent_path());
}

absl::Status RemoveFolder(const std::string& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  return FromCode(folder, error);
}

absl::StatusOr<std::vector<std::string>> FolderEntries(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator it(folder, error);
  if (error == std::errc::no_such_file_or_directory) return names;
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    names.push_back(it->path().filename());
  }
  if (error) return FromCode(folder, error);
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<uint64_t> FreeBytesOf(const std::string& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) return FromCode(folder, error);
  return space.available;
}

absl::StatusOr<uint64_t> CapacityOf(const std::string& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) return FromCode(folder, error);
  return space.capacity;
}

}  // namespace ringfence::runtime
