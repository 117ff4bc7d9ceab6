#include "pipelines/cluster/base_codec.h"

#include <algorithm>
#include <utility>

#include "pipelines/cluster/packed_messages.h"
#include "pipelines/identifiers/policy.h"

namespace ringfence::cluster {
namespace {

using components::NodeKey;
using internal::v1::StoredBase;
using internal::v1::StoredListing;
using internal::v1::StoredNode;
using internal::v1::StoredNodes;

// The first number of a neighbour.
enum NeighbourFlag : uint32_t {
  kActive = 1,
  kHasFacts = 1 << 1,
  kHasSketch = 1 << 2,
  kVouches = 1 << 3,
  kWantsSketch = 1 << 4,
  kVouched = 1 << 5,
  kVouchedTold = 1 << 6,
  kSampledTold = 1 << 7,
};

void StorePass(const ties::NodeState& state, core::Place rules_place, StoredNode& stored) {
  if (state.looked_mark == 0 && state.pass_mark == 0 && !state.is_passing) return;
  internal::v1::StoredPass& pass = *stored.mutable_pass();
  pass.set_rules_place(rules_place);
  pass.set_looked_mark(state.looked_mark);
  pass.set_looked_without_leads(state.looked_without_leads);
  pass.set_is_passing(state.is_passing);
  pass.set_pass_mark(state.pass_mark);
  core::Packer strays(*pass.mutable_strays());
  for (const NodeKey& key : state.strays) Pack(key, strays);
}

// False where it is damaged.
bool LoadPass(const internal::v1::StoredPass& pass, ties::NodeState& state) {
  state.looked_mark = pass.looked_mark();
  state.looked_without_leads = pass.looked_without_leads();
  state.is_passing = pass.is_passing();
  state.pass_mark = pass.pass_mark();
  core::Unpacker strays(pass.strays());
  while (!strays.empty()) state.strays.push_back(UnpackKey(strays));
  return strays.ok();
}

void StoreNode(const LinkNode& link, core::Place rules_place, StoredNode& stored) {
  stored.set_day(link.key.day);
  stored.set_incidents(link.ties.counts().incidents);
  stored.set_organisations(link.ties.counts().organisations);
  stored.set_majority(link.ties.counts().majority);
  stored.set_declared(link.declared);
  stored.set_rules_place(link.rules_place);
  const ties::NodeState& state = link.ties.state();
  stored.set_sketch_version(state.sketch_version);
  if (state.announce_from) {
    stored.set_announcing_ties(true);
    stored.set_announce_ties_hi(state.announce_from->id.hi);
    stored.set_announce_ties_lo(state.announce_from->id.lo);
    stored.set_announce_ties_day(state.announce_from->day);
    stored.set_announce_ties_again(state.announce_again);
    stored.set_wait_left(state.wait_left);
    stored.set_calm_left(state.calm_left);
  }
  StorePass(state, rules_place, stored);
  stored.set_has_spilled_neighbours(link.spilled);
  if (link.spilled) return;
  for (const auto& [key, neighbour] : link.ties.neighbours()) {
    StoreNeighbour(key, link, *stored.mutable_packed_neighbours());
  }
}

bool LoadNode(const StoredNode& stored, LinkNode& link) {
  link.declared = stored.declared();
  link.rules_place = stored.rules_place();
  link.spilled = stored.has_spilled_neighbours();
  core::Unpacker neighbours(stored.packed_neighbours());
  while (!neighbours.empty()) {
    if (!LoadNeighbour(neighbours, link)) return false;
  }
  return true;
}

// Has `restore` let each node go on from what is stored of it.
template <typename Restore>
bool Resume(const StoredNodes& stored, Base& base, Restore restore) {
  for (const StoredNode& node : stored.nodes()) {
    LinkNode& link = base.nodes.at(node.day());
    ties::NodeState state{.sketch_version = node.sketch_version(),
                          .announce_from = std::nullopt,
                          .announce_again = node.announce_ties_again(),
                          .wait_left = node.wait_left(),
                          .calm_left = node.calm_left()};
    if (node.announcing_ties()) {
      state.announce_from =
          NodeKey{{node.announce_ties_hi(), node.announce_ties_lo()}, node.announce_ties_day()};
    }
    const bool same_rules = node.pass().rules_place() == base.options.rules_place;
    if (same_rules && !LoadPass(node.pass(), state)) return false;
    if (!restore(node, link, state)) return false;
    link.infrastructure = link.ties.facts().infrastructure;
  }
  return static_cast<size_t>(stored.nodes_size()) == base.nodes.size();
}

}  // namespace

void StoreEvidence(const core::Id& report, const HeldEvidence& held,
                   internal::v1::StoredEvidence& stored) {
  stored.set_evidence(held.encoded);
  stored.set_report_hi(report.hi);
  stored.set_report_lo(report.lo);
  stored.set_place(held.place);
  stored.set_next(held.next);
}

HeldEvidence& LoadEvidence(internal::v1::StoredEvidence& stored, Base& base) {
  HeldEvidence& held = base.evidence[core::Id{stored.report_hi(), stored.report_lo()}];
  held.encoded = std::move(*stored.mutable_evidence());
  held.place = stored.place();
  held.next = stored.next();
  return held;
}

void StoreListing(const Listing& listing, StoredListing& stored) {
  stored.set_type(listing.type);
  stored.set_value(listing.value);
  stored.set_action(listing.action);
  stored.set_epoch(listing.epoch);
  stored.set_fallen(listing.fallen);
  stored.set_listed_at(listing.listed_at);
  stored.set_action_since(listing.action_since);
  stored.set_revision(listing.revision);
  stored.set_peak_action(listing.peak_action);
  stored.set_least_tlp(listing.least_tlp);
  stored.set_sent(listing.sent);
  stored.set_id_hi(listing.id.hi);
  stored.set_id_lo(listing.id.lo);
  stored.set_effects(listing.effects);
  for (const std::string& organisation : listing.canary_organisations) {
    stored.add_canary_organisations(organisation);
  }
  if (listing.action == v1::ACTION_UNSPECIFIED) return;
  stored.set_score(listing.assessment.score);
  stored.set_shared_infrastructure(listing.assessment.shared_infrastructure);
  if (listing.assessment.span != identifiers::PolicyOf(listing.type).span) {
    stored.set_span(listing.assessment.span);
  }
  for (std::string_view rule : listing.assessment.rules) stored.add_rules(NumberOfRule(rule));
}

Listing& LoadListing(const StoredListing& stored, Base& base) {
  const core::Id id{stored.id_hi(), stored.id_lo()};
  Listing& listing = base.listings[id];
  listing.type = stored.type();
  listing.value = stored.value();
  listing.id = id;
  listing.action = stored.action();
  listing.epoch = stored.epoch();
  listing.fallen = stored.fallen();
  listing.listed_at = stored.listed_at();
  listing.action_since = stored.action_since();
  listing.revision = stored.revision();
  listing.peak_action = stored.peak_action();
  listing.least_tlp = stored.least_tlp();
  listing.sent = stored.sent();
  listing.effects = stored.effects();
  listing.canary_organisations.assign(stored.canary_organisations().begin(),
                                      stored.canary_organisations().end());
  Assessment& assessment = listing.assessment;
  assessment.action = stored.action();
  assessment.score = stored.score();
  assessment.span = stored.span() != 0 ? stored.span() : identifiers::PolicyOf(stored.type()).span;
  assessment.shared_infrastructure = stored.shared_infrastructure();
  for (const uint32_t rule : stored.rules()) assessment.rules.push_back(RuleOfNumber(rule));
  return listing;
}

void StoreNeighbour(const NodeKey& key, const LinkNode& link, std::string& stored) {
  const ties::Neighbour& tied = link.ties.neighbours().at(key);
  core::Packer out(stored);
  uint32_t flags = 0;
  auto set = [&flags](NeighbourFlag flag, bool condition) {
    if (condition) flags |= flag;
  };
  set(kActive, tied.active);
  set(kHasFacts, tied.facts != nullptr);
  set(kHasSketch, tied.sketch != nullptr);
  set(kVouches, tied.vouches);
  set(kWantsSketch, tied.wants_sketch);
  set(kVouched, tied.vouched);
  set(kVouchedTold, tied.vouched_told);
  set(kSampledTold, tied.sampled_told);
  out.Number(flags);
  Pack(key, out);
  out.Number(tied.tie.incidents);
  out.Number(tied.tie.organisations);
  out.Number(tied.tie.support);
  if (tied.tie.incidents == 1) out.Hash(tied.tie.only_incident);
  if (tied.tie.organisations == 1) out.Hash(tied.tie.only_organisation);
  out.Number(tied.place);
  out.Number(tied.greeted);
  out.Number(tied.facts_told);
  out.Number(tied.sketch_told);
  if (tied.facts != nullptr) Pack(*tied.facts, out);
  if (tied.sketch != nullptr) Pack(*tied.sketch, out);
}

bool LoadNeighbour(core::Unpacker& in, LinkNode& link) {
  const uint64_t flags = in.Number();
  auto has = [flags](NeighbourFlag flag) { return (flags & flag) != 0; };
  const NodeKey key = UnpackKey(in);
  ties::Neighbour tied;
  tied.active = has(kActive);
  tied.tie.incidents = in.Number32();
  tied.tie.organisations = in.Number32();
  tied.tie.support = in.Number32();
  if (tied.tie.incidents == 1) tied.tie.only_incident = in.Hash();
  if (tied.tie.organisations == 1) tied.tie.only_organisation = in.Hash();
  tied.place = in.Number();
  tied.greeted = in.Number();
  tied.facts_told = in.Number();
  tied.sketch_told = in.Number32();
  if (has(kHasFacts)) tied.facts = std::make_unique<ties::NodeFacts>(UnpackFacts(in));
  if (has(kHasSketch)) tied.sketch = std::make_unique<ties::Sketch>(UnpackSketch(in));
  tied.vouches = has(kVouches);
  tied.wants_sketch = has(kWantsSketch);
  tied.vouched = has(kVouched);
  tied.vouched_told = has(kVouchedTold);
  tied.sampled_told = has(kSampledTold);
  if (!in.ok()) return false;
  link.ties.RestoreNeighbour(key, std::move(tied));
  return true;
}

bool ResumeNodes(const StoredNodes& stored, Base& base) {
  return Resume(stored, base, [](const StoredNode& node, LinkNode& link, const auto& state) {
    const auto neighbours = static_cast<uint32_t>(link.ties.neighbours().size());
    const ties::Counts counts{node.incidents(), node.organisations(), neighbours, node.majority()};
    return link.ties.Restore(counts, link.declared, state);
  });
}

bool RestoreNodes(const StoredNodes& stored, Base& base) {
  return Resume(stored, base, [](const StoredNode&, LinkNode& link, const auto& state) {
    return link.ties.Restore(link.tally, link.declared, state);
  });
}

void StoreNodes(const Base& base, StoredNodes& stored) {
  stored.set_as_of(base.as_of);
  stored.set_due(base.due);
  stored.set_rules_place(base.options.rules_place);
  for (const auto& [day, link] : base.nodes)
    StoreNode(link, base.options.rules_place, *stored.add_nodes());
}

bool LoadNodes(const StoredNodes& stored, Base& base) {
  base.as_of = std::max(base.as_of, core::Time{stored.as_of()});
  base.due = stored.due();
  for (const StoredNode& node : stored.nodes()) {
    const NodeKey key{base.id, node.day()};
    LinkNode& link = base.nodes.try_emplace(node.day(), key, base.options).first->second;
    if (!LoadNode(node, link)) return false;
  }
  return true;
}

void StoreBase(const Base& base, StoredBase& stored) {
  stored.set_as_of(base.as_of);
  stored.set_due(base.due);
  for (const auto& [id, held] : base.overrides) {
    internal::v1::StoredOverride& added = *stored.add_overrides();
    *added.mutable_news() = held.news;
    added.set_forget_at(held.forget_at);
  }
  stored.set_marking(base.marking);
  if (base.marking) {
    stored.set_mark_from_hi(base.mark_from.hi);
    stored.set_mark_from_lo(base.mark_from.lo);
  }
  stored.set_stands_for_all(base.stands_for_all);
  for (const core::Id& report : base.inline_evidence) {
    StoreEvidence(report, base.evidence.at(report), *stored.add_evidence());
  }
  stored.set_has_spilled_evidence(base.evidence.size() > base.inline_evidence.size());
  stored.set_has_spilled_listings(base.listings_spilled);
  if (base.listings_spilled) return;
  for (const auto& [id, listing] : base.listings) {
    // What only a share speaks of is in no set, and has nothing of its own to remember.
    if (!listing.value.empty()) StoreListing(listing, *stored.add_listings());
  }
}

void LoadBase(StoredBase& stored, Base& base) {
  base.as_of = std::max(base.as_of, core::Time{stored.as_of()});
  base.due = stored.due();
  base.indexed_due = stored.due();
  base.stored = true;
  for (internal::v1::StoredOverride& held : *stored.mutable_overrides()) {
    const core::Id of = core::IdentifierId(held.news().type(), held.news().value());
    base.overrides[of] = {std::move(*held.mutable_news()), held.forget_at()};
  }
  base.marking = stored.marking();
  base.stands_for_all = stored.stands_for_all();
  base.mark_from = {stored.mark_from_hi(), stored.mark_from_lo()};
  for (internal::v1::StoredEvidence& evidence : *stored.mutable_evidence()) {
    base.inline_evidence.push_back({evidence.report_hi(), evidence.report_lo()});
    LoadEvidence(evidence, base);
  }
  base.listings_spilled = stored.has_spilled_listings();
  for (const StoredListing& listing : stored.listings()) LoadListing(listing, base);
}

}  // namespace ringfence::cluster
