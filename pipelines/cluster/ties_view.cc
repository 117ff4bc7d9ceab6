#include "pipelines/cluster/ties_view.h"

namespace ringfence::cluster {

absl::Status TiesView::Visit(const core::Id& id, const std::function<void(const BaseTie&)>& visit) {
  const Base* base = store_.Find(id);
  if (!store_.status().ok()) return store_.status();
  if (base == nullptr) return absl::OkStatus();
  for (const auto& [day, link] : base->nodes) {
    const bool is_infrastructure = link.ties.facts().infrastructure != ties::Infrastructure::kNo;
    for (const auto& [key, neighbour] : link.ties.neighbours()) {
      const bool other_is =
          neighbour.facts && neighbour.facts->infrastructure != ties::Infrastructure::kNo;
      visit({.from = id,
             .to = key.id,
             .incidents = neighbour.tie.incidents,
             .organisations = neighbour.tie.organisations,
             .active = neighbour.active,
             .infrastructure = is_infrastructure || other_is});
    }
  }
  store_.Evict();
  return absl::OkStatus();
}

}  // namespace ringfence::cluster
