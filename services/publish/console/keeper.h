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

  // `changes`: those that `make` would see. May give an answer from before. `make` is called in
  // this thread, without a lock.
  std::shared_ptr<const Value> Get(const Key& key, uint64_t changes,
                                   const std::function<Value()>& make) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      const absl::MutexLock lock(&mutex_);
      if (const auto found = kept_.find(key); found != kept_.end()) {
        Kept& kept = found->second;
        // Where somebody is about it others get what there is.
        if (kept.changes == changes || kept.is_being_made || Clock::now() < kept.due)
          return kept.value;
        kept.is_being_made = true;
      }
    }
    const Clock::time_point start = Clock::now();
    auto made = std::make_shared<const Value>(make());
    const Clock::time_point end = Clock::now();
    const absl::MutexLock lock(&mutex_);
    kept_[key] = {made, changes, end,
                  end + std::max<Clock::duration>(kAgeMin, kCost * (end - start))};
    while (kept_.size() > kept_max_) {
      kept_.erase(std::min_element(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) {
        return a.second.made < b.second.made;
      }));
    }
    return made;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kAgeMin{1};
  static constexpr int kCost = 20;

  struct Kept {
    std::shared_ptr<const Value> value;
    uint64_t changes = 0;
    Clock::time_point made;
    Clock::time_point due;
    bool is_being_made = false;
  };

  const size_t kept_max_;
  absl::Mutex mutex_;
  std::map<Key, Kept> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::publish
