#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "pipelines/components/components.h"
#include "pipelines/core/place.h"

namespace ringfence::cluster {

// Messages to other partitions, and to which. Of several from one node to another only the last
// goes out: it says all that the earlier ones did.
template <typename EitherMessage>
class Remote {
 public:
  void Add(const EitherMessage& message, uint32_t partition) {
    auto [entry, inserted] =
        index_.try_emplace(std::pair(message.from, message.to), messages_.size());
    if (inserted) {
      messages_.emplace_back(message, partition);
      return;
    }
    EitherMessage& earlier = messages_[entry->second].first;
    const bool hello = earlier.hello || message.hello;
    const core::Place since = message.hello ? message.since : earlier.since;
    earlier = message;
    earlier.hello = hello;
    earlier.since = since;
  }

  std::vector<std::pair<EitherMessage, uint32_t>> Take() {
    index_.clear();
    return std::exchange(messages_, {});
  }

 private:
  std::vector<std::pair<EitherMessage, uint32_t>> messages_;
  absl::flat_hash_map<std::pair<components::NodeKey, components::NodeKey>, size_t> index_;
};

}  // namespace ringfence::cluster
