#pragma once

#include <cstdint>
#include <string>

namespace ringfence::sim {

// A rule that the stages are made to break, to see that it is noticed.
enum class Break {
  kNothing,
  // A detach does not wait for confirmations (components::Rules).
  kDetach,
  // Reports are never told what operators decided about the identifiers that they name.
  kMarks,
  // Cluster never hears of a policy.
  kPolicies,
  // The owner that is left of two does not ask about what the other wrote.
  kRechecks,
};

struct SimulationOptions {
  uint64_t seed = 0;
  Break broken = Break::kNothing;
  // Without: the same world, as it is without reports that are held, echoes and other policies.
  bool policies = true;
  // Owners ask at any time about what stands in `indicators`, records run short of places, and
  // operators spare hosts that no report names.
  // Without: the same run as it was before they did.
  bool more_chaos = true;
  // Removals leave the topic after some time, and the owner that is left of two asks at once about
  // what the other wrote. Without: the same run as it was before.
  bool purges = true;
  // Print what happens, to stderr.
  bool verbose = false;
};

// One random world through dedupe and cluster on a simulated log, all in this thread: delays,
// repeats, records of different senders in any order, batches of any size, crashes back to an older
// flush with what was sent before, second owners, time that jumps. In the end the published set
// must be the oracle's. The same options give the same run.
//
// What is wrong, readable; empty if nothing is.
std::string Simulate(const SimulationOptions& options);

}  // namespace ringfence::sim
