#pragma once

#include <memory>

#include "pipelines/components/components.h"
#include "pipelines/core/place.h"
#include "pipelines/core/stage.h"
#include "pipelines/core/state.h"
#include "pipelines/dedupe/blocks.h"

namespace ringfence::dedupe {

struct Options {
  uint32_t partition = 0;
  // How many reports one record may forget; the rest follow in later records.
  size_t sweep_max = 256;
  // Reports that one record may look through for what an operator's decision changes.
  size_t review_max = 256;
  // Messages to the same partition that are applied right after the record that caused them; the
  // rest go through the log.
  uint32_t own_messages_max = 65'536;
  // Places (core/place.h) that one record uses up before its own messages go through the log too. A
  // record that takes up more than kPlaceIndexMax + 1 all the same fails (kInternal).
  uint32_t places_soft_max = core::kPlaceIndexMax / 2;
  // A block with more reports is flooded. All partitions must have the same.
  size_t block_max = kBlockMax;
  // Others that a report is compared with at most. All partitions must have the same.
  size_t peers_max = kPeersMax;
  // `day_ranks` is set whatever it says.
  components::Rules rules;
};

// One entry a (partner, report_id): of all revisions the greatest (revision, retracted, content
// hash) holds, in whatever order they come; what is lower is a duplicate and changes nothing. Joins
// the reports of one incident (joining.h). Sends to `cluster` what the present revision says about
// each base, and for which incident, and takes back what it no longer says.
//
// `state` must outlive the stage and belong to it alone.
std::unique_ptr<core::Stage> MakeDedupe(core::State& state, const Options& options);

}  // namespace ringfence::dedupe
