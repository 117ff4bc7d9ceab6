#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "tests/oracle/oracle.h"
#include "tests/sim/indicators_topic.h"
#include "tests/sim/reader.h"

namespace ringfence::sim {

// Each says what is wrong once nothing is under way; empty if nothing is. States are those of a
// mailbox's partitions, stored.

// Each report's incident, as dedupe explains it.
std::string CompareIncidents(const oracle::World& world, const std::vector<core::State*>& dedupe);

// What dedupe lists as beyond a quota.
std::string CompareWithheld(const oracle::World& world, const std::vector<core::State*>& dedupe);

// Who reads what compaction leaves of the topic knows what was `published` to who read it all.
std::string CompareCompacted(const IndicatorsTopic& topic, uint32_t partitions,
                             const oracle::Published& published);

// Long after all evidence has expired: nothing is left of what was in the set, nor of its removal,
// in the topic, in what cluster keeps for it, and in the read model.
std::string FindLeftovers(const IndicatorsTopic& topic, const std::vector<core::State*>& cluster,
                          Reader& reader);

}  // namespace ringfence::sim
