#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/decision.pb.h"

namespace ringfence::publish {

// The latest override of each identifier, by its id; those that have ended too, until they are
// forgotten. Knows how many are whose.
class OverrideTable {
 public:
  struct Entry {
    internal::v1::DecisionRecord record;
    core::Time appended_at = 0;
  };

  void Put(const core::Id& id, Entry entry) {
    Erase(id);
    ++count_by_author_[AuthorOf(entry)];
    entries_.emplace(id, std::move(entry));
  }
  void Erase(const core::Id& id) {
    auto entry = entries_.find(id);
    if (entry == entries_.end()) return;
    auto count = count_by_author_.find(AuthorOf(entry->second));
    if (--count->second == 0) count_by_author_.erase(count);
    entries_.erase(entry);
  }

  const std::map<core::Id, Entry>& entries() const { return entries_; }
  size_t CountOf(const std::string& author) const {
    auto count = count_by_author_.find(author);
    return count == count_by_author_.end() ? 0 : count->second;
  }

 private:
  static const std::string& AuthorOf(const Entry& entry) {
    return entry.record.override().set_by();
  }

  std::map<core::Id, Entry> entries_;
  absl::flat_hash_map<std::string, size_t> count_by_author_;
};

}  // namespace ringfence::publish
