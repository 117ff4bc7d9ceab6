#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "pipelines/cluster/cluster.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/stage.h"
#include "pipelines/dedupe/dedupe.h"
#include "tests/sim/random.h"
#include "tests/sim/simulated_log.h"

namespace ringfence::sim {

// What a run's stages are made with. One run keeps them: another `own_messages_max` sends something
// else for the same record.
struct Knobs {
  uint32_t dedupe_partitions = 1;
  uint32_t cluster_partitions = 1;
  dedupe::Options dedupe;
  cluster::Options cluster;
  // An envelope is closed with this probability before each message.
  double close_envelope = 0;
};

Knobs RandomKnobs(Random& random);
// From how many listings and pieces of evidence on a base is a large one. Apart, so that a seed is
// the same world whatever is.
void ChooseWhatIsLarge(Random& random, Knobs& knobs);

// What small worlds seldom have more of than a record may do, or a report be compared with.
void BoundWork(Random& random, Knobs& knobs);

// The rule's numbers, mostly so small that small worlds have something of everything.
ties::Rules RandomTieRules(Random& random);

// How long removals stay in the topic: mostly shorter than worlds last, and than writers are late;
// without `purges` longer than any world lasts. Of its own, so that a seed is the same world.
core::Time RandomKeepRemovals(uint64_t seed, bool purges);

// What a flush keeps: the state, and the record to go on with.
struct Checkpoint {
  core::MemoryState state;
  size_t next = 0;
};

// A record that a stage sent: to a mailbox, or of its own partition of `indicators`.
struct Outgoing {
  std::optional<PartitionName> to;
  std::string key;
  std::string value;
};

// One owner of one partition: a stage over its own copy of the state.
class Owner {
 public:
  // `knobs` and `random` must outlive it.
  Owner(uint64_t number, const PartitionName& partition, const Knobs& knobs,
        const Checkpoint& checkpoint, Random& random);
  ~Owner();

  // Applies up to `records` of `log`, without the end of the batch.
  absl::Status Apply(const std::vector<LogRecord>& log, size_t records);
  // Ends the batch.
  absl::Status EndBatch();
  // Writes to the state what changed. Only after the end of a batch.
  absl::Status Store();
  // What came out since the last call.
  std::vector<Outgoing> TakeOutgoing();

  // What a reader of the state would see.
  core::State& state() { return state_; }
  // Only after Store.
  Checkpoint Keep() const { return {state_, next_}; }
  uint64_t number() const { return number_; }
  size_t next() const { return next_; }
  core::Time AsOf() const { return stage_->AsOf(); }

 private:
  class SimulatedOutput;

  const uint64_t number_;
  core::MemoryState state_;
  size_t next_;
  std::unique_ptr<SimulatedOutput> output_;
  std::unique_ptr<core::Stage> stage_;
};

}  // namespace ringfence::sim
