#pragma once

#include <functional>
#include <memory>
#include <string>

#include "services/runtime/runner.h"

namespace ringfence::runtime {

// What there is to know of a stage to run it.
struct StageKind {
  std::string name;
  core::Mailbox mailbox = core::Mailbox::kDedupe;
  // See Runner::Options.
  bool recheck = false;
  // Makes the stage of a partition.
  std::function<std::unique_ptr<core::Stage>(core::State& state, uint32_t partition)> make;
};

// What all partitions of all stages of a process share.
struct StageSurroundings {
  uint32_t partitions = 1;
  // Each partition's state is in the folder STAGE-PARTITION of it.
  std::string state_folder;
  std::string placement;
  std::shared_ptr<RocksMemory> memory;
  Clock clock;
};

// Of a partition of a stage: the one way to run it, in whatever process.
inline Runner::Options RunnerOptions(const StageKind& kind, const StageSurroundings& surroundings,
                                     uint32_t partition) {
  Runner::Options options;
  options.stage = kind.name;
  options.mailbox = kind.mailbox;
  options.output = {partition, surroundings.partitions, surroundings.partitions};
  options.state_dir = surroundings.state_folder + "/" + kind.name + "-" + std::to_string(partition);
  options.placement = surroundings.placement;
  options.memory = surroundings.memory;
  options.clock = surroundings.clock;
  return options;
}
inline Runner::StageFactory FactoryOf(const StageKind& kind, uint32_t partition) {
  return [make = kind.make, partition](core::State& state) { return make(state, partition); };
}

}  // namespace ringfence::runtime
