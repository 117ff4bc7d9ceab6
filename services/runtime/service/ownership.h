#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"

namespace ringfence::runtime {

// Which partitions this process works on. Two owners of one partition at a time are a nuisance and
// no danger: receivers know messages by their places.
class Ownership {
 public:
  using Partitions = std::vector<int32_t>;
  struct Callbacks {
    // Partitions that are this process's from now on, besides those that are; returns at once. An
    // empty one says that there are none for it now.
    std::function<void(const Partitions&)> assigned;
    // Returns once nothing is done for them any more.
    std::function<void(const Partitions&)> revoked;
  };

  // As Leave.
  virtual ~Ownership() = default;

  // Callbacks come one at a time, of any thread, until Leave has returned.
  virtual absl::Status Join(Callbacks callbacks) = 0;
  // Gives back all partitions (`revoked` is called) and leaves.
  virtual void Leave() = 0;
  // Not ok once it is over for good, after all was revoked: no partition will come any more.
  virtual absl::Status status() const { return absl::OkStatus(); }
};

// Has the given partitions as long as it is joined: where one process works on all of a log.
class FixedOwnership : public Ownership {
 public:
  explicit FixedOwnership(Partitions partitions) : partitions_(std::move(partitions)) {}
  ~FixedOwnership() override { Leave(); }

  absl::Status Join(Callbacks callbacks) override {
    callbacks_ = std::move(callbacks);
    joined_ = true;
    callbacks_.assigned(partitions_);
    return absl::OkStatus();
  }
  void Leave() override {
    if (joined_) callbacks_.revoked(partitions_);
    joined_ = false;
  }

 private:
  const Partitions partitions_;
  Callbacks callbacks_;
  bool joined_ = false;
};

}  // namespace ringfence::runtime
