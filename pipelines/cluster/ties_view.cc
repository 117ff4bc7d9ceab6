#include "pipelines/cluster/ties_view.h"

namespace ringfence::cluster {

BaseTie TieOf(const LinkNode& link, const components::NodeKey& key,
              const ties::Neighbour& neighbour, const ties::Rules& rules) {
  static const ties::NodeFacts kUnknown;
  const ties::NodeFacts& own = link.ties.facts();
  const ties::NodeFacts& others = neighbour.facts ? *neighbour.facts : kUnknown;
  return {.from = link.ties.key().id,
          .to = key.id,
          .incidents = neighbour.tie.incidents,
          .organisations = neighbour.tie.organisations,
          .active = neighbour.active,
          .infrastructure = own.infrastructure != ties::Infrastructure::kNo ||
                            others.infrastructure != ties::Infrastructure::kNo,
          .reason = ties::ReasonOf({link.ties.key(), own}, {key, others}, neighbour.tie,
                                   neighbour.active, neighbour.place != 0, rules)};
}

absl::Status TiesView::Visit(const core::Id& id, const std::function<void(const BaseTie&)>& visit) {
  const Base* base = store_.FindNodes(id);
  if (!store_.status().ok()) return store_.status();
  if (base == nullptr) return absl::OkStatus();
  for (const auto& [day, link] : base->nodes) {
    for (const auto& [key, neighbour] : link.ties.neighbours()) {
      visit(TieOf(link, key, neighbour, options_.ties));
    }
  }
  store_.Evict();
  return absl::OkStatus();
}

}  // namespace ringfence::cluster
