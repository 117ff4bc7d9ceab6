#pragma once

#include <memory>
#include <string>

#include "pipelines/cluster/base_store.h"
#include "pipelines/components/components.h"
#include "pipelines/core/place.h"
#include "pipelines/core/removals.h"
#include "pipelines/core/stage.h"
#include "pipelines/core/state.h"
#include "pipelines/ties/rules.h"

namespace ringfence::cluster {

struct Options {
  uint32_t partition = 0;
  // Names the namespace of indicator ids.
  std::string deployment = "local";
  // Messages to the same partition that are applied right after the record that caused them; the
  // rest go through the log.
  uint32_t own_messages_max = 65'536;
  // Places that one record may use up before its own messages go through the log too; and at all,
  // at most kPlaceIndexMax + 1: with more it fails (kInternal).
  uint32_t places_soft_max = core::kPlaceIndexMax / 2;
  uint32_t places_max = core::kPlaceIndexMax + 1;
  // Bases that one record may expire, and keys that it may take out of `indicators`; the rest
  // follow in later records.
  size_t sweep_max = 256;
  // Bases that one record may look through for what an operator's decision changes, and reports of
  // a base that it may tell of one; the rest follow in later records.
  size_t review_max = 256;
  // Pieces of evidence of a base that are gone through for what is due; of more it is looked up.
  size_t walked_evidence_max = 64;
  core::Time keep_removals = core::kKeepRemovals;
  components::Rules rules;
  ties::Rules ties;
  StoreOptions store;
};

// Of each base its evidence, and the statistics and listing of its identifiers; of each of its
// nodes the ties, and which of them count; and of each node of which any counts, apart from these,
// the label. Sends facts and labels to neighbours, and to the partition's own `indicators` each
// identifier that changed, in full, and each label. That one left the set, or that a label ended,
// stands there for `keep_removals`, and then nothing does.
//
// `state` must outlive the stage and belong to it alone.
std::unique_ptr<core::Stage> MakeCluster(core::State& state, const Options& options);

}  // namespace ringfence::cluster
