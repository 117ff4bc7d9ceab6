#pragma once

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ringfence::publish {

// Names for one answer, of random digits, so that two answers cannot be laid side by side: one
// value has one alias in it.
template <typename Value>
class Aliases {
 public:
  explicit Aliases(std::string prefix) : prefix_(std::move(prefix)) {}

  const std::string& Of(const Value& value) {
    auto [alias, is_new] = aliases_.try_emplace(value);
    while (is_new && alias->second.empty()) {
      const std::string fresh = absl::StrCat(prefix_, "-", absl::Hex(random_(), absl::kZeroPad8));
      const bool taken = std::any_of(aliases_.begin(), aliases_.end(),
                                     [&](const auto& held) { return held.second == fresh; });
      if (!taken) alias->second = fresh;
    }
    return alias->second;
  }

 private:
  const std::string prefix_;
  std::random_device random_;
  std::map<Value, std::string> aliases_;
};

}  // namespace ringfence::publish
