#include "pipelines/ties/node_index.h"

#include <algorithm>

namespace ringfence::ties {

void Node::TouchAll() {
  all_touched_ = true;
  state_.looked_mark = 0;
}

void Node::KeepIndexOrNot() {
  if (IsSmall() == (index_ == nullptr)) return;
  TouchAll();
  if (index_ != nullptr) {
    for (const auto& [hash, key] : index_->sample) neighbours_.at(key).sampled = false;
    index_.reset();
    return;
  }
  index_ = std::make_unique<Index>(key_, rules_);
  for (auto each = neighbours_.begin(); each != neighbours_.end(); ++each) {
    index_->all.emplace(SampleHash(each->first), each->first);
    if (each->second.wants_sketch) index_->wanting.insert(each->first);
    Enter(each);
  }
}

void Node::Enter(Neighbours::const_iterator of) {
  if (index_ == nullptr) {
    TouchAll();
    return;
  }
  const auto& [key, neighbour] = *of;
  const NodeFacts& facts = FactsOf(neighbour);
  if (facts.few_neighbours) index_->few.emplace(SketchHash(key), key);
  if (CanBeHome(key, facts)) index_->homes.insert(RankAsHome(key, neighbour.tie, facts, rules_));
  for (const Lead& lead : LeadsOf(key, facts)) {
    if (lead.to != key_) index_->leading_to[lead.to].emplace(SampleHash(key), key);
  }
  TouchLeads(of);
}

void Node::Leave(Neighbours::const_iterator of) {
  if (index_ == nullptr) {
    TouchAll();
    return;
  }
  TouchLeads(of);
  const auto& [key, neighbour] = *of;
  const NodeFacts& facts = FactsOf(neighbour);
  index_->few.erase({SketchHash(key), key});
  if (CanBeHome(key, facts)) index_->homes.erase(RankAsHome(key, neighbour.tie, facts, rules_));
  for (const Lead& lead : LeadsOf(key, facts)) {
    auto leading = index_->leading_to.find(lead.to);
    if (leading == index_->leading_to.end()) continue;
    leading->second.erase({SampleHash(key), key});
    if (leading->second.empty()) index_->leading_to.erase(leading);
  }
}

void Node::TouchLeads(Neighbours::const_iterator of) {
  index_->touched.push_back(of->first);
  if (all_touched_) return;
  if (facts_.infrastructure != Infrastructure::kNo) {
    // It vouches for nobody; when that changes, all edges are looked at.
    if (!state_.looked_without_leads) state_.looked_mark = 0;
    return;
  }
  for (const Lead& lead : LeadsOf(of->first, FactsOf(of->second))) {
    auto leading = index_->leading_to.find(lead.to);
    if (leading == index_->leading_to.end()) continue;
    // Beyond those that are asked it vouches for nobody.
    uint32_t asked = 0;
    auto each = leading->second.begin();
    while (each != leading->second.end() && each->second != of->first) {
      if (++asked > rules_.witnesses_max) break;
      ++each;
    }
    if (asked > rules_.witnesses_max) continue;
    if (leading->second.size() > announce_max_) {
      TouchAll();
      return;
    }
    for (const auto& [hash, key] : leading->second) index_->touched.push_back(key);
  }
}

void Node::Unsample(Neighbour& neighbour) {
  neighbour.sampled = false;
  if (neighbour.sketch != nullptr) index_->clustering.Remove(*neighbour.sketch);
}

void Node::DrawSample() {
  Index& index = *index_;
  const size_t size = counts_.neighbours >= rules_.many_neighbours
                          ? std::min<size_t>(rules_.sample_max, index.all.size())
                          : 0;
  if (!std::exchange(index.sample_is_old, false) && index.sample.size() == size) return;
  absl::btree_set<Hashed> drawn;
  for (auto each = index.all.begin(); drawn.size() < size; ++each) drawn.insert(*each);
  for (const Hashed& each : index.sample) {
    if (drawn.contains(each)) continue;
    Unsample(neighbours_.at(each.second));
    index.touched.push_back(each.second);
  }
  for (const Hashed& each : drawn) {
    Neighbour& neighbour = neighbours_.at(each.second);
    if (neighbour.sampled) continue;
    neighbour.sampled = true;
    if (neighbour.sketch != nullptr) index.clustering.Add(*neighbour.sketch);
    index.touched.push_back(each.second);
  }
  index.sample = std::move(drawn);
}

}  // namespace ringfence::ties
