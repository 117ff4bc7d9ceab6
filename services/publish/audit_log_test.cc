#include "services/publish/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace ringfence::publish {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AuditLogTest : public testing::Test {
 protected:
  AuditLogTest() {
    std::string folder = testing::TempDir() + "audit-XXXXXX";
    folder_ = mkdtemp(folder.data());
    path_ = folder_ + "/audit.log";
  }
  ~AuditLogTest() override { std::filesystem::remove_all(folder_); }

  static AuditEntry Entry(const std::string& what, const std::string& why = "ticket \"7\"\n") {
    AuditEntry entry;
    entry.at = 1'772'366'400 * core::kSecond;
    entry.who = "spiffe://t/operator/mira";
    entry.what = what;
    entry.subject = "00ff";
    entry.why = why;
    return entry;
  }
  std::unique_ptr<AuditLog> Open() {
    auto log = AuditLog::Open(path_);
    EXPECT_TRUE(log.ok()) << log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }
  std::string Text() {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Write(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }
  AuditReading Read() { return *ReadAudit(path_, nullptr); }

  std::string folder_;
  std::string path_;
};

TEST_F(AuditLogTest, EntriesAreThereWhenTheLogIsOpenedAgainAndGoOn) {
  for (const char* what : {"override.put", "override.delete"})
    ASSERT_TRUE(Open()->Record(Entry(what)).ok());
  std::vector<std::string> seen;
  const auto reading = ReadAudit(path_, [&](const AuditLine& line) {
    seen.push_back(std::to_string(line.number) + " " + line.entry.what);
    EXPECT_EQ(line.entry.why, "ticket \"7\"\n");
    EXPECT_EQ(line.entry.at, 1'772'366'400 * core::kSecond);
  });
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(reading->problems, IsEmpty());
  EXPECT_THAT(seen, ElementsAre("1 override.put", "2 override.delete"));
  EXPECT_EQ(reading->head.size(), 64U);
}

TEST_F(AuditLogTest, WhateverIsChangedRemovedOrMovedBreaksTheChain) {
  const auto log = Open();
  for (const char* what : {"a", "b", "c"}) ASSERT_TRUE(log->Record(Entry(what)).ok());
  const std::string whole = Text();
  const size_t second = whole.find('\n') + 1;
  const size_t third = whole.find('\n', second) + 1;
  const std::string lines[] = {whole.substr(0, second), whole.substr(second, third - second),
                               whole.substr(third)};
  // Any byte of the middle line.
  for (size_t at = second; at + 1 < third; ++at) {
    std::string changed = whole;
    changed[at] = changed[at] == 'x' ? 'y' : 'x';
    Write(changed);
    EXPECT_THAT(Read().problems, ElementsAre(HasSubstr("line 2 "))) << at;
  }
  for (const std::string& text : {lines[1] + lines[2], lines[0] + lines[2],
                                  lines[1] + lines[0] + lines[2], lines[0] + lines[0] + lines[1]}) {
    Write(text);
    EXPECT_EQ(Read().problems.size(), 1U);
  }
  Write(whole);
  EXPECT_THAT(Read().problems, IsEmpty());
}

TEST_F(AuditLogTest, NothingIsAddedToABrokenChain) {
  ASSERT_TRUE(Open()->Record(Entry("a")).ok());
  std::string text = Text();
  text[text.find("mira")] = 'x';
  Write(text);
  EXPECT_EQ(AuditLog::Open(path_).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Text(), text);
}

TEST_F(AuditLogTest, WhatACrashCutShortIsKeptAndSaidWhereverItWasCut) {
  {
    const auto log = Open();
    for (const char* what : {"a", "b"}) ASSERT_TRUE(log->Record(Entry(what)).ok());
  }
  const std::string whole = Text();
  const size_t second = whole.find('\n') + 1;
  for (size_t cut = second + 1; cut < whole.size(); cut += 37) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    Write(whole.substr(0, cut));
    EXPECT_EQ(Read().torn, whole.substr(second, cut - second));
    ASSERT_TRUE(Open()->Record(Entry("c")).ok());
    std::vector<std::string> seen;
    const auto reading =
        ReadAudit(path_, [&](const AuditLine& line) { seen.push_back(line.entry.what); });
    EXPECT_THAT(reading->problems, IsEmpty());
    EXPECT_THAT(seen, ElementsAre("a", "audit.torn", "c"));
    std::ifstream torn(path_ + ".torn-1");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(torn), {}),
              whole.substr(second, cut - second));
  }
}

TEST_F(AuditLogTest, OnlyOneProcessHasIt) {
  const auto log = Open();
  EXPECT_EQ(AuditLog::Open(path_).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(AuditLogTest, AFieldThatIsTooLongIsRefused) {
  EXPECT_EQ(Open()->Record(Entry("a", std::string(5'000, 'x'))).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Text(), "");
}

TEST_F(AuditLogTest, ManyThreadsMakeOneChain) {
  const auto log = Open();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) EXPECT_TRUE(log->Record(Entry("x")).ok());
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Read().entries, 40U);
  EXPECT_THAT(Read().problems, IsEmpty());
}

}  // namespace
}  // namespace ringfence::publish
