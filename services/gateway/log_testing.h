#pragma once

// What the tests of this folder share: an embedded log in a folder of its own that can be told to
// fail, and a report that is accepted.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ringfence/v1/report.pb.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::gateway {

// 2026-03-01T12:00:00Z.
inline constexpr core::Time kNow = 1772366400 * core::kSecond;

class FaultyLog : public runtime::Log {
 public:
  FaultyLog() {
    auto log = runtime::EmbeddedLog::Open({.dir = folder_.path(),
                                           .clock = [] { return kNow; },
                                           .memory = runtime::MakeRocksMemory({}),
                                           .reserve_bytes = 0});
    EXPECT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }

  // All appends fail with this code, until it is kOk again.
  void FailAppends(absl::StatusCode code) { append_code_ = code; }
  int appends() const { return appends_; }
  // All values of a partition.
  std::vector<std::string> Values(const std::string& topic, int32_t partition = 0) {
    std::vector<std::string> values;
    auto records = log_->Read({topic, partition}, 0, 100'000, size_t{1} << 30);
    if (!records.ok()) return values;
    for (runtime::LogRecord& record : *records) values.push_back(std::move(record.value));
    return values;
  }

  absl::Status CreateTopic(const std::string& topic,
                           const runtime::TopicOptions& options) override {
    return log_->CreateTopic(topic, options);
  }
  absl::StatusOr<std::vector<std::string>> Topics(std::string_view prefix) override {
    return log_->Topics(prefix);
  }
  absl::StatusOr<int32_t> Partitions(const std::string& topic) override {
    return log_->Partitions(topic);
  }
  absl::StatusOr<std::vector<int64_t>> Append(std::vector<runtime::AppendRecord> records) override {
    ++appends_;
    if (append_code_ != absl::StatusCode::kOk) return absl::Status(append_code_, "told to fail");
    return log_->Append(std::move(records));
  }
  absl::StatusOr<std::vector<runtime::LogRecord>> Read(const runtime::TopicPartition& from,
                                                       int64_t offset, size_t records_max,
                                                       size_t bytes_max) override {
    return log_->Read(from, offset, records_max, bytes_max);
  }
  absl::StatusOr<int64_t> EndOffset(const runtime::TopicPartition& partition) override {
    return log_->EndOffset(partition);
  }
  absl::StatusOr<int64_t> StartOffset(const runtime::TopicPartition& partition) override {
    return log_->StartOffset(partition);
  }
  bool WaitForAny(std::span<const Position> positions, std::chrono::milliseconds timeout) override {
    return log_->WaitForAny(positions, timeout);
  }
  absl::Status Commit(const std::string& reader, const runtime::TopicPartition& partition,
                      int64_t offset) override {
    return log_->Commit(reader, partition, offset);
  }
  absl::StatusOr<std::optional<int64_t>> Committed(
      const std::string& reader, const runtime::TopicPartition& partition) override {
    return log_->Committed(reader, partition);
  }
  std::string Incarnation() const override { return log_->Incarnation(); }

 private:
  runtime::TemporaryFolder folder_;
  std::unique_ptr<runtime::EmbeddedLog> log_;
  std::atomic<absl::StatusCode> append_code_{absl::StatusCode::kOk};
  std::atomic<int> appends_{0};
};

// Names a callback number, from an hour before kNow.
inline v1::Report GoodReport(const std::string& report_id) {
  v1::Report report;
  report.set_report_id(report_id);
  report.mutable_occurred_at()->set_seconds(kNow / core::kSecond - 3600);
  report.mutable_victim()->set_country("US");
  v1::VictimHandle& handle = *report.mutable_victim()->add_handles();
  handle.set_kind(v1::VictimHandle::KIND_EMAIL);
  handle.set_value("jane.doe@example.com");
  v1::Identifier& identifier = *report.add_identifiers();
  identifier.set_type(v1::IDENTIFIER_TYPE_PHONE);
  identifier.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
  identifier.set_value("(212) 555-0123");
  return report;
}

// Without a time: rejected.
inline v1::Report BadReport(const std::string& report_id) {
  v1::Report report = GoodReport(report_id);
  report.clear_occurred_at();
  return report;
}

inline v1::SubmitReportsRequest RequestOf(std::vector<v1::Report> reports) {
  v1::SubmitReportsRequest request;
  for (v1::Report& report : reports) *request.add_reports() = std::move(report);
  return request;
}

}  // namespace ringfence::gateway
