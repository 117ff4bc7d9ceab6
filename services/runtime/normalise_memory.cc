#include "services/runtime/normalise_memory.h"

#include "absl/hash/hash.h"

namespace ringfence::runtime {

std::optional<identifiers::Normalised> SharedNormaliseMemory::Find(const std::string& question) {
  Shard& shard = ShardOf(question);
  absl::MutexLock lock(&shard.mutex);
  return shard.memory.Find(question);
}

void SharedNormaliseMemory::Remember(const std::string& question,
                                     const identifiers::Normalised& answer) {
  Shard& shard = ShardOf(question);
  absl::MutexLock lock(&shard.mutex);
  shard.memory.Remember(question, answer);
}

SharedNormaliseMemory::Shard& SharedNormaliseMemory::ShardOf(const std::string& question) {
  return shards_[absl::HashOf(question) % kShards];
}

}  // namespace ringfence::runtime
