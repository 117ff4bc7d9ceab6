#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipelines/cluster/cluster.h"
#include "pipelines/core/id.h"
#include "pipelines/core/label_key.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/output_testing.h"
#include "pipelines/dedupe/evidence.h"

namespace ringfence::cluster {

inline constexpr core::Time kSeen = 20'000 * core::kDay;

using internal::v1::Envelope;
using internal::v1::Evidence;
using internal::v1::IndicatorRecord;
using internal::v1::ReportRevision;

// One partition whose own messages come back to it; keeps what was published last of each
// identifier and of each label.
class Clusters : public testing::Test {
 protected:
  void Open(Options options) {
    options_ = options;
    stage_ = MakeCluster(state_, options_);
  }

  void Report(const std::string& partner, const std::string& id,
              const std::vector<std::string>& phones, core::Time observed_at = kSeen) {
    ReportRevision revision;
    revision.set_partner(partner);
    revision.set_tlp(v1::TLP_AMBER);
    for (const std::string& phone : phones) {
      internal::v1::NamedIdentifier& named = *revision.add_identifiers();
      named.set_type(v1::IDENTIFIER_TYPE_PHONE);
      named.set_value(phone);
      named.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
      named.set_observed_at(observed_at);
    }
    const core::Id report = core::ReportKey(partner, id);
    Envelope envelope;
    for (Evidence& evidence : dedupe::MakeEvidence(revision, report)) {
      evidence.set_place(++place_);
      *envelope.add_evidence() = evidence;
    }
    Apply(envelope);
  }

  // The report says nothing of these any more.
  void Retract(const std::string& partner, const std::string& id,
               const std::vector<std::string>& phones) {
    std::vector<core::Id> bases;
    for (const std::string& phone : phones) {
      bases.push_back(core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, phone));
    }
    TakeBack(partner, id, bases);
  }
  void TakeBack(const std::string& partner, const std::string& id,
                const std::vector<core::Id>& bases) {
    const core::Id report = core::ReportKey(partner, id);
    Envelope envelope;
    for (const core::Id& base : bases) {
      Evidence& evidence = *envelope.add_evidence();
      evidence.set_place(++place_);
      evidence.set_base_hi(base.hi);
      evidence.set_base_lo(base.lo);
      evidence.set_report_hi(report.hi);
      evidence.set_report_lo(report.lo);
      evidence.set_removed(true);
    }
    Apply(envelope);
  }

  void Tick(core::Time time) {
    Envelope envelope;
    envelope.set_tick(time);
    Apply(envelope);
  }

  void Apply(const Envelope& envelope) {
    std::deque<Envelope> mailbox = {envelope};
    while (!mailbox.empty()) {
      mailbox.front().set_format(core::kEnvelopeFormat);
      const std::string bytes = mailbox.front().SerializeAsString();
      const core::Time arrival = std::max(kSeen, core::Time{mailbox.front().tick()});
      mailbox.pop_front();
      core::FakeOutput output(1, 1);
      ASSERT_TRUE(stage_->Apply({offset_++, arrival, "", bytes}, output).ok());
      ASSERT_TRUE(stage_->EndBatch(output).ok());
      ASSERT_TRUE(stage_->Store().ok());
      if (restarts_) Open(options_);
      for (auto& [to, sent] : output.envelopes) mailbox.push_back(sent);
      size_t taken_out = 0;
      for (auto& [key, value] : output.indicators) {
        if (value.empty()) {
          taken_out_.push_back(key);
          most_taken_out_ = std::max(most_taken_out_, ++taken_out);
          published_.erase(key);
          labels_.erase(key);
          continue;
        }
        IndicatorRecord record;
        ASSERT_TRUE(record.ParseFromString(value));
        if (core::IsLabelKey(key)) {
          labels_[key] = record;
        } else {
          published_[key] = record;
        }
      }
    }
  }

  const IndicatorRecord& Published(const std::string& phone) {
    return published_[core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, phone).Bytes()];
  }
  // Of one that is listed and linked.
  core::Id Label(const std::string& phone) {
    const IndicatorRecord& record = Published(phone);
    if (!record.labelled()) return core::Id();
    const core::Id node = core::Id::FromBytes(record.base_id());
    const auto held = labels_.find(core::LabelKeyOf(node, record.node_day()));
    if (held == labels_.end()) return node;
    const core::Id root{held->second.label().root_hi(), held->second.label().root_lo()};
    return root.IsZero() ? node : root;
  }

  core::MemoryState state_;
  Options options_;
  // The stage begins anew from its state after each record.
  bool restarts_ = false;
  std::unique_ptr<core::Stage> stage_ = MakeCluster(state_, options_);
  int64_t offset_ = 0;
  core::Place place_ = 0;
  std::map<std::string, IndicatorRecord> published_;
  // Of nodes' labels.
  std::map<std::string, IndicatorRecord> labels_;
  // Keys of records without value, and of how many in one batch.
  std::vector<std::string> taken_out_;
  size_t most_taken_out_ = 0;
};

}  // namespace ringfence::cluster
