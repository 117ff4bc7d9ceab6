#include "services/publish/change_ring.h"

#include "absl/container/flat_hash_set.h"

namespace ringfence::publish {

void ChangeRing::Push(const RecentChange& change) {
  changes_.push_back(change);
  if (changes_.size() > changes_max_) changes_.pop_front();
  ++end_;
}

std::optional<std::vector<RecentChange>> ChangeRing::Between(uint64_t from, uint64_t until,
                                                             size_t max) const {
  const uint64_t begin = end_ - changes_.size();
  if (from < begin || until > end_ || from > until || until - from > max) return std::nullopt;
  std::vector<RecentChange> changes;
  absl::flat_hash_set<core::Id> seen;
  absl::flat_hash_set<campaigns::Label> nodes;
  for (uint64_t number = from; number < until; ++number) {
    const RecentChange& change = changes_[number - begin];
    if (change.node ? nodes.insert(*change.node).second : seen.insert(change.id).second)
      changes.push_back(change);
  }
  return changes;
}

}  // namespace ringfence::publish
