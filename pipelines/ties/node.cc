#include "pipelines/ties/node.h"

#include <algorithm>
#include <limits>

namespace ringfence::ties {
namespace {

// So that what is in most incidents comes first.
uint32_t Descending(uint32_t incidents) { return std::numeric_limits<uint32_t>::max() - incidents; }

}  // namespace

Node::Node(const NodeKey& key, const Rules& rules, uint32_t announce_max)
    : key_(key), rules_(rules), announce_max_(announce_max), clustering_(key, rules) {}

bool Node::IsActive(const NodeKey& neighbour) const {
  auto found = neighbours_.find(neighbour);
  return found != neighbours_.end() && found->second.active;
}

void Node::OnCounts(const Counts& counts, bool declared, std::span<const TieChange> changes,
                    Outbox& outbox) {
  counts_ = counts;
  declared_ = declared;
  std::vector<NodeKey> greeted;
  for (const TieChange& change : changes) {
    auto [neighbour, is_new] = neighbours_.try_emplace(change.neighbour);
    if (!is_new) Unindex(neighbour);
    if (change.tie.incidents == 0) {
      Remove(neighbour, outbox);
      continue;
    }
    neighbour->second.tie = change.tie;
    Index(neighbour);
    if (!is_new) continue;
    all_.emplace(SampleHash(change.neighbour), change.neighbour);
    greeted.push_back(change.neighbour);
  }
  DrawSample();
  Settle(outbox);
  // After all else: a new neighbour is told once, the whole.
  for (const NodeKey& key : greeted) {
    if (auto neighbour = neighbours_.find(key); neighbour != neighbours_.end()) {
      Send(neighbour, /*hello=*/true, outbox);
    }
  }
}

void Node::Remove(Neighbours::iterator neighbour, Outbox& outbox) {
  all_.erase({SampleHash(neighbour->first), neighbour->first});
  if (neighbour->second.sampled) Unsample(neighbour->second);
  sample_.erase(neighbour->first);
  wanting_.erase(neighbour->first);
  touched_.erase(neighbour->first);
  if (neighbour->second.active) outbox.SetActive(key_, neighbour->first, false);
  neighbours_.erase(neighbour);
}

void Node::OnNeighbour(const Message& message, Outbox& outbox) {
  auto sender = neighbours_.find(message.from);
  if (sender == neighbours_.end()) return;
  Neighbour& heard = sender->second;
  if (message.place > heard.place) {
    heard.place = message.place;
    if (heard.facts != message.facts) {
      Unindex(sender);
      heard.facts = message.facts;
      Index(sender);
    }
    heard.vouches = message.vouched;
    if (heard.wants_sketch != message.wants_sketch) {
      heard.wants_sketch = message.wants_sketch;
      heard.sketch_told = 0;
      if (heard.wants_sketch) {
        wanting_.insert(message.from);
      } else {
        wanting_.erase(message.from);
      }
    }
    if (heard.sketch != message.sketch) {
      if (heard.sampled && heard.sketch) clustering_.Remove(*heard.sketch);
      heard.sketch = message.sketch;
      if (heard.sampled && heard.sketch) clustering_.Add(*heard.sketch);
    }
    touched_.insert(message.from);
    Settle(outbox);
  }
  // Even if the rest is out of date: the sender waits for an answer.
  if (message.hello) Send(sender, /*hello=*/false, outbox);
}

void Node::Index(Neighbours::const_iterator of) {
  const auto& [key, neighbour] = *of;
  if (neighbour.facts.few_neighbours) few_.emplace(SketchHash(key), key);
  if (CanBeHome(key, neighbour.facts)) {
    // Infrastructure stands here as the last of all, whether or not it is in all incidents.
    const HomeRank rank = RankAsHome(0, key, neighbour.tie, neighbour.facts, rules_);
    homes_.insert(rank);
    if (neighbour.facts.infrastructure != Infrastructure::kNo) {
      infrastructure_homes_.emplace(Descending(neighbour.tie.incidents), rank);
    }
  }
  for (const Lead& lead : LeadsOf(key, neighbour.facts)) {
    if (lead.to != key_) leading_to_[lead.to].emplace(SampleHash(key), key);
  }
  TouchLeads(of);
}

void Node::Unindex(Neighbours::const_iterator of) {
  const auto& [key, neighbour] = *of;
  TouchLeads(of);
  few_.erase({SketchHash(key), key});
  if (CanBeHome(key, neighbour.facts)) {
    const HomeRank rank = RankAsHome(0, key, neighbour.tie, neighbour.facts, rules_);
    homes_.erase(rank);
    infrastructure_homes_.erase({Descending(neighbour.tie.incidents), rank});
  }
  for (const Lead& lead : LeadsOf(key, neighbour.facts)) {
    auto leading = leading_to_.find(lead.to);
    if (leading == leading_to_.end()) continue;
    leading->second.erase({SampleHash(key), key});
    if (leading->second.empty()) leading_to_.erase(leading);
  }
}

void Node::TouchLeads(Neighbours::const_iterator of) {
  touched_.insert(of->first);
  // It vouches for nobody; when that changes, all edges are looked at.
  if (facts_.infrastructure != Infrastructure::kNo) return;
  for (const Lead& lead : LeadsOf(of->first, of->second.facts)) {
    auto leading = leading_to_.find(lead.to);
    if (leading == leading_to_.end()) continue;
    // Beyond those that are asked it vouches for nobody.
    uint32_t asked = 0;
    auto each = leading->second.begin();
    while (each != leading->second.end() && each->second != of->first) {
      if (++asked > rules_.witnesses_max) break;
      ++each;
    }
    if (asked > rules_.witnesses_max) continue;
    if (leading->second.size() > announce_max_) {
      all_touched_ = true;
      continue;
    }
    for (const auto& [hash, key] : leading->second) touched_.insert(key);
  }
}

void Node::Unsample(Neighbour& neighbour) {
  neighbour.sampled = false;
  if (neighbour.sketch) clustering_.Remove(*neighbour.sketch);
}

void Node::DrawSample() {
  absl::btree_set<NodeKey> drawn;
  if (counts_.neighbours >= rules_.many_neighbours) {
    for (auto each = all_.begin(); each != all_.end() && drawn.size() < rules_.sample_max; ++each) {
      drawn.insert(each->second);
    }
  }
  if (drawn == sample_) return;
  for (const NodeKey& key : sample_) {
    if (drawn.contains(key)) continue;
    Unsample(neighbours_.at(key));
    touched_.insert(key);
  }
  for (const NodeKey& key : drawn) {
    Neighbour& neighbour = neighbours_.at(key);
    if (neighbour.sampled) continue;
    neighbour.sampled = true;
    if (neighbour.sketch) clustering_.Add(*neighbour.sketch);
    touched_.insert(key);
  }
  sample_ = std::move(drawn);
}

std::optional<NodeKey> Node::HomeNow() const {
  if (homes_.empty()) return std::nullopt;
  const HomeRank& best = *homes_.begin();
  if (best.home_class == 0 || infrastructure_homes_.empty()) return best.key;
  const auto& [descending, infrastructure] = *infrastructure_homes_.begin();
  const bool in_all = counts_.incidents >= 2 && descending == Descending(counts_.incidents);
  return in_all ? infrastructure.key : best.key;
}

NodeFacts Node::FactsNow() const {
  NodeFacts facts = FactsOf(counts_, rules_);
  if (declared_) {
    facts.infrastructure = Infrastructure::kDeclared;
  } else if (IsInfrastructure(counts_, clustering_, rules_)) {
    facts.infrastructure = Infrastructure::kByRule;
  }
  if (facts.infrastructure != Infrastructure::kNo) return facts;
  facts.home = HomeNow();
  for (const HomeRank& rank : homes_) {
    if (rank.home_class != 0 || facts.anchors.size() == rules_.anchors_max) break;
    facts.anchors.push_back({rank.key, neighbours_.at(rank.key).tie.only_organisation});
  }
  if (facts.home) {
    const NodeFacts& home = neighbours_.at(*facts.home).facts;
    facts.reach = std::max(facts.reach, home.organisations);
  }
  return facts;
}

void Node::Settle(Outbox& outbox) {
  NodeFacts facts = FactsNow();
  if (facts != facts_) {
    facts_ = std::move(facts);
    ++facts_version_;
    all_touched_ = true;
  }
  Sketch sketch;
  for (auto each = few_.begin(); each != few_.end() && sketch.size() < rules_.sketch_size; ++each) {
    sketch.push_back(each->second);
  }
  if (sketch != sketch_) {
    sketch_ = std::move(sketch);
    ++sketch_version_;
    if (wanting_.size() > announce_max_) {
      all_touched_ = true;
    } else {
      touched_.insert(wanting_.begin(), wanting_.end());
    }
  }
  if (std::exchange(all_touched_, false)) LookAtAll(outbox);
  for (const NodeKey& key : std::exchange(touched_, {})) {
    if (auto neighbour = neighbours_.find(key); neighbour != neighbours_.end()) {
      LookAt(neighbour, outbox);
    }
  }
}

void Node::LookAtAll(Outbox& outbox) {
  auto next = neighbours_.begin();
  for (uint32_t seen = 0; next != neighbours_.end() && seen < announce_max_; ++seen, ++next) {
    LookAt(next, outbox);
  }
  // A call of Announce that is outstanding goes on from the new place.
  const bool outstanding = announce_from_.has_value();
  if (next != neighbours_.end()) {
    announce_from_ = next->first;
    if (!outstanding) outbox.AnnounceLater(key_);
  } else if (outstanding) {
    // All have been looked at; the outstanding call then has nothing left to do.
    announce_from_ = neighbours_.empty() ? key_ : neighbours_.rbegin()->first;
  }
}

void Node::Announce(Outbox& outbox) {
  if (!announce_from_) return;
  auto next = neighbours_.lower_bound(*announce_from_);
  for (uint32_t seen = 0; next != neighbours_.end() && seen < announce_max_; ++seen, ++next) {
    LookAt(next, outbox);
  }
  if (next == neighbours_.end()) {
    announce_from_.reset();
    return;
  }
  announce_from_ = next->first;
  outbox.AnnounceLater(key_);
}

void Node::LookAt(Neighbours::iterator at, Outbox& outbox) {
  auto& [key, neighbour] = *at;
  const Verdict verdict = Judge({key_, facts_}, {key, neighbour.facts}, neighbour.tie, rules_);
  neighbour.vouched = verdict == Verdict::kIfVouchedFor && IsVouchedFor(at);
  const bool vouched_for = neighbour.vouched || neighbour.vouches;
  const bool active =
      verdict == Verdict::kActive || (verdict == Verdict::kIfVouchedFor && vouched_for);
  if (active != neighbour.active) {
    neighbour.active = active;
    outbox.SetActive(key_, key, active);
  }
  const bool told = neighbour.facts_told == facts_version_ &&
                    neighbour.vouched_told == neighbour.vouched &&
                    neighbour.sampled_told == neighbour.sampled &&
                    (!neighbour.wants_sketch || neighbour.sketch_told == sketch_version_);
  // A new one is told by the hello.
  if (!told && neighbour.facts_told != 0) Send(at, /*hello=*/false, outbox);
}

bool Node::IsVouchedFor(Neighbours::const_iterator at) const {
  for (const Lead& lead : LeadsOf(at->first, at->second.facts)) {
    auto leading = leading_to_.find(lead.to);
    if (leading == leading_to_.end()) continue;
    uint32_t asked = 0;
    for (const auto& [hash, key] : leading->second) {
      if (key == at->first) continue;
      if (asked++ == rules_.witnesses_max) break;
      const Neighbour& witness = neighbours_.at(key);
      for (const Lead& witness_lead : LeadsOf(key, witness.facts)) {
        if (witness_lead.to != lead.to) continue;
        if (Vouches(at->second.tie, lead, witness.tie, witness_lead)) return true;
      }
    }
  }
  return false;
}

void Node::Send(Neighbours::iterator to, bool hello, Outbox& outbox) {
  Neighbour& neighbour = to->second;
  Message message{.from = key_,
                  .to = to->first,
                  .place = outbox.NextPlace(),
                  .facts = facts_,
                  .vouched = neighbour.vouched,
                  .wants_sketch = neighbour.sampled,
                  .sketch = std::nullopt,
                  .hello = hello};
  if (neighbour.wants_sketch) message.sketch = sketch_;
  neighbour.facts_told = facts_version_;
  neighbour.sketch_told = sketch_version_;
  neighbour.vouched_told = neighbour.vouched;
  neighbour.sampled_told = neighbour.sampled;
  outbox.Send(message);
}

}  // namespace ringfence::ties
