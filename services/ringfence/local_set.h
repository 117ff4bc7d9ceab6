#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "pipelines/core/id.h"
#include "ringfence/v1/indicator_service.pb.h"

namespace ringfence::cli {

// What a subscriber holds, as far as its digest needs: ids and revisions. Owned by one thread.
class LocalSet {
 public:
  void Put(const std::string& indicator_id, uint64_t revision);
  void Remove(const std::string& indicator_id);
  void Clear();

  size_t size() const { return revisions_.size(); }
  bool Equals(const v1::SetDigest& digest) const;

  const absl::flat_hash_map<std::string, uint64_t>& revisions() const { return revisions_; }

 private:
  absl::flat_hash_map<std::string, uint64_t> revisions_;
  core::SetSum sum_;
};

}  // namespace ringfence::cli
