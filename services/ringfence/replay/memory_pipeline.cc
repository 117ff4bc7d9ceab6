#include "services/ringfence/replay/memory_pipeline.h"

#include <utility>

#include "pipelines/cluster/cluster.h"
#include "pipelines/core/id.h"
#include "pipelines/dedupe/dedupe.h"

namespace ringfence::replay {
namespace {

using core::Mailbox;
using internal::v1::Envelope;

constexpr size_t kBatchRecordsMax = 500;
constexpr int kEnvelopeMessagesMax = 2'000;

int Messages(const Envelope& envelope) {
  return envelope.revisions_size() + envelope.evidence_size() + envelope.nodes_size() +
         envelope.continues_size();
}

}  // namespace

// One partition of a mailbox: what waits in it, and the stage that owns it.
class MemoryPipeline::Partition {
 public:
  Partition(Mailbox mailbox, uint32_t number, const Options& options) : number_(number) {
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

  // The envelope that is being filled.
  Envelope& Filling() {
    if (Messages(filling_) >= kEnvelopeMessagesMax) Close();
    filling_.set_format(core::kEnvelopeFormat);
    return filling_;
  }
  void Close() {
    if (filling_.format() == 0) return;
    waiting_.push_back(filling_.SerializeAsString());
    filling_.Clear();
  }

  // Applies a batch; false if there was nothing to do.
  absl::StatusOr<bool> Step(core::Time now, core::Output& output) {
    Close();
    if (waiting_.empty()) return false;
    for (size_t i = 0; i < kBatchRecordsMax && !waiting_.empty(); ++i) {
      const std::string value = std::move(waiting_.front());
      waiting_.pop_front();
      if (absl::Status status = stage_->Apply({offset_++, now, "", value}, output); !status.ok())
        return status;
    }
    if (absl::Status status = stage_->EndBatch(output); !status.ok()) return status;
    return true;
  }

  uint32_t number() const { return number_; }

 private:
  const uint32_t number_;
  core::MemoryState state_;
  std::unique_ptr<core::Stage> stage_;
  Envelope filling_;
  std::deque<std::string> waiting_;
  int64_t offset_ = 0;
};

// Output of one partition's stage.
class MemoryPipeline::Sender : public core::Output {
 public:
  Sender(MemoryPipeline& pipeline, uint32_t source) : pipeline_(pipeline), source_(source) {}

  Envelope& To(Mailbox mailbox, uint32_t partition) override {
    return pipeline_.At(mailbox, partition).Filling();
  }
  uint32_t Partitions(Mailbox) const override { return pipeline_.options_.partitions; }
  void Indicator(std::string_view key, std::string_view value) override {
    pipeline_.sink_(source_, key, value);
  }

 private:
  MemoryPipeline& pipeline_;
  const uint32_t source_;
};

MemoryPipeline::MemoryPipeline(const Options& options, IndicatorSink sink)
    : options_(options), sink_(std::move(sink)) {
  for (Mailbox mailbox : {Mailbox::kDedupe, Mailbox::kCluster}) {
    for (uint32_t number = 0; number < options.partitions; ++number) {
      partitions_.push_back(std::make_unique<Partition>(mailbox, number, options_));
    }
  }
}

MemoryPipeline::~MemoryPipeline() = default;

MemoryPipeline::Partition& MemoryPipeline::At(Mailbox mailbox, uint32_t partition) {
  return *partitions_[(mailbox == Mailbox::kDedupe ? 0 : options_.partitions) + partition];
}

void MemoryPipeline::Send(const internal::v1::ReportRevision& revision) {
  const uint32_t partition = core::PartitionOf(
      core::ReportKey(revision.partner(), revision.report_id()), options_.partitions);
  *At(Mailbox::kDedupe, partition).Filling().add_revisions() = revision;
}

void MemoryPipeline::Tick(core::Time time) {
  if (time <= now_) return;
  now_ = time;
  for (const std::unique_ptr<Partition>& partition : partitions_) {
    partition->Close();
    partition->Filling().set_tick(time);
    partition->Close();
  }
}

absl::Status MemoryPipeline::RunUntilQuiet() {
  for (bool quiet = false; !quiet;) {
    quiet = true;
    for (const std::unique_ptr<Partition>& partition : partitions_) {
      Sender sender(*this, partition->number());
      absl::StatusOr<bool> worked = partition->Step(now_, sender);
      if (!worked.ok()) return worked.status();
      quiet = quiet && !*worked;
    }
  }
  return absl::OkStatus();
}

}  // namespace ringfence::replay
