#include "pipelines/cluster/explain.h"

#include <utility>

#include "pipelines/cluster/decisions.h"
#include "pipelines/cluster/listing.h"
#include "pipelines/cluster/policy_rules.h"
#include "pipelines/core/envelope.h"
#include "pipelines/identifiers/policy.h"

namespace ringfence::cluster {
namespace {

using core::Id;

ListingExplanation::Node NodeOf(const LinkNode& link, const ties::Rules& rules) {
  ListingExplanation::Node node;
  node.day = link.key.day;
  node.counts = link.tally.counts();
  node.established = link.ties.facts().established;
  node.infrastructure = link.ties.facts().infrastructure;
  node.clustering = link.ties.ClusteringValue();
  if (link.ties.facts().home) node.home = link.ties.facts().home->id;
  for (const auto& [key, neighbour] : link.ties.neighbours()) {
    node.ties.push_back(TieOf(link, key, neighbour, rules));
  }
  return node;
}

void ExplainStanding(const Base& base, const Listing& listing, const Decisions& decisions,
                     core::Time now, ListingExplanation& explanation) {
  const Statistics& statistics = EvidenceOf(base, listing);
  explanation.live = statistics.live();
  if (!explanation.live) return;
  explanation.assessment =
      AssessListing(base, listing, explanation.effects, decisions.weights(), now);
  explanation.standing = StandingOf(statistics, decisions.weights(), base.options.policy);
  explanation.unspoofable = statistics.unspoofable();
  explanation.tlp = static_cast<v1::Tlp>(statistics.tlps().greatest());
  explanation.hidden =
      explanation.effects.hidden() || !identifiers::IsListed(listing.type, listing.value);
  for (const auto& [name, incidents] : statistics.incidents_by_organisation()) {
    explanation.organisations.push_back({name, decisions.weights().Of(name), incidents.distinct()});
  }
}

}  // namespace

absl::StatusOr<ListingExplanation> Explain(core::State& state, const Id& base_id,
                                           v1::IdentifierType type, const std::string& value) {
  const NodeOptions options = NodeOptionsOf(state, {ties::Rules(), 1});
  BaseStore store(state, {.cache_bytes_max = 0}, options);
  const Decisions decisions(state);
  const core::Time now = core::StageClock(state).now();
  const Base* held = store.Find(base_id);
  if (!store.status().ok()) return store.status();
  const Base empty(base_id, options);
  const Base& base = held == nullptr ? empty : *held;
  ListingExplanation explanation;
  const Id id = core::IdentifierId(type, value);
  explanation.effects = decisions.EffectsOf(base, type, id, value, now);
  if (auto listing = base.listings.find(id); listing != base.listings.end()) {
    ExplainStanding(base, listing->second, decisions, now, explanation);
  }
  for (const auto& [day, link] : base.nodes) {
    explanation.nodes.push_back(NodeOf(link, options.ties));
  }
  return explanation;
}

absl::StatusOr<std::optional<Id>> FirstListedOn(core::State& state, const Id& base_id) {
  const NodeOptions options = NodeOptionsOf(state, {ties::Rules(), 1});
  BaseStore store(state, {.cache_bytes_max = 0}, options);
  const Base* base = store.Find(base_id);
  if (!store.status().ok()) return store.status();
  if (base == nullptr) return std::nullopt;
  for (const auto& [id, listing] : base->listings) {
    if (listing.action != v1::ACTION_UNSPECIFIED) return id;
  }
  return std::nullopt;
}

}  // namespace ringfence::cluster
