#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct gzFile_s;

namespace ringfence::cli {

struct Line {
  // From 1 on.
  uint64_t number = 0;
  // Without its end. The first LineReader::kLineBytesMax bytes of a longer one.
  std::string text;
  bool too_long = false;
};

// Reads lines of a text file, compressed with gzip or not, or of standard input ("-"). Memory is
// bounded whatever it holds. Owned by one thread.
class LineReader {
 public:
  // A report has at most 64 KiB in binary; as JSON, with room for white space, it has far less than
  // this.
  static constexpr size_t kLineBytesMax = size_t{1} << 20;

  // kNotFound, kPermissionDenied, kUnavailable.
  static absl::StatusOr<std::unique_ptr<LineReader>> Open(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // nullopt after the last one. kDataLoss where a compressed file is damaged or ends too early,
  // after the lines before.
  absl::StatusOr<std::optional<Line>> Next();

  // A checksum of all lines so far (CRC-32): whether a file begins as it did. One of a checksum's
  // size says nothing of what is in it.
  uint32_t checksum() const { return checksum_; }
  // How much of the file has been read, of a thousand; nullopt where the size is not known.
  std::optional<uint32_t> Permille() const;

 private:
  LineReader(std::string path, gzFile_s* file, std::optional<uint64_t> size);
  // False at the end.
  absl::StatusOr<bool> Fill();
  void Append(std::string_view piece, Line& line);

  const std::string path_;
  gzFile_s* file_;
  const std::optional<uint64_t> size_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t lines_ = 0;
  uint32_t checksum_ = 0;
};

}  // namespace ringfence::cli
