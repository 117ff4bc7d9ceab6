#pragma once

#include <map>
#include <string>

#include "tests/worlds/graph.h"
#include "tests/worlds/world.h"

namespace ringfence::worlds {

// How near components come to the campaigns that a world really has. Judged are the identifiers
// that one campaign alone uses; an IP by its latest day.
struct Quality {
  double pair_precision = 0, pair_recall = 0;
  double bcubed_precision = 0, bcubed_recall = 0;
  // Of the campaigns with at least 20 identifiers: the share whose main component (which holds most
  // of them) is more than a fifth others'; that holds less than half of the campaign.
  double welded = 0, shattered = 0;
  // Of the pairs that were attacked: whether both main components are the same.
  std::map<Attack, bool> joined;
  // Dense campaigns and stars of which less than nine tenths is in one component.
  int special = 0, special_broken = 0;

  double PairF1() const;
  double BcubedF1() const;
};

Quality Judge(const World& world, const Graph& graph, const Components& components);

}  // namespace ringfence::worlds
