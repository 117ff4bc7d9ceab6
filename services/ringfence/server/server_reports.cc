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

absl::Status Server::WithDedupe(const Views& views,
                                const std::function<absl::Status(const Views& views)>& read) const {
  if (views.size() == dedupe_.size()) return read(views);
  absl::Status status;
  const auto open_next = [&](runtime::StateView& view) {
    Views more = views;
    more.push_back(&view);
    status = WithDedupe(more, read);
  };
  absl::Status opened = dedupe_[views.size()]->WithView(open_next);
  return opened.ok() ? status : opened;
}

// Its first report makes its topic, which stays.
absl::Status Server::CheckPartner(const std::string& partner) const {
  const absl::Status status =
      log_->Partitions(std::string(runtime::kReportsPrefix) + partner).status();
  return absl::IsNotFound(status) ? absl::NotFoundError("there is no partner of that name")
                                  : status;
}

absl::StatusOr<uint64_t> Server::CountReports(const std::string& partner, core::Time from,
                                              core::Time until,
                                              const std::function<absl::Status()>& retract) const {
  uint64_t reports = 0;
  const auto count = [&](const Views& views) {
    absl::Status status = retract();
    for (runtime::StateView* const view : views) {
      if (!status.ok()) break;
      reports += dedupe::CountReports(*view, partner, from, until);
      status = view->status();
    }
    return status;
  };
  if (absl::Status status = WithDedupe({}, count); !status.ok()) return status;
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
