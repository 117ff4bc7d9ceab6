// What the server knows of reports that dedupe holds.
#include <algorithm>
#include <chrono>
#include <limits>

#include "pipelines/dedupe/verdicts.h"
#include "services/publish/held_reports.h"
#include "services/ringfence/server/server.h"

namespace ringfence::server {
namespace {

// What was taken by then is counted where the stages are not far behind.
constexpr std::chrono::seconds kArriveWithin{5};
constexpr std::chrono::milliseconds kLookEvery{10};

}  // namespace

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

core::Time Server::LastArrival(const std::string& partner) const {
  const std::string topic = std::string(runtime::kReportsPrefix) + partner;
  core::Time last = core::kTimeMin;
  for (int32_t partition = 0; partition < log_->Partitions(topic).value_or(0); ++partition) {
    const runtime::TopicPartition from{topic, partition};
    const absl::StatusOr<int64_t> end = log_->EndOffset(from);
    if (!end.ok() || *end == 0) continue;
    const auto records = log_->Read(from, *end - 1, 1, 1);
    if (records.ok() && !records->empty()) last = std::max(last, records->front().append_time);
  }
  return last;
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

void Server::AwaitDedupe(const std::string& partner) const {
  const auto until = std::chrono::steady_clock::now() + kArriveWithin;
  // Readers have applied what the topic holds now; what was applied has been sent on.
  const auto await = [&](const std::string& topic) {
    const absl::StatusOr<int32_t> partitions = log_->Partitions(topic);
    if (!partitions.ok()) return false;
    for (int32_t partition = 0; partition < *partitions; ++partition) {
      const runtime::TopicPartition input{topic, partition};
      const int64_t end = log_->EndOffset(input).value_or(std::numeric_limits<int64_t>::max());
      const auto has_come = [&](const runtime::Progress& reader) {
        return reader.input == input && reader.applied >= end;
      };
      for (;;) {
        const std::vector<runtime::Progress> progress = AllProgress();
        if (std::any_of(progress.begin(), progress.end(), has_come)) break;
        if (std::chrono::steady_clock::now() >= until) return false;
        runtime::SleepUnlessStopped({}, kLookEvery);
      }
    }
    return true;
  };
  if (await(std::string(runtime::kReportsPrefix) + partner))
    await(std::string(runtime::kDedupeTopic));
}

absl::StatusOr<uint64_t> Server::CountHeld(const std::string& partner, core::Time from,
                                           core::Time until, bool drop,
                                           const std::function<absl::Status()>& decide) const {
  AwaitDedupe(partner);
  uint64_t reports = 0;
  const auto count = [&](const Views& views) {
    absl::Status status = decide();
    for (runtime::StateView* const view : views) {
      if (!status.ok()) break;
      reports += dedupe::CountHeld(*view, partner, from, until, drop);
      status = view->status();
    }
    return status;
  };
  if (absl::Status status = WithDedupe({}, count); !status.ok()) return status;
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
