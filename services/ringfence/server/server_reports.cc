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

absl::Status VisitEach(const std::vector<runtime::StateView*>& views,
                       const std::function<void(core::State& state)>& visit) {
  for (runtime::StateView* const view : views) {
    visit(*view);
    if (absl::Status read = view->status(); !read.ok()) return read;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Server::WithDedupe(const std::function<absl::Status(const Views& views)>& read) const {
  Views views;
  const std::function<absl::Status()> open_next = [&]() -> absl::Status {
    if (views.size() == dedupe_.size()) return read(views);
    absl::Status status;
    const auto with_view = [&](runtime::StateView& view) {
      views.push_back(&view);
      status = open_next();
    };
    absl::Status opened = dedupe_[views.size()]->WithView(with_view);
    return opened.ok() ? status : opened;
  };
  return open_next();
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
    if (absl::Status status = retract(); !status.ok()) return status;
    return VisitEach(views, [&](core::State& state) {
      reports += dedupe::CountReports(state, partner, from, until);
    });
  };
  if (absl::Status status = WithDedupe(count); !status.ok()) return status;
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
    if (absl::Status status = decide(); !status.ok()) return status;
    return VisitEach(views, [&](core::State& state) {
      reports += dedupe::CountHeld(state, partner, from, until, drop);
    });
  };
  if (absl::Status status = WithDedupe(count); !status.ok()) return status;
  return reports;
}

absl::StatusOr<v1::ListHeldResponse> Server::ListHeld() const {
  std::vector<std::vector<dedupe::HeldReports>> lists;
  const auto list = [&](const Views& views) {
    return VisitEach(views, [&](core::State& state) { lists.push_back(dedupe::ListHeld(state)); });
  };
  if (absl::Status status = WithDedupe(list); !status.ok()) return status;
  return publish::SumOf(lists);
}

}  // namespace ringfence::server
