#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace ringfence::publish {

// Answers that wait for others, the log or states that are being opened, hold a thread of the
// server's each as long as that lasts: of a kind of them at most so many are begun at a time.
// Thread-safe.
class Places {
 public:
  explicit Places(size_t max) : max_(max) {}

  // Null where all are taken; a place is free again once what is returned goes, also after this.
  std::shared_ptr<const void> Take() {
    auto place = std::make_shared<const Place>(taken_);
    return *taken_ <= max_ ? place : nullptr;
  }

 private:
  using Count = std::shared_ptr<std::atomic<size_t>>;
  class Place {
   public:
    explicit Place(Count count) : count_(std::move(count)) { ++*count_; }
    ~Place() { --*count_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    const Count count_;
  };

  const size_t max_;
  const Count taken_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace ringfence::publish
