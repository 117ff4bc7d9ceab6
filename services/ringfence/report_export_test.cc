#include "services/ringfence/report_export.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "pipelines/intake/intake.h"
#include "services/ringfence/sample/sample_files.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// 2026-03-01T12:00:00Z.
constexpr core::Time kNow = 1772366400 * core::kSecond;

class ExportReportsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto log = runtime::EmbeddedLog::Open({.dir = folder_.path() + "/log",
                                           .clock = [this] { return now_; },
                                           .memory = runtime::MakeRocksMemory({}),
                                           .reserve_bytes = 0});
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    ASSERT_TRUE(log_->CreateTopic("rejects.bank", {}).ok());
  }
  void Append(const std::string& partner, int32_t partition, const std::string& record) {
    ASSERT_TRUE(log_->CreateTopic("reports." + partner, {.partitions = 3}).ok());
    now_ += core::kSecond;
    ASSERT_TRUE(log_->Append({{{"reports." + partner, partition}, "", record}}).ok());
  }
  static std::string Binary(const std::string& id) {
    v1::Report report;
    report.set_report_id(id);
    return report.SerializeAsString();
  }
  std::vector<std::string> Lines(const std::string& name) const {
    std::ifstream file(out_ + "/" + name);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  static unsigned ModeOf(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 0777;
  }

  core::Time now_ = kNow;
  const runtime::TemporaryFolder folder_;
  const std::string out_ = folder_.path() + "/out/reports";
  std::unique_ptr<runtime::EmbeddedLog> log_;
};

TEST_F(ExportReportsTest, WritesEachPartnersInTheOrderOfArrivalForTheOwnerAlone) {
  Append("bank", 2, Binary("r1"));
  Append("bank", 0, "  {\"reportId\":\n\"r2\"}");
  Append("telco", 1, Binary("r1"));
  Append("bank", 2, Binary("r1"));
  Append("bank", 1, "nothing of a report");
  const auto exported = ExportReports(*log_, out_ + "/", "");
  ASSERT_TRUE(exported.ok()) << exported.status();
  ASSERT_EQ(exported->size(), 2u);
  EXPECT_EQ((*exported)[0].partner, "bank");
  EXPECT_EQ((*exported)[0].reports, 3u);
  EXPECT_EQ((*exported)[0].left_out, 1u);
  EXPECT_THAT(Lines("bank.jsonl"), ElementsAre(R"({"reportId":"r1"})", "{\"reportId\": \"r2\"}",
                                               R"({"reportId":"r1"})"));
  EXPECT_THAT(Lines("telco.jsonl"), ElementsAre(R"({"reportId":"r1"})"));
  EXPECT_EQ(ModeOf(out_), 0700u);
  EXPECT_EQ(ModeOf(out_ + "/bank.jsonl"), 0600u);
}

TEST_F(ExportReportsTest, WritesOnePartnersAndNoneThatIsNotThere) {
  Append("bank", 0, Binary("r1"));
  Append("bank-two", 0, Binary("r1"));
  EXPECT_EQ(ExportReports(*log_, out_, "ban").status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(out_));
  ASSERT_TRUE(ExportReports(*log_, out_, "bank").ok());
  EXPECT_TRUE(Lines("bank-two.jsonl").empty());
  EXPECT_EQ(Lines("bank.jsonl").size(), 1u);
}

TEST_F(ExportReportsTest, OverwritesNothingAndLeavesNothingHalf) {
  Append("acme", 0, Binary("r1"));
  Append("bank", 0, Binary("r1"));
  std::filesystem::create_directories(out_);
  std::ofstream(out_ + "/bank.jsonl") << "mine\n";
  EXPECT_EQ(ExportReports(*log_, out_, "").status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Lines("bank.jsonl"), ElementsAre("mine"));
  EXPECT_FALSE(std::filesystem::exists(out_ + "/acme.jsonl"));
}

TEST_F(ExportReportsTest, TimesThatJsonCannotSayAreLeftOut) {
  v1::Report report;
  report.set_report_id("r1");
  report.mutable_occurred_at()->set_seconds(1);
  report.mutable_reported_at()->set_seconds(int64_t{1} << 50);
  report.add_identifiers()->mutable_observed_at()->set_nanos(-1);
  intake::ReportJson parser;
  EXPECT_EQ(LineOf(report.SerializeAsString(), parser),
            R"({"reportId":"r1","occurredAt":"1970-01-01T00:00:01Z","identifiers":[{}]})");
}

// An id of 0x20 or 0x7b bytes: the record begins as JSON does.
TEST_F(ExportReportsTest, ABinaryReportThatLooksLikeJsonIsNone) {
  intake::ReportJson parser;
  for (const size_t size : {'{', ' ', '\n'}) {
    const std::string id = "{" + std::string(size - 1, 'r');
    EXPECT_EQ(LineOf(Binary(id), parser), "{\"reportId\":\"" + id + "\"}");
  }
}

// What was sent in binary says as a line what it said.
TEST_F(ExportReportsTest, ALineIsToIntakeWhatTheRecordWas) {
  const auto sample = sample::WriteSample(
      {.seed = 7, .records = 2'000, .partners = 2, .until = kNow, .span = 30 * core::kDay},
      folder_.path() + "/sample");
  ASSERT_TRUE(sample.ok()) << sample.status();
  intake::ReportJson parser;
  intake::Intake intake({.token_key = {.id = "k", .secret = "s"}});
  int accepted = 0;
  for (const auto& partner : sample->partners) {
    std::ifstream file(partner.path);
    for (std::string line; std::getline(file, line);) {
      // Some are made up to be rejected.
      if (!line.starts_with('{')) continue;
      EXPECT_EQ(LineOf(line, parser), line);
      v1::Report report;
      if (!google::protobuf::util::JsonStringToMessage(line, &report).ok()) continue;
      const std::string record = report.SerializeAsString();
      const auto before = intake.FromRecord(partner.name, record, kNow);
      if (before.outcome != v1::OUTCOME_ACCEPTED) continue;
      ++accepted;
      const auto again = LineOf(record, parser);
      ASSERT_TRUE(again.has_value()) << line;
      const auto after = intake.FromJson(partner.name, *again, kNow);
      ASSERT_TRUE(after.revision_message.has_value()) << *again;
      EXPECT_EQ(after.revision_message->SerializeAsString(),
                before.revision_message->SerializeAsString());
    }
  }
  EXPECT_GT(accepted, 1'500);
}

}  // namespace
}  // namespace ringfence::cli
