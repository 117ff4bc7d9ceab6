#include "pipelines/cluster/evidence.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/cluster/hosts.h"
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

// FNV-1a: the same on every machine. Partners are the operator's own, none is made to collide.
Id OrganisationOf(const std::string& partner) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : partner) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return {0, hash};
}

LinkNode& RecountedNode(Base& base, Day day) {
  LinkNode& link = base.nodes.try_emplace(day, NodeKey{base.id, day}, base.options).first->second;
  if (!link.is_recounted) base.recounted.push_back(day);
  link.is_recounted = true;
  return link;
}

bool StandsAt(Day until, Time time) { return time < core::StartOfDay(until); }

// Puts all that a piece of evidence does from one time's phases to another's. `before` or `after`
// absent: it was not, or will not be there.
struct Moment {
  bool present = false;
  Time time = 0;
};

// What the report says of the node at a moment; nothing where it does not link it (any more).
ties::Naming NamingAt(const Evidence& evidence, const NodeTies& ties, Moment moment) {
  ties::Naming naming;
  naming.incident = {evidence.incident_hi(), evidence.incident_lo()};
  naming.organisation = OrganisationOf(evidence.partner());
  for (int i = 0; i < ties.until_days_size(); ++i) {
    if (!StandsAt(ties.until_days(i), moment.time)) continue;
    naming.neighbours.push_back(
        {{ties.neighbours(2 * i), ties.neighbours(2 * i + 1)}, ties.neighbour_days(i)});
  }
  return naming;
}

bool TiesChange(const NodeTies& ties, Moment before, Moment after) {
  if (before.present != after.present) return true;
  auto changes = [&](Day until) {
    return StandsAt(until, before.time) != StandsAt(until, after.time);
  };
  return changes(ties.until_day()) ||
         std::any_of(ties.until_days().begin(), ties.until_days().end(), changes);
}

void ChangeTies(Base& base, const Evidence& evidence, Moment before, Moment after) {
  // What an incident ties to its bearer names no node by itself: it stands as long as a tie does.
  auto stands = [](const NodeTies& ties, Moment moment) {
    if (!moment.present) return false;
    return StandsAt(ties.until_day(), moment.time) ||
           std::any_of(ties.until_days().begin(), ties.until_days().end(),
                       [&](Day until) { return StandsAt(until, moment.time); });
  };
  for (const NodeTies& ties : evidence.ties()) {
    const bool was = stands(ties, before);
    const bool is = stands(ties, after);
    if ((!was && !is) || !TiesChange(ties, before, after)) continue;
    LinkNode& link = RecountedNode(base, ties.day());
    // The new first: what both say does not go in between.
    if (is) link.tally.Add(NamingAt(evidence, ties, after), link.recounted);
    if (was) link.tally.Remove(NamingAt(evidence, ties, before), link.recounted);
  }
}

// Who bears what stays with each host.
void ChangeBelow(Statistics& below, const Evidence& evidence, const Occurrence& occurrence,
                 Phase from, Phase to) {
  if (occurrence.type() != v1::IDENTIFIER_TYPE_DOMAIN) return;
  if (!identifiers::IsListed(occurrence.type(), occurrence.value())) return;
  from.bears = to.bears = false;
  below.Change(evidence, occurrence, from, to);
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
    if (base.below != nullptr) ChangeBelow(*base.below, evidence, occurrence, from, to);
    TouchListing(base, listing);
  }
  for (const Share& share : evidence.shares()) {
    const bool bore = before.present && PhaseAt(share, before.time).bears;
    const bool bears = after.present && PhaseAt(share, after.time).bears;
    if (!touch && bore == bears) continue;
    Listing& listing =
        ListingOf(base, {share.id_hi(), share.id_lo()}, share.type(), std::string(), state);
    if (bore != bears) listing.statistics.ChangeShare(evidence, bears);
    TouchListing(base, listing);
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

// A phone number that is blocked leaves BLOCK a while after it was last seen by what counts, with
// no phase changing.
void TouchAgedPhones(Base& base, Time before, Time now) {
  if (core::TypeOf(base.id) != v1::IDENTIFIER_TYPE_PHONE) return;
  for (auto& [id, listing] : base.listings) {
    if (listing.action != v1::ACTION_BLOCK || listing.statistics.incidents().empty()) continue;
    const Time ages =
        listing.statistics.phone_last_counted() + base.options.policy.phone_block_span;
    if (before < ages && ages <= now) TouchListing(base, listing);
  }
}

void SetNext(Base& base, const Id& report, HeldEvidence& held, Time next) {
  if (base.evidence_by_next != nullptr) {
    base.evidence_by_next->erase(std::pair(held.next, report));
    base.evidence_by_next->insert(std::pair(next, report));
  }
  held.next = next;
}

// Reports whose evidence changes by `now`, in their order.
std::vector<Id> DueEvidence(Base& base, Time now) {
  std::vector<Id> due;
  if (base.evidence.size() <= base.options.walked_evidence_max) {
    for (const auto& [report, held] : base.evidence) {
      if (held.next <= now) due.push_back(report);
    }
    return due;
  }
  auto& by_next = base.evidence_by_next;
  if (by_next == nullptr) {
    by_next = std::make_unique<absl::btree_set<std::pair<Time, Id>>>();
    for (const auto& [report, held] : base.evidence) by_next->insert(std::pair(held.next, report));
  }
  for (const auto& [next, report] : *by_next) {
    if (next > now) break;
    due.push_back(report);
  }
  std::sort(due.begin(), due.end());
  return due;
}

// When the first piece of evidence changes; kTimeMax: never.
Time FirstChange(const Base& base) {
  if (base.evidence_by_next != nullptr) {
    return base.evidence_by_next->empty() ? core::kTimeMax : base.evidence_by_next->begin()->first;
  }
  Time next = core::kTimeMax;
  for (const auto& [report, held] : base.evidence) next = std::min(next, held.next);
  return next;
}

void MarkDirty(Base& base, const Id& report, HeldEvidence& held) {
  if (held.dirty) return;
  held.dirty = true;
  base.dirty_evidence.push_back(report);
}

void Erase(Base& base, const Id& report) {
  auto held = base.evidence.find(report);
  if (held->second.spilled) base.erased_evidence.push_back(report);
  if (base.evidence_by_next != nullptr) {
    base.evidence_by_next->erase(std::pair(held->second.next, report));
  }
  std::erase(base.inline_evidence, report);
  base.evidence.erase(held);
}

// Its own listing, and that of the registrable domain, whose scope may be another.
void OverrideChanged(Base& base, const Id& id) {
  base.dirty = true;
  base.overrides_changed = true;
  for (const Id& touched : {id, base.id}) {
    auto listing = base.listings.find(touched);
    if (listing != base.listings.end()) TouchListing(base, listing->second);
  }
}

void AdvanceOverrides(Base& base, Time now) {
  for (auto it = base.overrides.begin(); it != base.overrides.end();) {
    HeldOverride& held = it->second;
    if (held.NextChange() <= now) {
      if (held.forget_at != core::kTimeMax) {
        it = base.overrides.erase(it);
        continue;
      }
      held.forget_at = now + kTombstoneSpan;
      OverrideChanged(base, it->first);
    }
    base.due = std::min(base.due, held.NextChange());
    ++it;
  }
}

}  // namespace

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

void GatherBelow(Base& base) {
  base.below = std::make_unique<Statistics>();
  Evidence evidence;
  for (const auto& [report, held] : base.evidence) {
    evidence.ParseFromString(held.encoded);
    for (const Occurrence& occurrence : evidence.occurrences()) {
      ChangeBelow(*base.below, evidence, occurrence, {}, PhaseAt(occurrence, base.as_of));
    }
  }
}

bool ApplyEvidence(Base& base, const Evidence& evidence, Time now, core::State& state) {
  const Id report{evidence.report_hi(), evidence.report_lo()};
  auto [entry, inserted] = base.evidence.try_emplace(report);
  HeldEvidence& held = entry->second;
  if (!inserted && held.place >= evidence.place()) return false;
  const Moment absent;
  const Moment present{true, now};
  // The new first: what both say does not go in between.
  ChangeTies(base, evidence, absent, present);
  ChangeOccurrences(base, evidence, absent, present, true, &state);
  if (!inserted) {
    Evidence before;
    before.ParseFromString(held.encoded);
    ChangeTies(base, before, present, absent);
    ChangeOccurrences(base, before, present, absent, true, &state);
  }
  held.place = evidence.place();
  // What says nothing (any more) still has to outlive the copies of what it replaces.
  const Time next = NextChangeOf(evidence, now);
  SetNext(base, report, held, next == core::kTimeMax ? now + kTombstoneSpan : next);
  MarkDirty(base, report, held);
  evidence.SerializeToString(&held.encoded);
  base.dirty = true;
  base.due = std::min(base.due, held.next);
  return true;
}

bool ApplyOverride(Base& base, const internal::v1::OverrideNews& news, Time now) {
  const Id id = core::IdentifierId(news.type(), news.value());
  const bool is_here = news.scope() == v1::SCOPE_UNSPECIFIED;
  auto held = base.overrides.find(id);
  if (held == base.overrides.end()) {
    // Nothing of it was ever here: nor has anything to outlive its removal.
    if (!is_here && news.type() != v1::IDENTIFIER_TYPE_DOMAIN) return false;
    held = base.overrides.try_emplace(id).first;
  }
  if (!PutOverride(held->second, news, is_here, now)) return false;
  base.due = std::min(base.due, held->second.NextChange());
  OverrideChanged(base, id);
  return true;
}

bool Advance(Base& base, Time now) {
  const Time before = base.as_of;
  if (now <= before) return false;
  base.as_of = now;
  if (now < base.due) return false;
  base.dirty = true;
  TouchAgedPhones(base, before, now);
  base.due = core::kTimeMax;
  AdvanceOverrides(base, now);
  std::vector<Id> over;
  Evidence evidence;
  for (const Id& report : DueEvidence(base, now)) {
    HeldEvidence& held = base.evidence.at(report);
    evidence.ParseFromString(held.encoded);
    ChangeTies(base, evidence, {true, before}, {true, now});
    ChangeOccurrences(base, evidence, {true, before}, {true, now}, false, nullptr);
    SetNext(base, report, held, NextChangeOf(evidence, now));
    MarkDirty(base, report, held);
    if (held.next == core::kTimeMax) over.push_back(report);
  }
  for (const Id& report : over) Erase(base, report);
  base.due = std::min(base.due, FirstChange(base));
  return true;
}

bool Rebuild(Base& base, core::State& state) {
  Evidence evidence;
  for (auto& [report, held] : base.evidence) {
    if (!evidence.ParseFromString(held.encoded)) return false;
    ChangeTies(base, evidence, {}, {true, base.as_of});
    // What only a share speaks of was not stored with the base.
    ChangeOccurrences(base, evidence, {}, {true, base.as_of}, false, &state);
  }
  for (auto& [day, link] : base.nodes) {
    link.is_recounted = false;
    link.recounted.clear();
  }
  base.recounted.clear();
  base.touched_listings.clear();
  for (auto& [id, listing] : base.listings) {
    listing.content_touched = false;
    CountHost(base, listing);
  }
  if (base.stands_for_all) GatherBelow(base);
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
