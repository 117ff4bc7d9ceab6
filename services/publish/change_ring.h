#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "pipelines/campaigns/tables.h"
#include "pipelines/core/id.h"
#include "pipelines/core/time.h"

namespace ringfence::publish {

// What was so before an identifier changed. What is so now stands in the read model.
struct RecentChange {
  core::Id id;
  std::optional<campaigns::Listed> before;
  // Of the record that changed it.
  core::Time append_time = 0;
  // Where that stands, as all records of the identifier do.
  int32_t partition = 0;
  int64_t offset = 0;
  // Set instead of `id` and `before`: all that stands on this node got another label, and was as it
  // is now.
  std::optional<campaigns::Label> node = {};
};

// The latest changes, numbered in the order in which they were applied: subscribers follow them by
// number. The oldest make room for new ones. Not thread-safe.
class ChangeRing {
 public:
  explicit ChangeRing(size_t changes_max) : changes_max_(changes_max) {}

  void Push(const RecentChange& change);
  // The number of the next change.
  uint64_t end() const { return end_; }
  // Those from number `from` on up to `until`, the first of each identifier (what was before all of
  // them) and of each node, in order. Nothing where some are gone, or there are more than `max`.
  std::optional<std::vector<RecentChange>> Between(uint64_t from, uint64_t until, size_t max) const;

 private:
  const size_t changes_max_;
  std::deque<RecentChange> changes_;
  uint64_t end_ = 0;
};

}  // namespace ringfence::publish
