// What the server knows of reports that dedupe holds.
#include "pipelines/dedupe/verdicts.h"
#include "services/publish/held_reports.h"
#include "services/ringfence/server/server.h"

namespace ringfence::server {

absl::Status Server::VisitDedupe(const std::function<void(core::State& state)>& visit) const {
  for (runtime::Runner* const dedupe : dedupe_) {
    absl::Status read;
    const auto visit_view = [&](runtime::StateView& view) {
      visit(view);
      read = view.status();
    };
    if (absl::Status opened = dedupe->WithView(visit_view); !opened.ok()) return opened;
    if (!read.ok()) return read;
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Server::CountReports(const std::string& partner, core::Time from,
                                              core::Time until) const {
  uint64_t reports = 0;
  const absl::Status status = VisitDedupe(
      [&](core::State& state) { reports += dedupe::CountReports(state, partner, from, until); });
  if (!status.ok()) return status;
  return reports;
}

absl::StatusOr<uint64_t> Server::CountHeld(const std::string& partner, core::Time from,
                                           core::Time until) const {
  uint64_t reports = 0;
  const absl::Status status = VisitDedupe(
      [&](core::State& state) { reports += dedupe::CountHeld(state, partner, from, until); });
  if (!status.ok()) return status;
  return reports;
}

absl::StatusOr<v1::ListHeldResponse> Server::ListHeld() const {
  std::vector<std::vector<dedupe::HeldReports>> lists;
  const absl::Status status =
      VisitDedupe([&](core::State& state) { lists.push_back(dedupe::ListHeld(state)); });
  if (!status.ok()) return status;
  return publish::SumOf(lists);
}

}  // namespace ringfence::server
