#pragma once

#include <memory>

#include "pipelines/core/stage.h"
#include "pipelines/core/state.h"

namespace ringfence::dedupe {

struct Options {
  uint32_t partition = 0;
  // How many reports one record may forget; the rest follow in later records.
  size_t sweep_max = 256;
};

// One entry a (partner, report_id): of all revisions the greatest (revision, retracted, content
// hash) holds, in whatever order they come; what is lower is a duplicate and changes nothing. Sends
// to `cluster` what the present revision says about each base, and takes back what it no longer
// says.
//
// `state` must outlive the stage and belong to it alone.
std::unique_ptr<core::Stage> MakeDedupe(core::State& state, const Options& options);

}  // namespace ringfence::dedupe
