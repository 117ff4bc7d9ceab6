#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/cluster/overrides.h"
#include "pipelines/cluster/score.h"
#include "pipelines/cluster/ties_view.h"
#include "pipelines/cluster/weights.h"
#include "pipelines/core/id.h"
#include "pipelines/core/state.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::cluster {

// Why an identifier stands where it does, from the state of its base's partition alone.
struct ListingExplanation {
  struct Organisation {
    std::string name;
    Weights::Weight weight;
    // Distinct, live, of evidence that counts.
    uint32_t incidents = 0;
  };
  // What its ties go through: its link node, of an IP one for each day.
  struct Node {
    core::Day day = 0;
    ties::Counts counts;
    bool established = false;
    ties::Infrastructure infrastructure = ties::Infrastructure::kNo;
    // How well its neighbours know each other; 0 where they are few.
    double clustering = 0;
    // The base of its home; zero where it has none.
    core::Id home;
    std::vector<BaseTie> ties;
  };

  // There is live evidence of it; what follows is empty without.
  bool live = false;
  // It is in the set, unless operators' decisions or its type keep it out.
  bool hidden = false;
  Assessment assessment;
  Standing standing;
  // By name.
  std::vector<Organisation> organisations;
  // Live namings in a role that cannot be spoofed, feeds' among them.
  uint32_t unspoofable = 0;
  // The strictest of its live evidence.
  v1::Tlp tlp = v1::TLP_UNSPECIFIED;
  // There are some also without live evidence.
  Effects effects;
  std::vector<Node> nodes;
};

// Of the identifier (type, canonical value) on the base `base`, with all ties of its link node.
// Unknown: not live, without nodes. kDataLoss where the state is damaged. Changes nothing in
// `state`, which may be a snapshot. Costs as much as what the state holds of the base.
absl::StatusOr<ListingExplanation> Explain(core::State& state, const core::Id& base,
                                           v1::IdentifierType type, const std::string& value);

// An identifier in the set that stands on the base, the least by its id: what a tie to the base
// leads to, where the base is not listed itself (a domain of which only hosts are). Errors as
// above.
absl::StatusOr<std::optional<core::Id>> FirstListedOn(core::State& state, const core::Id& base);

}  // namespace ringfence::cluster
