#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringfence::publish {

// How far a subscriber has come: for each partition of `indicators` the next offset.
using Offsets = std::vector<int64_t>;

struct Cursor {
  Offsets offsets;
  // Of the filter that it was given for.
  std::string filter_hash;
};

// Makes and reads cursors: base64url of
//   format (1)  hash of the filter (8)  hash of the log's incarnation (8)  offsets (varint each)
//   HMAC-SHA-256 of all that, cut to 16 bytes
// Good on every replica that has the same key and log, and after a restart. Thread-safe.
class Cursors {
 public:
  // `key`: any secret of the deployment.
  Cursors(std::string key, std::string_view incarnation, size_t partitions);

  std::string Encode(const Offsets& offsets, std::string_view filter_key) const;
  // Nothing where it was not made by Encode with this key, for this log.
  std::optional<Cursor> Decode(std::string_view text) const;
  static std::string HashOf(std::string_view filter_key);

 private:
  std::string Signature(std::string_view bytes) const;

  const std::string key_;
  const std::string incarnation_hash_;
  const size_t partitions_;
};

}  // namespace ringfence::publish
