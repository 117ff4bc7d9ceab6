#include "services/ringfence/line_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ringfence::cli {
namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;

absl::Status OpenFailed(const std::string& path, int error) {
  const std::string message = fmt::format("{}: {}", path, std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(message);
  if (error == EACCES) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<LineReader>> LineReader::Open(const std::string& path) {
  const bool is_stdin = path == "-";
  const int descriptor =
      is_stdin ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return OpenFailed(path, errno);
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || S_ISDIR(about.st_mode)) {
    ::close(descriptor);
    return OpenFailed(path, S_ISDIR(about.st_mode) ? EISDIR : errno);
  }
  std::optional<uint64_t> size;
  if (S_ISREG(about.st_mode)) size = static_cast<uint64_t>(about.st_size);
  // Reads what is not compressed as it is.
  const gzFile file = ::gzdopen(descriptor, "rb");
  if (file == nullptr) {
    ::close(descriptor);
    return OpenFailed(path, ENOMEM);
  }
  return std::unique_ptr<LineReader>(new LineReader(path, file, size));
}

LineReader::LineReader(std::string path, gzFile_s* file, std::optional<uint64_t> size)
    : path_(std::move(path)),
      file_(file),
      size_(size),
      buffer_(std::make_unique<char[]>(kBufferBytes)) {}

LineReader::~LineReader() { ::gzclose(file_); }

absl::StatusOr<std::optional<Line>> LineReader::Next() {
  Line line;
  bool has_any = false;
  for (;;) {
    if (begin_ == end_) {
      absl::StatusOr<bool> filled = Fill();
      if (!filled.ok()) return filled.status();
      if (!*filled) break;
    }
    has_any = true;
    const char* const from = buffer_.get() + begin_;
    const auto* const end = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
    const size_t size = end == nullptr ? end_ - begin_ : static_cast<size_t>(end - from);
    Append({from, size}, line);
    begin_ += size + (end == nullptr ? 0 : 1);
    if (end != nullptr) break;
  }
  if (!has_any) return std::nullopt;
  checksum_ =
      static_cast<uint32_t>(::crc32(checksum_, reinterpret_cast<const unsigned char*>("\n"), 1));
  line.number = ++lines_;
  return line;
}

void LineReader::Append(std::string_view piece, Line& line) {
  checksum_ = static_cast<uint32_t>(
      ::crc32_z(checksum_, reinterpret_cast<const unsigned char*>(piece.data()), piece.size()));
  const size_t room = kLineBytesMax - line.text.size();
  line.too_long = line.too_long || piece.size() > room;
  line.text += piece.substr(0, std::min(room, piece.size()));
}

absl::StatusOr<bool> LineReader::Fill() {
  const int read = ::gzread(file_, buffer_.get(), kBufferBytes);
  int error = Z_OK;
  const char* const message = ::gzerror(file_, &error);
  if (error == Z_ERRNO) return OpenFailed(path_, errno);
  // Z_BUF_ERROR: the compressed data end in the middle.
  if (error != Z_OK && error != Z_STREAM_END && read <= 0) {
    return absl::DataLossError(fmt::format("{}: {}", path_, message));
  }
  begin_ = 0;
  end_ = static_cast<size_t>(std::max(read, 0));
  return end_ > 0;
}

std::optional<uint32_t> LineReader::Permille() const {
  if (!size_ || *size_ == 0) return std::nullopt;
  const auto read = static_cast<uint64_t>(std::max<z_off_t>(::gzoffset(file_), 0));
  return static_cast<uint32_t>(std::min(read, *size_) * 1'000 / *size_);
}

}  // namespace ringfence::cli
