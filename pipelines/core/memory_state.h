#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "pipelines/core/state.h"

namespace ringfence::core {

// A state in memory: for tests, the simulator and small replays. A copy is what a flush would have
// kept.
class MemoryState : public State {
 public:
  std::optional<std::string> Get(std::string_view key) override {
    auto it = pairs_.find(std::string(key));
    return it == pairs_.end() ? std::nullopt : std::optional(it->second);
  }
  void Put(std::string_view key, std::string_view value) override {
    pairs_[std::string(key)] = std::string(value);
  }
  void Delete(std::string_view key) override { pairs_.erase(std::string(key)); }
  void Scan(std::string_view from, std::string_view until, const Visitor& visit) override {
    for (auto it = pairs_.lower_bound(std::string(from)); it != pairs_.end() && it->first < until;
         ++it) {
      if (!visit(it->first, it->second)) return;
    }
  }

  size_t size() const { return pairs_.size(); }

 private:
  absl::btree_map<std::string, std::string> pairs_;
};

}  // namespace ringfence::core
