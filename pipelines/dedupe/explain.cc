#include "pipelines/dedupe/explain.h"

#include <utility>

#include "pipelines/dedupe/facts.h"
#include "pipelines/dedupe/join_store.h"

namespace ringfence::dedupe {

absl::StatusOr<ReportExplanation> Explain(core::State& state, const core::Id& id) {
  JoinStore store(state);
  const Report& report = store.LoadReport(id);
  if (!store.status().ok()) return store.status();
  if (!report.known) return absl::NotFoundError("there is no such report");
  ReportExplanation explanation;
  explanation.revision = report.stored.revision();
  explanation.retracted = report.stored.retracted() || report.stored.withdrawn();
  if (explanation.retracted) return explanation;
  internal::v1::ReportRevision revision;
  if (!revision.ParseFromString(report.stored.content())) {
    return absl::DataLossError("dedupe: a stored revision does not parse");
  }
  explanation.facts = FactsOf(revision);
  explanation.incident = report.joins.shown.value_or(id);
  for (const auto& [block, membership] : report.joins.blocks) {
    explanation.floods += membership.flooded ? 1 : 0;
  }
  for (const auto& [other, peer] : report.joins.peers) {
    if (peer.place == 0) continue;
    ReportExplanation::Other added;
    added.report = other;
    if (!added.facts.ParseFromString(peer.facts)) {
      return absl::DataLossError("dedupe: stored facts do not parse");
    }
    added.comparison = Compare(explanation.facts, added.facts);
    const bool near = added.comparison.weight >= kNearMiss;
    if (added.comparison.matches() || near) explanation.others.push_back(std::move(added));
  }
  return explanation;
}

}  // namespace ringfence::dedupe
