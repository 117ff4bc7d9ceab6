#include "services/publish/console/partners.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/rocks/memory.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::publish {
namespace {

constexpr core::Time kStart = 20'000 * core::kDay;

class Partners : public testing::Test {
 protected:
  void SetUp() override {
    runtime::EmbeddedLog::Options options;
    options.dir = folder_.path() + "/log";
    options.clock = [this] { return now_; };
    options.memory = runtime::MakeRocksMemory({});
    auto opened = runtime::EmbeddedLog::Open(options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    log_ = *std::move(opened);
  }
  void Append(const std::string& topic, int32_t partition, int count, const std::string& value) {
    ASSERT_TRUE(log_->CreateTopic(topic, {.partitions = 2}).ok());
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(log_->Append({{{topic, partition}, "", value}}).ok());
  }
  console::v1::Partners Look() {
    PartnerWatch watch({.clock = [this] { return now_; }}, *log_);
    const auto partners = watch.Get();
    EXPECT_TRUE(partners.ok()) << partners.status();
    return partners.ok() ? **partners : console::v1::Partners();
  }

  runtime::TemporaryFolder folder_;
  core::Time now_ = kStart;
  std::unique_ptr<runtime::EmbeddedLog> log_;
};

TEST_F(Partners, ReportsAreCountedByWhenTheyCame) {
  Append("reports.bank", 0, 3, "x");
  now_ += 5 * core::kHour;
  Append("reports.bank", 1, 2, "x");
  now_ += 22 * core::kHour;
  Append("reports.bank", 0, 1, "x");
  Append("reports.maker", 0, 4, "x");
  now_ += core::kHour / 2;
  const console::v1::Partners partners = Look();
  ASSERT_EQ(partners.partners_size(), 2);
  const console::v1::PartnerStatus& bank = partners.partners(0);
  EXPECT_EQ(bank.partner(), "bank");
  EXPECT_EQ(bank.reports(), 6u);
  EXPECT_EQ(bank.last_day(), 3u);
  EXPECT_EQ(bank.last_hour(), 1u);
  EXPECT_EQ(core::FromProto(bank.last_report_at()), now_ - core::kHour / 2);
  EXPECT_EQ(partners.partners(1).last_hour(), 4u);
}

TEST_F(Partners, RejectsAreCountedByProblemTheMostFrequentFirst) {
  Append("rejects.bank", 0, 2, R"({"problems":[{"code":"phone.not_a_number"},{"code":"a.b"}]})");
  Append("rejects.bank", 0, 1, R"({"problems":[{"code":"a.b"}]})");
  Append("rejects.bank", 0, 1, "no JSON");
  const console::v1::Partners partners = Look();
  ASSERT_EQ(partners.partners_size(), 1);
  EXPECT_EQ(partners.partners(0).rejects(), 4u);
  ASSERT_EQ(partners.partners(0).problems_size(), 2);
  EXPECT_EQ(partners.partners(0).problems(0).code(), "a.b");
  EXPECT_EQ(partners.partners(0).problems(0).count(), 3u);
}

}  // namespace
}  // namespace ringfence::publish
