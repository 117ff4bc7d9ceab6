#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace ringfence::cluster {

// What a WriteBackCache knows of an entry; its own alone.
struct CacheMarks {
  // Waits to be written; takes so much, and counts for so much among what waits, as of its last
  // change; was last asked for in that batch.
  bool is_queued = false;
  size_t bytes = 0;
  size_t unstored_bytes = 0;
  uint64_t last_used = 0;
};

// Entries of a state in memory: what is hot stays as objects, what changed stays until it is
// written back. Sizes are the caller's estimates. An Entry has CacheMarks called `cached`.
//
// An entry that takes more than an eighth of the room stays for as long as batches ask for it, and
// leaves a quarter of the room to the others: reading it again for each batch would cost as much as
// it is large.
template <typename Key, typename Entry>
class WriteBackCache {
 public:
  // With 0 nothing is kept from one batch to the next.
  explicit WriteBackCache(size_t bytes_max) : bytes_max_(bytes_max), evict_above_(bytes_max) {}

  // Null where it is not in memory. Entries stay where they are until the next Evict or WriteBack.
  Entry* Find(const Key& key) {
    auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    found->second->cached.last_used = batch_;
    return found->second.get();
  }
  // One that is not in memory.
  Entry& Keep(const Key& key, std::unique_ptr<Entry> entry, size_t bytes) {
    entry->cached.last_used = batch_;
    entry->cached.bytes = bytes;
    bytes_ += bytes;
    return *(entries_[key] = std::move(entry));
  }
  // It takes `bytes` now.
  void Resize(Entry& entry, size_t bytes) {
    CacheMarks& marks = entry.cached;
    bytes_ += bytes - marks.bytes;
    marks.bytes = bytes;
    unstored_bytes_ -= marks.unstored_bytes;
    marks.unstored_bytes = marks.is_queued ? std::min(bytes, kWrittenBytesMax) : 0;
    unstored_bytes_ += marks.unstored_bytes;
  }
  // It changed, takes `bytes` now, and is to be written back.
  void Queue(const Key& key, Entry& entry, size_t bytes) {
    if (!std::exchange(entry.cached.is_queued, true)) queued_.push_back(key);
    Resize(entry, bytes);
  }

  // Has `write(entry)` write all that waits, in the order of the keys, and evicts. It gives what
  // the entry takes then, or 0 for one that is to go.
  template <typename Write>
  void WriteBack(Write write) {
    std::sort(queued_.begin(), queued_.end());
    for (const Key& key : queued_) {
      auto found = entries_.find(key);
      Entry& entry = *found->second;
      entry.cached.is_queued = false;
      const size_t bytes = write(entry);
      Resize(entry, bytes);
      if (bytes == 0) entries_.erase(found);
    }
    queued_.clear();
    Evict();
  }

  // The end of a batch: where there is more than there may be, drops an eighth of it, the entries
  // that were not asked for for longest. What is not written back stays, and so does what is large
  // and in use.
  void Evict() {
    ++batch_;
    if (bytes_ <= evict_above_) return;
    struct Candidate {
      uint64_t last_used;
      Key key;
      size_t bytes;
    };
    std::vector<Candidate> candidates;
    candidates.reserve(entries_.size());
    size_t large_bytes = 0;
    for (const auto& [key, entry] : entries_) {
      const CacheMarks& marks = entry->cached;
      if (IsLargeAndInUse(marks)) {
        large_bytes += marks.bytes;
      } else if (!marks.is_queued) {
        candidates.push_back({marks.last_used, key, marks.bytes});
      }
    }
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      return std::tie(a.last_used, a.key) < std::tie(b.last_used, b.key);
    });
    const size_t part = bytes_max_ / 8;
    const size_t wanted = std::max(bytes_max_ - part, large_bytes + 2 * part);
    for (const Candidate& candidate : candidates) {
      if (bytes_ <= wanted) break;
      bytes_ -= candidate.bytes;
      entries_.erase(candidate.key);
    }
    // So much at once that looking through all of them costs little next to reading those again.
    evict_above_ = std::max(bytes_max_, bytes_ + part);
  }

  template <typename Visit>
  void ForEach(Visit visit) {
    for (auto& [key, entry] : entries_) visit(*entry);
  }
  // Keys of what waits, in no order.
  const std::vector<Key>& queued() const { return queued_; }
  size_t unstored_bytes() const { return unstored_bytes_; }

 private:
  // Of one entry, by and large, in one WriteBack: of a large one only what changed is written.
  static constexpr size_t kWrittenBytesMax = size_t{64} << 10;
  // So many batches ago asked for: in use.
  static constexpr uint64_t kInUseBatches = 64;

  bool IsLargeAndInUse(const CacheMarks& marks) const {
    return bytes_max_ > 0 && marks.bytes > bytes_max_ / 8 &&
           batch_ - marks.last_used <= kInUseBatches;
  }

  const size_t bytes_max_;
  absl::flat_hash_map<Key, std::unique_ptr<Entry>> entries_;
  std::vector<Key> queued_;
  // Counts batches.
  uint64_t batch_ = 1;
  size_t bytes_ = 0;
  size_t unstored_bytes_ = 0;
  // Where Evict looks for what can go.
  size_t evict_above_;
};

}  // namespace ringfence::cluster
