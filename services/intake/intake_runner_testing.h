#pragma once

// Runs intake on a log that tests can make fail, and reads what came of it.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/core/id.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "services/intake/intake_runner.h"
#include "services/intake/log_testing.h"

namespace ringfence::intake_service {

inline constexpr uint32_t kDedupePartitions = 3;
// 2026-03-01T12:00:00Z.
inline constexpr core::Time kNow = 1'772'366'400 * core::kSecond;

// Names a callback number, two hours before kNow.
inline std::string GoodReport(const std::string& report_id) {
  return R"({"reportId":")" + report_id +
         R"(","occurredAt":"2026-03-01T10:00:00Z","identifiers":[{"type":"IDENTIFIER_TYPE_PHONE",)"
         R"("role":"IDENTIFIER_ROLE_CALLBACK","value":"+1 212 555 0123"}]})";
}

// Without a time, and with a handle.
inline std::string BadReport(const std::string& report_id) {
  return R"({"reportId":")" + report_id +
         R"(","victim":{"handles":[{"kind":"KIND_EMAIL","value":"jane.doe@example.com"}]}})";
}

class IntakeRunners : public LogTest {
 protected:
  IntakeRunners() : LogTest(kNow) { Create(std::string(runtime::kDedupeTopic), kDedupePartitions); }

  void Create(const std::string& topic, int32_t partitions = 1) {
    ASSERT_TRUE(embedded_->CreateTopic(topic, {.partitions = partitions}).ok());
  }
  void Send(const std::string& topic, std::vector<std::string> reports, int32_t partition = 0) {
    std::vector<runtime::AppendRecord> records;
    for (std::string& report : reports) {
      records.push_back({{topic, partition}, "", std::move(report)});
    }
    ASSERT_TRUE(embedded_->Append(std::move(records)).ok());
  }
  void Start(size_t records_max = 250, int32_t partition = 0, int32_t partitions = 1) {
    runner_.reset();
    IntakeRunner::Options options;
    options.partition = partition;
    options.partitions = partitions;
    options.dedupe_partitions = kDedupePartitions;
    options.intake.token_key.id = "k1";
    options.records_max = records_max;
    options.quotas = quotas_.get();
    options.echoes = echoes_.get();
    options.may_take = may_take_;
    options.look_again = std::chrono::milliseconds(10);
    runner_ = std::make_unique<IntakeRunner>(options, *log_, metrics_);
  }
  bool EventuallyRead(const std::string& topic, int32_t partition = 0) {
    return Eventually([&] {
      return *embedded_->Committed("intake", {topic, partition}) ==
             *embedded_->EndOffset({topic, partition});
    });
  }
  runtime::Progress ProgressOf(const std::string& topic) {
    for (runtime::Progress& progress : runner_->progress()) {
      if (progress.input.topic == topic) return std::move(progress);
    }
    ADD_FAILURE() << topic << " is not read";
    return {};
  }
  std::vector<runtime::LogRecord> Records(const std::string& topic, int32_t partition = 0) {
    return *embedded_->Read({topic, partition}, 0, 100'000, size_t{1} << 40);
  }
  // "partner/report", partition by partition, as they stand in the mailbox.
  std::vector<std::string> Revisions() {
    std::vector<std::string> revisions;
    for (uint32_t p = 0; p < kDedupePartitions; ++p) {
      for (const runtime::LogRecord& record :
           Records(std::string(runtime::kDedupeTopic), static_cast<int32_t>(p))) {
        internal::v1::Envelope envelope;
        EXPECT_TRUE(envelope.ParseFromString(record.value));
        for (const internal::v1::ReportRevision& revision : envelope.revisions()) {
          const core::Id key = core::ReportKey(revision.partner(), revision.report_id());
          EXPECT_EQ(core::PartitionOf(key, kDedupePartitions), p);
          std::string name = revision.partner() + "/" + revision.report_id();
          if (revision.held()) name += " held";
          if (revision.identifiers(0).echo()) name += " echo";
          revisions.push_back(std::move(name));
        }
      }
    }
    return revisions;
  }

  runtime::Metrics metrics_;
  std::unique_ptr<Quotas> quotas_;
  std::unique_ptr<Echoes> echoes_;
  std::function<bool()> may_take_;
  std::unique_ptr<IntakeRunner> runner_;
};

}  // namespace ringfence::intake_service
