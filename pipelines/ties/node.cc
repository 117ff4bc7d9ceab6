#include "pipelines/ties/node.h"

#include <algorithm>

#include "pipelines/ties/node_index.h"

namespace ringfence::ties {
namespace {

// A hub tells of itself when it has not changed for so many calls of Announce; or after so many,
// and one more for so many neighbours.
constexpr uint32_t kCalmCalls = 8;
constexpr uint32_t kWaitCalls = 64;
constexpr uint32_t kNeighboursPerWait = 64;

void SortOut(std::vector<NodeKey>& keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

}  // namespace

Node::Node(const NodeKey& key, const Rules& rules, uint32_t announce_max)
    : key_(key), rules_(rules), announce_max_(announce_max) {}

Node::Node(Node&&) noexcept = default;
Node::~Node() = default;

bool Node::IsActive(const NodeKey& neighbour) const {
  auto found = neighbours_.find(neighbour);
  return found != neighbours_.end() && found->second.active;
}

double Node::ClusteringValue() const { return index_ == nullptr ? 0 : index_->clustering.Value(); }

void Node::OnCounts(const Counts& counts, bool declared, std::span<const TieChange> changes,
                    Outbox& outbox) {
  counts_ = counts;
  declared_ = declared;
  for (const TieChange& change : changes) {
    auto [neighbour, is_new] = neighbours_.try_emplace(change.neighbour);
    if (!is_new) Leave(neighbour);
    if (change.tie.incidents == 0) {
      Remove(neighbour, outbox);
      continue;
    }
    neighbour->second.tie = change.tie;
    MarkDirty(change.neighbour, neighbour->second);
    if (is_new) {
      neighbour->second.greets = true;
      owed_.push_back({change.neighbour, outbox.HeardUpTo(change.neighbour)});
      if (index_ != nullptr) {
        const Hashed hashed{SampleHash(change.neighbour), change.neighbour};
        index_->all.insert(hashed);
        // Most come behind the last that is sampled.
        if (index_->sample.empty() || hashed < *index_->sample.rbegin()) {
          index_->sample_is_old = true;
        }
      }
    }
    Enter(neighbour);
  }
  KeepIndexOrNot();
  if (index_ != nullptr) DrawSample();
}

void Node::Remove(Neighbours::iterator neighbour, Outbox& outbox) {
  const NodeKey& key = neighbour->first;
  if (neighbour->second.wants_sketch) --wanting_;
  if (index_ != nullptr) {
    const Hashed hashed{SampleHash(key), key};
    index_->all.erase(hashed);
    index_->wanting.erase(key);
    if (neighbour->second.sampled) {
      Unsample(neighbour->second);
      index_->sample.erase(hashed);
      index_->sample_is_old = true;
    }
  }
  if (neighbour->second.active) outbox.SetActive(key_, key, false);
  changed_.push_back(key);
  neighbours_.erase(neighbour);
}

void Node::MarkDirty(const NodeKey& key, Neighbour& neighbour) {
  if (neighbour.dirty) return;
  neighbour.dirty = true;
  changed_.push_back(key);
}

std::vector<NodeKey> Node::TakeChanged() {
  SortOut(changed_);
  for (const NodeKey& key : changed_) {
    if (auto neighbour = neighbours_.find(key); neighbour != neighbours_.end()) {
      neighbour->second.dirty = false;
    }
  }
  return std::exchange(changed_, {});
}

void Node::RestoreNeighbour(const NodeKey& key, Neighbour neighbour) {
  if (neighbour.wants_sketch) ++wanting_;
  neighbours_.insert_or_assign(key, std::move(neighbour));
}

bool Node::Restore(const Tally& tally, bool declared, const NodeState& state) {
  for (auto [key, neighbour] : neighbours_) {
    const Tie tie = tally.TieTo(key);
    if (tie.incidents == 0) return false;
    if (tie != neighbour.tie) MarkDirty(key, neighbour);
    neighbour.tie = tie;
  }
  return Restore(tally.counts(), declared, state);
}

bool Node::Restore(const Counts& counts, bool declared, const NodeState& state) {
  counts_ = counts;
  if (counts_.neighbours != neighbours_.size()) return false;
  declared_ = declared;
  KeepIndexOrNot();
  if (index_ != nullptr) {
    DrawSample();
    index_->touched.clear();
  }
  all_touched_ = false;
  state_ = state;
  facts_ = FactsNow();
  facts_mark_ = MarkOf(facts_);
  if (wanting_ > 0) sketch_ = SketchNow();
  return true;
}

bool Node::OnNeighbour(const Message& message) {
  auto sender = neighbours_.find(message.from);
  if (sender == neighbours_.end()) return false;
  // Even if the rest is out of date. What is on its way needs no repeating.
  const bool asks = message.hello && sender->second.greeted <= message.since;
  if (asks && !std::exchange(sender->second.owes_answer, true)) owed_.push_back({message.from});
  const bool learnt = message.place > sender->second.place && Learn(message, sender);
  return learnt || asks;
}

// Whether there is anything new in it.
bool Node::Learn(const Message& message, Neighbours::iterator sender) {
  Neighbour& heard = sender->second;
  const bool is_first = std::exchange(heard.place, message.place) == 0;
  MarkDirty(message.from, heard);
  const bool same_facts = FactsOf(heard) == message.facts;
  const bool touched =
      is_first || heard.vouches != message.vouched || heard.wants_sketch != message.wants_sketch;
  if (!same_facts) {
    Leave(sender);
    heard.facts =
        message.facts == kNothingKnown ? nullptr : std::make_unique<NodeFacts>(message.facts);
    Enter(sender);
  }
  heard.vouches = message.vouched;
  if (heard.wants_sketch != message.wants_sketch) {
    heard.wants_sketch = message.wants_sketch;
    heard.sketch_told = 0;
    heard.wants_sketch ? ++wanting_ : --wanting_;
    if (index_ != nullptr && heard.wants_sketch) index_->wanting.insert(message.from);
    if (index_ != nullptr && !heard.wants_sketch) index_->wanting.erase(message.from);
  }
  const bool same_sketch = heard.sketch == nullptr
                               ? !message.sketch.has_value()
                               : message.sketch.has_value() && *heard.sketch == *message.sketch;
  if (!same_sketch) {
    if (heard.sampled && heard.sketch != nullptr) index_->clustering.Remove(*heard.sketch);
    heard.sketch = message.sketch ? std::make_unique<Sketch>(*message.sketch) : nullptr;
    if (heard.sampled && heard.sketch != nullptr) index_->clustering.Add(*heard.sketch);
  }
  if (touched && index_ != nullptr) index_->touched.push_back(message.from);
  if (touched && index_ == nullptr) all_touched_ = true;
  return touched || !same_facts || !same_sketch;
}

// Of a small node all witnesses of a tie are asked, and none of its neighbours is sampled.
bool Node::IsSmall() const {
  return neighbours_.size() <=
         std::min({kSmallMax, rules_.many_neighbours - 1, rules_.witnesses_max, announce_max_});
}

// The home and the anchors.
void Node::FindHomes(NodeFacts& facts) const {
  auto find_among = [&](const auto& homes) {
    if (homes.empty()) return;
    facts.home = homes.begin()->key;
    facts.anchors = AnchorsAmong(homes, rules_);
    facts.home_in_doubt = IsHomeInDoubt(counts_, facts.anchors);
  };
  if (index_ != nullptr) return find_among(index_->homes);
  absl::InlinedVector<HomeRank, kSmallMax> homes;
  for (const auto& [key, neighbour] : neighbours_) {
    const NodeFacts& theirs = FactsOf(neighbour);
    if (CanBeHome(key, theirs)) homes.push_back(RankAsHome(key, neighbour.tie, theirs, rules_));
  }
  std::sort(homes.begin(), homes.end());
  find_among(homes);
}

NodeFacts Node::FactsNow() const {
  NodeFacts facts = ties::FactsOf(counts_, rules_);
  if (declared_) {
    facts.infrastructure = Infrastructure::kDeclared;
  } else if (index_ != nullptr && IsInfrastructure(counts_, index_->clustering, rules_)) {
    facts.infrastructure = Infrastructure::kByRule;
  }
  if (facts.infrastructure != Infrastructure::kNo) {
    // Of infrastructure nobody asks it, and it would be told again and again.
    facts.established = false;
    return facts;
  }
  FindHomes(facts);
  if (facts.home) {
    const NodeFacts& home = FactsOf(neighbours_.at(*facts.home));
    facts.reach = std::max(facts.reach, home.organisations);
  }
  return facts;
}

Sketch Node::SketchNow() const {
  Sketch sketch;
  if (index_ != nullptr) {
    for (const auto& [hash, key] : index_->few) {
      if (sketch.size() == rules_.sketch_size) break;
      sketch.push_back(key);
    }
    return sketch;
  }
  std::vector<Hashed> few;
  for (const auto& [key, neighbour] : neighbours_) {
    if (FactsOf(neighbour).few_neighbours) few.emplace_back(SketchHash(key), key);
  }
  std::sort(few.begin(), few.end());
  if (few.size() > rules_.sketch_size) few.resize(rules_.sketch_size);
  for (const auto& [hash, key] : few) sketch.push_back(key);
  return sketch;
}

void Node::Settle(Outbox& outbox) {
  NodeFacts facts = FactsNow();
  if (facts != facts_) {
    facts_ = std::move(facts);
    facts_mark_ = MarkOf(facts_);
    all_touched_ = true;
  }
  if (wanting_ == 0) {
    sketch_.clear();
  } else if (Sketch sketch = SketchNow(); sketch != sketch_) {
    sketch_ = std::move(sketch);
    ++state_.sketch_version;
    if (index_ == nullptr || index_->wanting.size() > announce_max_) {
      TouchAll();
    } else {
      index_->touched.insert(index_->touched.end(), index_->wanting.begin(), index_->wanting.end());
    }
  }
  if (std::exchange(all_touched_, false)) LookAtAll(outbox);
  if (index_ != nullptr && !index_->touched.empty()) {
    std::vector<NodeKey> touched = std::exchange(index_->touched, {});
    SortOut(touched);
    for (const NodeKey& key : touched) {
      if (auto neighbour = neighbours_.find(key); neighbour != neighbours_.end()) {
        LookAt(neighbour, outbox);
      }
    }
  }
  // After all else, so that each is told once, the whole.
  for (const Owed& owed : std::exchange(owed_, {})) {
    auto neighbour = neighbours_.find(owed.key);
    if (neighbour == neighbours_.end()) continue;
    if (neighbour->second.greets || neighbour->second.owes_answer) {
      Send(neighbour, outbox, owed.since);
    }
  }
}

void Node::LookAtAll(Outbox& outbox) {
  const bool outstanding = state_.announce_from.has_value();
  if (neighbours_.size() <= announce_max_) {
    for (auto next = neighbours_.begin(); next != neighbours_.end(); ++next) LookAt(next, outbox);
    state_.wait_left = 0;
    state_.announce_again = false;
    state_.looked_mark = state_.pass_mark = 0;
    // All have been looked at; the outstanding call then has nothing left to do.
    state_.is_passing = outstanding;
    if (outstanding) {
      state_.announce_from = neighbours_.empty() ? key_ : neighbours_.last_key();
    }
    return;
  }
  state_.calm_left = kCalmCalls;
  if (!outstanding) {
    state_.announce_from = neighbours_.begin()->first;
    state_.wait_left = kWaitCalls + static_cast<uint32_t>(neighbours_.size()) / kNeighboursPerWait;
    outbox.AnnounceLater(key_);
  } else if (state_.wait_left == 0) {
    state_.announce_again = true;
  }
}

void Node::Announce(Outbox& outbox) {
  if (!state_.announce_from) return;
  if (state_.wait_left > 0) {
    --state_.wait_left;
    if (state_.calm_left > 0) --state_.calm_left;
    if (state_.wait_left > 0 && state_.calm_left > 0) return outbox.AnnounceLater(key_);
    state_.wait_left = 0;
  }
  if (state_.looked_mark == facts_mark_) return LookAtStrays(outbox);
  if (!std::exchange(state_.is_passing, true)) {
    state_.looked_mark = 0;
    state_.strays.clear();
    state_.pass_mark = facts_mark_;
    // Those that came meanwhile may stand before the first of then.
    if (!neighbours_.empty()) state_.announce_from = neighbours_.begin()->first;
  }
  auto next = neighbours_.lower_bound(*state_.announce_from);
  for (uint32_t seen = 0; next != neighbours_.end() && seen < announce_max_; ++seen, ++next) {
    LookAt(next, outbox);
  }
  if (next != neighbours_.end()) {
    state_.announce_from = next->first;
    return outbox.AnnounceLater(key_);
  }
  state_.is_passing = false;
  // What has been heard meanwhile, and not acted on yet, may ask for all once more.
  if (!state_.announce_again && !all_touched_ && state_.pass_mark == facts_mark_) {
    state_.looked_mark = facts_mark_;
    state_.looked_without_leads = facts_.infrastructure != Infrastructure::kNo;
  }
  EndPass(outbox);
}

void Node::LookAtStrays(Outbox& outbox) {
  SortOut(state_.strays);
  for (uint32_t seen = 0; !state_.strays.empty() && seen < announce_max_; ++seen) {
    auto neighbour = neighbours_.find(state_.strays.back());
    state_.strays.pop_back();
    if (neighbour != neighbours_.end()) LookAt(neighbour, outbox);
  }
  state_.strays.empty() ? EndPass(outbox) : outbox.AnnounceLater(key_);
}

void Node::EndPass(Outbox& outbox) {
  state_.announce_from.reset();
  if (std::exchange(state_.announce_again, false)) LookAtAll(outbox);
}

void Node::Stray(const NodeKey& key) {
  if (state_.looked_mark == 0 || state_.looked_mark == facts_mark_) return;
  state_.strays.push_back(key);
  const size_t worth_it = std::max<size_t>(announce_max_, neighbours_.size() / 8);
  if (state_.strays.size() <= 2 * worth_it) return;
  SortOut(state_.strays);
  if (state_.strays.size() <= worth_it) return;
  state_.strays.clear();
  state_.looked_mark = 0;
}

void Node::LookAt(Neighbours::iterator at, Outbox& outbox) {
  const auto [key, neighbour] = *at;
  Stray(key);
  // What nothing has been heard of yet does not count: most edges would come to change at once.
  const Verdict verdict = neighbour.place == 0 ? Verdict::kInactive
                                               : Judge({key_, facts_}, {key, FactsOf(neighbour)},
                                                       neighbour.tie, rules_);
  const bool vouched = verdict == Verdict::kIfVouchedFor && IsVouchedFor(at);
  if (vouched != neighbour.vouched) MarkDirty(key, neighbour);
  neighbour.vouched = vouched;
  const bool vouched_for = neighbour.vouched || neighbour.vouches;
  const bool active =
      verdict == Verdict::kActive || (verdict == Verdict::kIfVouchedFor && vouched_for);
  if (active != neighbour.active) {
    neighbour.active = active;
    MarkDirty(key, neighbour);
    outbox.SetActive(key_, key, active);
  }
  const bool told = neighbour.facts_told == facts_mark_ &&
                    neighbour.vouched_told == neighbour.vouched &&
                    neighbour.sampled_told == neighbour.sampled &&
                    (!neighbour.wants_sketch || neighbour.sketch_told == state_.sketch_version);
  // A new one is told by the hello.
  if (!told && neighbour.facts_told != 0) Send(at, outbox);
}

bool Node::IsVouchedFor(Neighbours::const_iterator at) const {
  for (const Lead& lead : LeadsOf(at->first, FactsOf(at->second))) {
    if (lead.to == key_) continue;
    if (index_ == nullptr) {
      for (auto each = neighbours_.begin(); each != neighbours_.end(); ++each) {
        if (each->first != at->first && IsWitness(at, lead, each)) return true;
      }
      continue;
    }
    auto leading = index_->leading_to.find(lead.to);
    if (leading == index_->leading_to.end()) continue;
    uint32_t asked = 0;
    for (const auto& [hash, key] : leading->second) {
      if (key == at->first) continue;
      if (asked++ == rules_.witnesses_max) break;
      if (IsWitness(at, lead, neighbours_.find(key))) return true;
    }
  }
  return false;
}

bool Node::IsWitness(Neighbours::const_iterator at, const Lead& lead,
                     Neighbours::const_iterator witness) const {
  // Asked for every pair of neighbours: what leads where is looked at in place.
  const NodeFacts& facts = FactsOf(witness->second);
  if (!CanVouch(witness->first, facts)) return false;
  auto vouches = [&](const Lead& witness_lead) {
    return witness_lead.to == lead.to &&
           Vouches(at->second.tie, lead, witness->second.tie, witness_lead);
  };
  if (vouches({witness->first, 0})) return true;
  return std::any_of(facts.anchors.begin(), facts.anchors.end(), [&](const Anchor& anchor) {
    return vouches({anchor.key, anchor.only_organisation});
  });
}

void Node::Send(Neighbours::iterator to, Outbox& outbox, Place since) {
  Neighbour& neighbour = to->second;
  Stray(to->first);
  Message message{.from = key_,
                  .to = to->first,
                  .place = outbox.NextPlace(),
                  .facts = facts_,
                  .vouched = neighbour.vouched,
                  .wants_sketch = neighbour.sampled,
                  .sketch = std::nullopt,
                  .hello = std::exchange(neighbour.greets, false),
                  .since = since};
  if (message.hello) neighbour.greeted = message.place;
  neighbour.owes_answer = false;
  if (neighbour.wants_sketch) message.sketch = sketch_;
  neighbour.facts_told = facts_mark_;
  neighbour.sketch_told = state_.sketch_version;
  neighbour.vouched_told = neighbour.vouched;
  neighbour.sampled_told = neighbour.sampled;
  MarkDirty(to->first, neighbour);
  outbox.Send(message);
}

}  // namespace ringfence::ties
