#include "pipelines/cluster/evidence.h"

#include <algorithm>
#include <set>

#include "absl/container/flat_hash_set.h"
#include "pipelines/identifiers/policy.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {
namespace {

using components::NodeKey;
using core::Day;
using core::Id;
using core::Time;
using internal::v1::Evidence;
using internal::v1::NodeTies;
using internal::v1::Occurrence;
using internal::v1::Share;

// Collects which edges may have changed, and says in the end which did.
class EdgeWatch {
 public:
  explicit EdgeWatch(Base& base) : base_(base) {}

  void Change(const Id& incident, const NodeTies& ties, int index, bool add) {
    const NodeKey other{{ties.neighbours(2 * index), ties.neighbours(2 * index + 1)},
                        ties.neighbour_days(index)};
    LinkNode& link = NodeAt(ties.day());
    // What one piece of evidence is enough for needs no incidents told apart.
    if (SupportNeeded(link.node.key, other) > 1) {
      Counted<Id>& incidents = link.incidents[other];
      incidents.Change(incident, add);
      const uint32_t distinct = incidents.distinct();
      if (distinct == 0) link.incidents.erase(other);
      Set(link, other, distinct);
    } else {
      auto support = link.support.find(other);
      const uint32_t held = support == link.support.end() ? 0 : support->second;
      Set(link, other, add ? held + 1 : held - std::min(held, 1u));
    }
    seen_.emplace(ties.day(), other);
  }

  void ChangeNode(const NodeTies& ties, bool add) {
    LinkNode& link = NodeAt(ties.day());
    add ? ++link.evidence : --link.evidence;
  }

  std::vector<EdgeChange> Changes() const {
    std::vector<EdgeChange> changes;
    for (const auto& [day, other] : seen_) {
      const LinkNode& link = base_.nodes.at(day);
      auto support = link.support.find(other);
      const uint32_t count = support == link.support.end() ? 0 : support->second;
      const bool stands = count >= SupportNeeded(link.node.key, other);
      if (stands != link.node.neighbours.contains(other)) changes.push_back({day, other, stands});
    }
    return changes;
  }

 private:
  static void Set(LinkNode& link, const NodeKey& other, uint32_t support) {
    if (support == 0) {
      link.support.erase(other);
    } else {
      link.support[other] = support;
    }
  }

  LinkNode& NodeAt(Day day) {
    return base_.nodes.try_emplace(day, NodeKey{base_.id, day}).first->second;
  }

  Base& base_;
  std::set<std::pair<Day, NodeKey>> seen_;
};

bool StandsAt(Day until, Time time) { return time < core::StartOfDay(until); }

// Puts all that a piece of evidence does from one time's phases to another's. `before` or `after`
// absent: it was not, or will not be there.
struct Moment {
  bool present = false;
  Time time = 0;
};

void ChangeTies(const Evidence& evidence, Moment before, Moment after, EdgeWatch& edges) {
  auto stands = [](Moment moment, Day until) {
    return moment.present && StandsAt(until, moment.time);
  };
  const Id incident{evidence.incident_hi(), evidence.incident_lo()};
  for (const NodeTies& ties : evidence.ties()) {
    const bool was = stands(before, ties.until_day());
    const bool is = stands(after, ties.until_day());
    if (was != is) edges.ChangeNode(ties, is);
    for (int i = 0; i < ties.until_days_size(); ++i) {
      const bool tied = stands(before, ties.until_days(i));
      const bool ties_now = stands(after, ties.until_days(i));
      if (tied != ties_now) edges.Change(incident, ties, i, ties_now);
    }
  }
}

// `value` is empty where only a share speaks of it: then it is in no set.
Listing& ListingOf(Base& base, const Id& id, v1::IdentifierType type, const std::string& value,
                   core::State* state) {
  auto [entry, inserted] = base.listings.try_emplace(id);
  Listing& listing = entry->second;
  if (listing.value.empty()) listing.value = value;
  if (!inserted) return listing;
  listing.type = type;
  listing.id = id;
  if (state != nullptr) Recall(listing, *state);
  return listing;
}

// `touch`: the listings' content changes whether or not a phase did.
void ChangeOccurrences(Base& base, const Evidence& evidence, Moment before, Moment after,
                       bool touch, core::State* state) {
  for (const Occurrence& occurrence : evidence.occurrences()) {
    const Phase from = before.present ? PhaseAt(occurrence, before.time) : Phase{};
    const Phase to = after.present ? PhaseAt(occurrence, after.time) : Phase{};
    if (!touch && from == to) continue;
    Listing& listing = ListingOf(base, {occurrence.id_hi(), occurrence.id_lo()}, occurrence.type(),
                                 occurrence.value(), state);
    listing.statistics.Change(evidence, occurrence, from, to);
    listing.content_touched = true;
  }
  for (const Share& share : evidence.shares()) {
    const bool bore = before.present && PhaseAt(share, before.time).bears;
    const bool bears = after.present && PhaseAt(share, after.time).bears;
    if (!touch && bore == bears) continue;
    Listing& listing =
        ListingOf(base, {share.id_hi(), share.id_lo()}, share.type(), std::string(), state);
    if (bore != bears) listing.statistics.ChangeShare(evidence, bears);
    listing.content_touched = true;
  }
}

Time NextChangeOf(const Evidence& evidence, Time time) {
  Time next = core::kTimeMax;
  for (const Occurrence& occurrence : evidence.occurrences()) {
    next = std::min(next, NextChange(occurrence, time));
  }
  for (const Share& share : evidence.shares()) next = std::min(next, NextChange(share, time));
  for (const NodeTies& ties : evidence.ties()) {
    if (StandsAt(ties.until_day(), time)) next = std::min(next, core::StartOfDay(ties.until_day()));
    for (Day until : ties.until_days()) {
      if (StandsAt(until, time)) next = std::min(next, core::StartOfDay(until));
    }
  }
  return next;
}

// A phone number that is blocked leaves BLOCK a while after it was last seen, with no phase
// changing.
void TouchAgedPhones(Base& base, Time before, Time now) {
  if (core::TypeOf(base.id) != v1::IDENTIFIER_TYPE_PHONE) return;
  for (auto& [id, listing] : base.listings) {
    if (listing.action != v1::ACTION_BLOCK || !listing.statistics.live()) continue;
    const Time ages = listing.statistics.last_seen() + identifiers::kPhoneBlockSpan;
    if (before < ages && ages <= now) listing.content_touched = true;
  }
}

void Erase(Base& base, const Id& report) {
  auto held = base.evidence.find(report);
  if (held->second.spilled) base.erased_evidence.push_back(report);
  base.evidence.erase(held);
}

}  // namespace

uint32_t SupportNeeded(const NodeKey& one, const NodeKey& other) {
  return one.day != 0 || other.day != 0 ? 2 : 1;
}

std::vector<EdgeChange> ApplyEvidence(Base& base, const Evidence& evidence, Time now,
                                      core::State& state) {
  const Id report{evidence.report_hi(), evidence.report_lo()};
  auto [entry, inserted] = base.evidence.try_emplace(report);
  HeldEvidence& held = entry->second;
  if (!inserted && held.place >= evidence.place()) return {};
  EdgeWatch edges(base);
  const Moment absent;
  const Moment present{true, now};
  // The new first: what both say does not go in between.
  ChangeTies(evidence, absent, present, edges);
  ChangeOccurrences(base, evidence, absent, present, true, &state);
  if (!inserted) {
    Evidence before;
    before.ParseFromString(held.encoded);
    ChangeTies(before, present, absent, edges);
    ChangeOccurrences(base, before, present, absent, true, &state);
  }
  held.place = evidence.place();
  // What says nothing (any more) still has to outlive the copies of what it replaces.
  held.next = NextChangeOf(evidence, now);
  if (held.next == core::kTimeMax) held.next = now + kTombstoneSpan;
  held.dirty = true;
  evidence.SerializeToString(&held.encoded);
  base.dirty = true;
  base.due = std::min(base.due, held.next);
  return edges.Changes();
}

std::vector<EdgeChange> Advance(Base& base, Time now) {
  const Time before = base.as_of;
  if (now <= before) return {};
  base.as_of = now;
  if (now < base.due) return {};
  base.dirty = true;
  EdgeWatch edges(base);
  TouchAgedPhones(base, before, now);
  base.due = core::kTimeMax;
  std::vector<Id> over;
  Evidence evidence;
  for (auto& [report, held] : base.evidence) {
    if (held.next <= now) {
      evidence.ParseFromString(held.encoded);
      ChangeTies(evidence, {true, before}, {true, now}, edges);
      ChangeOccurrences(base, evidence, {true, before}, {true, now}, false, nullptr);
      held.next = NextChangeOf(evidence, now);
      held.dirty = true;
      if (held.next == core::kTimeMax) over.push_back(report);
    }
    base.due = std::min(base.due, held.next);
  }
  for (const Id& report : over) Erase(base, report);
  return edges.Changes();
}

bool Rebuild(Base& base) {
  EdgeWatch edges(base);
  Evidence evidence;
  for (auto& [report, held] : base.evidence) {
    if (!evidence.ParseFromString(held.encoded)) return false;
    ChangeTies(evidence, {}, {true, base.as_of}, edges);
    ChangeOccurrences(base, evidence, {}, {true, base.as_of}, false, nullptr);
  }
  for (auto& [id, listing] : base.listings) {
    listing.content_touched = false;
    if (listing.type == v1::IDENTIFIER_TYPE_DOMAIN && listing.action != v1::ACTION_UNSPECIFIED) {
      ++base.hosts_in_set;
    }
  }
  return true;
}

bool Recall(Listing& listing, core::State& state) {
  const auto bytes = state.Get(EpochKey(listing.id));
  internal::v1::StoredListing stored;
  if (!bytes || !stored.ParseFromString(*bytes)) return false;
  listing.epoch = stored.epoch();
  listing.fallen = true;
  listing.peak_action = stored.peak_action();
  listing.least_tlp = stored.least_tlp();
  return true;
}

std::string EpochKey(const Id& identifier) {
  std::string key(1, 'e');
  identifier.AppendTo(key);
  return key;
}

}  // namespace ringfence::cluster
