#include "pipelines/dedupe/dedupe.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "google/protobuf/arena.h"
#include "pipelines/core/envelope.h"
#include "pipelines/core/id.h"
#include "pipelines/core/timers.h"
#include "pipelines/dedupe/evidence.h"
#include "ringfence/internal/v1/state.pb.h"

// Tables of the state:
//   'r' report (16)             StoredReport
//   't' due (8) report (16)     when a report is no longer needed
//   'm'                         StageClock
namespace ringfence::dedupe {
namespace {

using core::Id;
using core::Time;
using internal::v1::Envelope;
using internal::v1::Evidence;
using internal::v1::ReportRevision;
using internal::v1::StoredReport;

constexpr char kReportTable = 'r';
constexpr char kTimerTable = 't';

// Evidence links until at most 400 days after it was seen, which is at most a day after it arrived,
// and a report is taken until 400 days after it occurred: from then on nothing of it can count or
// come again.
constexpr core::Day kKeptDays = 403;

std::string ReportTableKey(const Id& report) {
  std::string key(1, kReportTable);
  report.AppendTo(key);
  return key;
}

// Which of two revisions of one report holds.
template <typename Revision>
auto Order(const Revision& revision) {
  return std::make_tuple(revision.revision(), revision.retracted(),
                         std::string_view(revision.content_hash()));
}

class Dedupe : public core::Stage {
 public:
  Dedupe(core::State& state, const Options& options)
      : options_(options), state_(state), timers_(state, kTimerTable), clock_(state) {}

  absl::Status Apply(const core::Record& record, core::Output& output) override {
    arena_.Reset();
    auto envelope = core::ParseEnvelope(record, arena_);
    if (!envelope.ok()) return envelope.status();
    const Envelope& messages = **envelope;
    clock_.Advance(std::max(record.append_time, Time{messages.tick()}));
    if (messages.continues_size() > 0) clock_.set_sweeping(false);
    Sweep(output);
    index_ = 0;
    for (const ReportRevision& revision : messages.revisions()) {
      if (absl::Status status = ApplyRevision(record.offset, revision, output); !status.ok())
        return status;
    }
    return absl::OkStatus();
  }

  absl::Status EndBatch(core::Output&) override {
    clock_.Store();
    return absl::OkStatus();
  }

  Time AsOf() const override { return clock_.now(); }

 private:
  absl::Status ApplyRevision(int64_t offset, const ReportRevision& revision, core::Output& output) {
    const Id report = core::ReportKey(revision.partner(), revision.report_id());
    const std::string key = ReportTableKey(report);
    auto* held = google::protobuf::Arena::CreateMessage<StoredReport>(&arena_);
    if (auto bytes = state_.Get(key)) {
      if (!held->ParseFromString(*bytes))
        return absl::DataLossError("dedupe: a stored report does not parse");
      if (Order(*held) >= Order(revision)) {
        KeepUntil(report, key, revision, *held);
        return absl::OkStatus();
      }
      timers_.Clear(core::StartOfDay(held->until_day()), report);
    }
    auto* stored = google::protobuf::Arena::CreateMessage<StoredReport>(&arena_);
    stored->set_revision(revision.revision());
    stored->set_retracted(revision.retracted());
    stored->set_content_hash(revision.content_hash());
    revision.SerializeToString(stored->mutable_content());
    stored->set_until_day(
        std::max(core::FloorDay(revision.arrival()) + kKeptDays, held->until_day()));
    std::vector<Evidence> evidence;
    if (!revision.retracted()) evidence = MakeEvidence(revision, report, report);
    for (const Evidence& about : evidence) {
      stored->add_bases(about.base_hi());
      stored->add_bases(about.base_lo());
    }
    TakeBack(offset, report, *held, *stored, output);
    for (Evidence& about : evidence) Send(offset, std::move(about), output);
    stored->SerializeToString(&buffer_);
    state_.Put(key, buffer_);
    timers_.Set(core::StartOfDay(stored->until_day()), report);
    return absl::OkStatus();
  }

  // What is lower may come again as well: what holds is known as long as that.
  void KeepUntil(const Id& report, const std::string& key, const ReportRevision& lower,
                 StoredReport& held) {
    const core::Day until = core::FloorDay(lower.arrival()) + kKeptDays;
    if (until <= held.until_day()) return;
    timers_.Clear(core::StartOfDay(held.until_day()), report);
    held.set_until_day(until);
    held.SerializeToString(&buffer_);
    state_.Put(key, buffer_);
    timers_.Set(core::StartOfDay(until), report);
  }

  // Bases that the report named before and does not name any more.
  void TakeBack(int64_t offset, const Id& report, const StoredReport& before,
                const StoredReport& now, core::Output& output) {
    for (int i = 0; i + 1 < before.bases_size(); i += 2) {
      bool named = false;
      for (int j = 0; j + 1 < now.bases_size() && !named; j += 2) {
        named = now.bases(j) == before.bases(i) && now.bases(j + 1) == before.bases(i + 1);
      }
      if (named) continue;
      Evidence removal;
      removal.set_base_hi(before.bases(i));
      removal.set_base_lo(before.bases(i + 1));
      removal.set_report_hi(report.hi);
      removal.set_report_lo(report.lo);
      removal.set_removed(true);
      Send(offset, std::move(removal), output);
    }
  }

  void Send(int64_t offset, Evidence evidence, core::Output& output) {
    evidence.set_place(core::MakePlace(offset, index_++));
    const uint32_t partition = core::PartitionOf(Id{evidence.base_hi(), evidence.base_lo()},
                                                 output.Partitions(core::Mailbox::kCluster));
    *output.To(core::Mailbox::kCluster, partition).add_evidence() = std::move(evidence);
  }

  // Forgets what can no longer matter.
  void Sweep(core::Output& output) {
    std::vector<core::Timers::Entry> due = timers_.Due(clock_.now(), options_.sweep_max);
    for (const core::Timers::Entry& entry : due) {
      state_.Delete(ReportTableKey(entry.id));
      timers_.Clear(entry.due, entry.id);
    }
    if (due.size() < options_.sweep_max || clock_.sweeping()) return;
    clock_.set_sweeping(true);
    output.To(core::Mailbox::kDedupe, options_.partition)
        .add_continues()
        ->set_work(internal::v1::Continue::WORK_SWEEP);
  }

  const Options options_;
  core::State& state_;
  core::Timers timers_;
  core::StageClock clock_;
  google::protobuf::Arena arena_;
  std::string buffer_;
  uint32_t index_ = 0;
};

}  // namespace

std::unique_ptr<core::Stage> MakeDedupe(core::State& state, const Options& options) {
  return std::make_unique<Dedupe>(state, options);
}

}  // namespace ringfence::dedupe
