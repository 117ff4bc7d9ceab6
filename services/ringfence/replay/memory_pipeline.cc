#include "services/ringfence/replay/memory_pipeline.h"

#include <utility>

#include "pipelines/cluster/cluster.h"
#include "pipelines/core/id.h"
#include "pipelines/dedupe/dedupe.h"

namespace ringfence::replay {
namespace {

using core::Mailbox;

constexpr size_t kBatchRecordsMax = 500;
constexpr size_t kUnstoredBytesMax = size_t{64} << 20;

}  // namespace

// One partition of a mailbox: what waits in it, the stage that owns it, and what that sends.
class MemoryPipeline::Partition {
 public:
  Partition(Mailbox mailbox, uint32_t number, const Options& options)
      : output_({number, options.partitions, options.partitions}) {
    if (mailbox == Mailbox::kDedupe) {
      dedupe::Options dedupe_options;
      dedupe_options.partition = number;
      stage_ = dedupe::MakeDedupe(state_, dedupe_options);
    } else {
      cluster::Options cluster_options;
      cluster_options.partition = number;
      cluster_options.deployment = options.deployment;
      stage_ = cluster::MakeCluster(state_, cluster_options);
    }
  }

  void Add(std::string record) { waiting_.push_back(std::move(record)); }
  bool quiet() const { return waiting_.empty(); }

  // Applies a batch; what it sent.
  absl::StatusOr<std::vector<runtime::AppendRecord>> Step(core::Time now) {
    for (size_t i = 0; i < kBatchRecordsMax && !waiting_.empty(); ++i) {
      const std::string value = std::move(waiting_.front());
      waiting_.pop_front();
      absl::Status status = stage_->Apply({offset_++, now, "", value}, output_);
      if (!status.ok()) return status;
    }
    if (absl::Status status = stage_->EndBatch(output_); !status.ok()) return status;
    if (stage_->UnstoredBytes() > kUnstoredBytesMax) {
      if (absl::Status status = stage_->Store(); !status.ok()) return status;
    }
    return output_.Take();
  }

 private:
  core::MemoryState state_;
  std::unique_ptr<core::Stage> stage_;
  runtime::LogOutput output_;
  std::deque<std::string> waiting_;
  int64_t offset_ = 0;
};

MemoryPipeline::MemoryPipeline(const Options& options, IndicatorSink sink)
    : options_(options),
      sink_(std::move(sink)),
      input_({0, options.partitions, options.partitions}) {
  for (const Mailbox mailbox : {Mailbox::kDedupe, Mailbox::kCluster}) {
    for (uint32_t number = 0; number < options.partitions; ++number) {
      partitions_[{runtime::MailboxTopic(mailbox), static_cast<int32_t>(number)}] =
          std::make_unique<Partition>(mailbox, number, options_);
    }
  }
}

MemoryPipeline::~MemoryPipeline() = default;

void MemoryPipeline::Send(const internal::v1::ReportRevision& revision) {
  const core::Id report = core::ReportKey(revision.partner(), revision.report_id());
  const uint32_t partition = core::PartitionOf(report, options_.partitions);
  *input_.To(Mailbox::kDedupe, partition).add_revisions() = revision;
}

void MemoryPipeline::Send(const internal::v1::ReferralHold& hold) {
  for (uint32_t number = 0; number < options_.partitions; ++number) {
    *input_.To(Mailbox::kDedupe, number).add_referral_holds() = hold;
  }
}

void MemoryPipeline::Decide(const internal::v1::DecisionRecord& decision) {
  for (uint32_t number = 0; number < options_.partitions; ++number) {
    internal::v1::Envelope& dedupe = input_.To(Mailbox::kDedupe, number);
    if (decision.has_partner_retraction()) {
      *dedupe.add_partner_retractions() = decision.partner_retraction();
    }
    if (decision.has_held_decision()) *dedupe.add_held_decisions() = decision.held_decision();
    if (decision.has_organisations()) *dedupe.add_organisations() = decision.organisations();
    if (decision.has_policy()) *dedupe.add_policies() = decision.policy();
    internal::v1::Envelope& cluster = input_.To(Mailbox::kCluster, number);
    if (decision.has_override_news()) *cluster.add_overrides() = decision.override_news();
    if (decision.has_organisations()) *cluster.add_organisations() = decision.organisations();
    if (decision.has_policy()) *cluster.add_policies() = decision.policy();
  }
}

void MemoryPipeline::Tick(core::Time time) {
  if (time <= now_) return;
  Deliver(input_.Take());
  now_ = time;
  for (const Mailbox mailbox : {Mailbox::kDedupe, Mailbox::kCluster}) {
    for (uint32_t number = 0; number < options_.partitions; ++number) {
      input_.To(mailbox, number).set_tick(time);
    }
  }
  Deliver(input_.Take());
}

absl::Status MemoryPipeline::RunUntilQuiet() {
  Deliver(input_.Take());
  for (bool quiet = false; !quiet;) {
    quiet = true;
    for (const auto& [input, partition] : partitions_) {
      if (partition->quiet()) continue;
      quiet = false;
      absl::StatusOr<std::vector<runtime::AppendRecord>> sent = partition->Step(now_);
      if (!sent.ok()) return sent.status();
      Deliver(*std::move(sent));
    }
  }
  return absl::OkStatus();
}

void MemoryPipeline::Deliver(std::vector<runtime::AppendRecord> records) {
  for (runtime::AppendRecord& record : records) {
    auto mailbox = partitions_.find(record.to);
    if (mailbox == partitions_.end()) {
      sink_(static_cast<uint32_t>(record.to.partition), record.key, record.value);
    } else {
      mailbox->second->Add(std::move(record.value));
    }
  }
}

}  // namespace ringfence::replay
