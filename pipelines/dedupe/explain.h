#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/core/id.h"
#include "pipelines/core/state.h"
#include "pipelines/dedupe/match.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::dedupe {

// Why a report is in its incident, from the state of its partition alone.
struct ReportExplanation {
  struct Other {
    core::Id report;
    // What it was compared by.
    internal::v1::MatchFacts facts;
    Comparison comparison;
  };

  // The present revision; no other field is set where it is retracted.
  uint32_t revision = 0;
  bool retracted = false;
  internal::v1::MatchFacts facts;
  // The root of its incident, itself where it is alone.
  core::Id incident;
  // Those that it is compared with, in the order of their ids: each match, and each near miss.
  std::vector<Other> others;
  // Blocks of a victim's tokens that are flooded: all their reports are one incident.
  uint32_t floods = 0;
};

// kNotFound where the report is unknown (never sent, or forgotten), kDataLoss where the state is
// damaged. Changes nothing in `state`, which may be a snapshot.
absl::StatusOr<ReportExplanation> Explain(core::State& state, const core::Id& report);

}  // namespace ringfence::dedupe
