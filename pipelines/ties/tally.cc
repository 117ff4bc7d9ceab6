#include "pipelines/ties/tally.h"

#include <algorithm>

namespace ringfence::ties {
namespace {

template <typename Multiset>
void Count(Multiset& values, const core::Id& value, bool add) {
  auto entry = values.try_emplace(value, 0).first;
  if (add) {
    ++entry->second;
  } else if (--entry->second == 0) {
    values.erase(entry);
  }
}

// Ids are hashes: half of one tells them apart. 0 stands for none.
uint64_t Short(const core::Id& id) { return std::max<uint64_t>(id.lo, 1); }

uint32_t SizeOf(const auto& container) { return static_cast<uint32_t>(container.size()); }

}  // namespace

void Tally::Add(const Naming& naming, absl::btree_set<NodeKey>& changed) {
  Change(naming, true, changed);
}

void Tally::Remove(const Naming& naming, absl::btree_set<NodeKey>& changed) {
  Change(naming, false, changed);
}

void Tally::Change(const Naming& naming, bool add, absl::btree_set<NodeKey>& changed) {
  Count(incidents_, naming.incident, add);
  Count(organisations_, naming.organisation, add);
  for (const NodeKey& neighbour : naming.neighbours) {
    auto pair = pairs_.try_emplace(neighbour).first;
    const Tie before = TieOf(pair->second);
    ChangePair(pair->second, naming, add);
    if (TieOf(pair->second) != before) changed.insert(neighbour);
    if (pair->second.incidents.empty()) pairs_.erase(pair);
  }
}

void Tally::ChangePair(Pair& pair, const Naming& naming, bool add) const {
  Count(pair.incidents, naming.incident, add);
  auto of = pair.organisations.try_emplace(naming.organisation).first;
  pair.capped -= std::min(SizeOf(of->second), rules_.organisation_incidents_max);
  Count(of->second, naming.incident, add);
  pair.capped += std::min(SizeOf(of->second), rules_.organisation_incidents_max);
  if (of->second.empty()) pair.organisations.erase(of);
}

Counts Tally::counts() const {
  return {SizeOf(incidents_), SizeOf(organisations_), SizeOf(pairs_)};
}

Tie Tally::TieTo(const NodeKey& neighbour) const {
  auto pair = pairs_.find(neighbour);
  return pair == pairs_.end() ? Tie{} : TieOf(pair->second);
}

Tie Tally::TieOf(const Pair& pair) const {
  const uint32_t incidents = SizeOf(pair.incidents);
  const uint32_t organisations = SizeOf(pair.organisations);
  Tie tie{incidents, organisations, std::min(incidents, pair.capped)};
  if (incidents == 1) tie.only_incident = Short(pair.incidents.begin()->first);
  if (organisations == 1) tie.only_organisation = Short(pair.organisations.begin()->first);
  return tie;
}

}  // namespace ringfence::ties
