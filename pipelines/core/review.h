#pragma once

#include <cstdint>
#include <optional>

#include "pipelines/core/id.h"
#include "pipelines/core/state.h"

namespace ringfence::core {

// How far a stage has looked through its entries for what a decision changes, which is more than
// one record may do. Part of its state (key 'w'), put there as it changes. Entries are looked at in
// the order of their ids, by which those of one type stand together.
class Review {
 public:
  // `state` must outlive it.
  explicit Review(State& state);

  // Entries of these types, as bits 1 << type, have to be looked at. True where the caller has to
  // send itself a message to begin; else one is on its way. Types of 0: nothing.
  bool Begin(uint64_t types);
  // Nothing is to be done where it does not: a message came twice.
  bool running() const { return running_; }
  // From which id (exclusive) to go on; all are below where it is unset.
  const std::optional<Id>& after() const { return after_; }
  bool Wants(const Id& id) const { return id.hi >> 56 < 64 && (types_ >> (id.hi >> 56) & 1) != 0; }
  // What was done with one message. `last`: the last entry looked at; unset where there are no
  // more. True where the caller has to send itself another message.
  bool GoOn(const std::optional<Id>& last);

 private:
  void Store();

  State& state_;
  bool running_ = false;
  std::optional<Id> after_;
  uint64_t types_ = 0;
  uint64_t again_ = 0;
};

}  // namespace ringfence::core
