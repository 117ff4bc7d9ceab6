#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "pipelines/components/components.h"
#include "pipelines/core/place.h"

namespace ringfence::cluster {

// Messages to other partitions, and to which. Of several from one node to another only the one of
// the highest place goes out: it says all that the others did. It asks for an answer if any did.
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
    // One that waited its turn as the partition's own comes after later ones.
    EitherMessage& held = messages_[entry->second].first;
    const EitherMessage& latest = message.place < held.place ? held : message;
    const EitherMessage& other = &latest == &held ? message : held;
    EitherMessage merged = latest;
    if (!merged.hello && other.hello) {
      merged.hello = true;
      merged.since = other.since;
    }
    held = std::move(merged);
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
