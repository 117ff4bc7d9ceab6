#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ringfence::core {

// A stage's state: an ordered map of byte strings, owned by one thread. What is put becomes durable
// together with the offset of the record that caused it, some time later; a crash goes back to an
// earlier offset's state as a whole. Keys are the stage's own; the first byte names the table.
//
// An implementation that meets an I/O error keeps it, answers as if the key were absent, and fails
// the batch: what a stage computed since it last stored is thrown away (see `Stage::Store`).
class State {
 public:
  virtual ~State() = default;

  virtual std::optional<std::string> Get(std::string_view key) = 0;
  virtual void Put(std::string_view key, std::string_view value) = 0;
  virtual void Delete(std::string_view key) = 0;

  // Calls `visit` with every pair from `from` (inclusive) on in ascending order of bytes, until it
  // returns false or `until` (exclusive) is reached. Sees what was put before. `visit` must not
  // change the state.
  using Visitor = std::function<bool(std::string_view key, std::string_view value)>;
  virtual void Scan(std::string_view from, std::string_view until, const Visitor& visit) = 0;
};

}  // namespace ringfence::core
