#include "services/ringfence/sample/sample_files.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ringfence::sample {
namespace {

// 2026-03-01T12:00:00Z.
constexpr core::Time kUntil = 1772366400 * core::kSecond;

class SampleFilesTest : public testing::Test {
 protected:
  SampleFilesTest() {
    std::string path = testing::TempDir() + "ringfence-sample-XXXXXX";
    folder_ = ::mkdtemp(path.data());
  }
  ~SampleFilesTest() override { std::filesystem::remove_all(folder_); }

  static std::vector<std::string> LinesOf(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  std::string folder_;
};

TEST_F(SampleFilesTest, WritesAFileForEachPartnerAndTheTruth) {
  const auto written = WriteSample(
      {.seed = 1, .records = 500, .partners = 5, .until = kUntil, .span = 30 * core::kDay},
      folder_ + "/new/folder");
  ASSERT_TRUE(written.ok()) << written.status();
  ASSERT_EQ(written->partners.size(), 5u);
  EXPECT_EQ(written->partners[0].name, "northgate-software");
  EXPECT_EQ(written->partners[4].name, "northgate-software-2");
  uint64_t records = 0;
  for (const SampleFiles::Partner& partner : written->partners) {
    EXPECT_EQ(partner.path, folder_ + "/new/folder/" + partner.name + ".jsonl");
    EXPECT_EQ(LinesOf(partner.path).size(), partner.records);
    records += partner.records;
  }
  EXPECT_EQ(records, 500u);
  uint64_t truths = 0;
  uint64_t rejected = 0;
  for (const std::string& line : LinesOf(written->truth_path)) {
    truths += line.starts_with(R"({"record":{"partner":)") ? 1 : 0;
    rejected += line.ends_with(R"("rejected":true}})") ? 1 : 0;
  }
  EXPECT_EQ(truths, 500u);
  EXPECT_EQ(rejected, written->rejected);
  EXPECT_GT(rejected, 0u);
}

TEST_F(SampleFilesTest, SaysWhichFileCannotBeWritten) {
  std::ofstream(folder_ + "/file") << "in the way";
  const auto written = WriteSample(
      {.seed = 1, .records = 5, .partners = 1, .until = kUntil, .span = 30 * core::kDay},
      folder_ + "/file");
  ASSERT_FALSE(written.ok());
  EXPECT_THAT(std::string(written.status().message()), testing::HasSubstr(folder_ + "/file"));
}

// The device that is always full.
TEST_F(SampleFilesTest, NoticesAFullDisk) {
  std::filesystem::create_symlink("/dev/full", folder_ + "/truth.jsonl");
  const auto written = WriteSample(
      {.seed = 1, .records = 1'000, .partners = 1, .until = kUntil, .span = 30 * core::kDay},
      folder_);
  EXPECT_EQ(written.status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace ringfence::sample
