#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/intake/normalise_cache.h"

namespace ringfence::runtime {

// One memory of normalised values for all of a process: what the gateway has parsed, intake need
// not parse again a moment later. Thread-safe; holds at most 64 Ki answers.
class SharedNormaliseMemory : public intake::NormaliseMemory {
 public:
  std::optional<identifiers::Normalised> Find(const std::string& question) override;
  void Remember(const std::string& question, const identifiers::Normalised& answer) override;

 private:
  static constexpr size_t kShards = 16;
  static constexpr size_t kAnswersMax = 64 * 1024;

  // A part of the questions, so that threads seldom wait for each other.
  struct Shard {
    absl::Mutex mutex;
    intake::TwoGenerations memory ABSL_GUARDED_BY(mutex){kAnswersMax / 2 / kShards};
  };

  Shard& ShardOf(const std::string& question);

  std::array<Shard, kShards> shards_;
};

}  // namespace ringfence::runtime
