#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace ringfence::publish {

// Keeps answers that take their time to make: one is made anew where something has changed and it
// is older than a second and than twenty times what making it took. So it costs at most a twentieth
// of a core, however many ask. Thread-safe.
template <typename Key, typename Value>
class Keeper {
 public:
  // Of more keys the one that was made first goes.
  explicit Keeper(size_t kept_max) : kept_max_(kept_max) {}

  // `changes`: those that `make` would see. May give an answer from before, and waits where another
  // thread makes the first. `make` is called in this thread, without a lock.
  std::shared_ptr<const Value> Get(const Key& key, uint64_t changes,
                                   const std::function<Value()>& make) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      const absl::MutexLock lock(&mutex_);
      const auto is_made = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        const auto found = kept_.find(key);
        return found == kept_.end() || found->second.value != nullptr;
      };
      mutex_.Await(absl::Condition(&is_made));
      Kept& kept = kept_[key];
      // Where somebody is about it others get what there is.
      const bool holds = kept.value != nullptr &&
                         (kept.changes == changes || kept.is_being_made || Clock::now() < kept.due);
      if (holds) return kept.value;
      kept.is_being_made = true;
    }
    const Clock::time_point start = Clock::now();
    auto made = std::make_shared<const Value>(make());
    const Clock::time_point end = Clock::now();
    const absl::MutexLock lock(&mutex_);
    Clock::time_point due = end + std::max<Clock::duration>(kAgeMin, kCost * (end - start));
    if (start < hastened_) due = std::min(due, std::max(end, hastened_));
    kept_[key] = {made, changes, end, due};
    while (kept_.size() > kept_max_) {
      kept_.erase(std::min_element(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) {
        return a.second.made < b.second.made;
      }));
    }
    return made;
  }

  // What is kept holds for two seconds more at most, however long making it took: time enough for
  // what was just decided to have its effect.
  void Hasten() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    hastened_ = Clock::now() + kEffect;
    for (auto& [key, kept] : kept_) kept.due = std::min(kept.due, hastened_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kAgeMin{1};
  static constexpr std::chrono::seconds kEffect{2};
  static constexpr int kCost = 20;

  struct Kept {
    // Null until the first is made.
    std::shared_ptr<const Value> value;
    uint64_t changes = 0;
    Clock::time_point made = Clock::time_point::max();
    Clock::time_point due;
    bool is_being_made = false;
  };

  const size_t kept_max_;
  absl::Mutex mutex_;
  // What was begun before that is as old as what was kept then.
  Clock::time_point hastened_ ABSL_GUARDED_BY(mutex_);
  std::map<Key, Kept> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::publish
