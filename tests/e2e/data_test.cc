#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ringfence/v1/report_service.pb.h"
#include "tests/oracle/oracle.h"
#include "tests/oracle/real_reports.h"

// Real reports through `ringfence replay`, as a process, against the oracle.
namespace ringfence {
namespace {

// The exit status of the program; -1 where it did not exit.
int RunProgram(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  if (posix_spawn(&pid, words[0].c_str(), nullptr, nullptr, arguments.data(), environ) != 0) {
    return -1;
  }
  int status = 0;
  if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

template <typename M>
std::vector<M> ReadMessages(const std::filesystem::path& path) {
  std::vector<M> messages;
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  for (std::string line; std::getline(file, line);) {
    const auto status = google::protobuf::util::JsonStringToMessage(line, &messages.emplace_back());
    EXPECT_TRUE(status.ok()) << path << " line " << messages.size();
  }
  return messages;
}

// A folder of its own, gone with the object.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = testing::TempDir() + "ringfence-data-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What a replay puts out, but for what remembers the past.
struct Output {
  oracle::Published published;
  // Of each its bytes without its place in the log, sorted.
  std::vector<std::string> rejections;
};

class RealReports : public testing::Test {
 protected:
  // Are the reports there?
  bool Find(const std::string& name) {
    folder_ = std::filesystem::path(RINGFENCE_SHARED_DATA) / name;
    return std::filesystem::exists(folder_);
  }

  Output Replay(const std::vector<std::string>& options) const {
    const ScratchFolder out;
    std::vector<std::string> words = {RINGFENCE_PROGRAM, "replay", folder_.string(), "--out",
                                      out.path().string()};
    words.insert(words.end(), options.begin(), options.end());
    EXPECT_EQ(RunProgram(words), 0);
    Output output;
    oracle::Published& published = output.published;
    for (v1::Indicator& indicator : ReadMessages<v1::Indicator>(out.path() / "indicators.jsonl")) {
      published.indicators.push_back(oracle::WithoutPast(std::move(indicator)));
    }
    published.campaigns = ReadMessages<v1::Campaign>(out.path() / "campaigns.jsonl");
    for (v1::Rejection& rejection : ReadMessages<v1::Rejection>(out.path() / "rejects.jsonl")) {
      rejection.clear_partition();
      rejection.clear_offset();
      output.rejections.push_back(rejection.SerializeAsString());
    }
    std::sort(output.rejections.begin(), output.rejections.end());
    return output;
  }

  // The reports in any order, a third of them twice, into `to`; replays read them there from then
  // on.
  void Disturb(unsigned seed, const std::filesystem::path& to) {
    std::mt19937 random(seed);
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      std::vector<std::string> lines;
      ASSERT_TRUE(oracle::ForEachLine(entry.path(),
                                      [&](std::string_view line) { lines.emplace_back(line); }));
      const size_t third = lines.size() / 3;
      std::shuffle(lines.begin(), lines.end(), random);
      std::copy_n(std::vector(lines).begin(), third, std::back_inserter(lines));
      std::shuffle(lines.begin(), lines.end(), random);
      std::ofstream file(to / entry.path().filename().stem());
      for (const std::string& line : lines) file << line << '\n';
    }
    folder_ = to;
  }

  std::filesystem::path folder_;
};

std::string FirstLines(const std::string& difference) { return difference.substr(0, 4'000); }

TEST_F(RealReports, ScamSitesAndWalletsAreReplayedAsTheOracleExpects) {
  if (!Find("cryptoscamdb")) GTEST_SKIP() << "NOT TESTED: there are no reports in " << folder_;
  const oracle::Published expected = oracle::Expected(oracle::WorldOfFolder(folder_));
  ASSERT_GT(expected.indicators.size(), 10'000u);
  ASSERT_GT(expected.campaigns.size(), 1'000u);
  EXPECT_EQ(FirstLines(oracle::Difference(expected, Replay({}).published)), "");
}

TEST_F(RealReports, AnyOrderAnyRepetitionAndAnyPartitionsGiveTheSame) {
  if (!Find("cryptoscamdb")) GTEST_SKIP() << "NOT TESTED: there are no reports in " << folder_;
  const oracle::Published expected = oracle::Expected(oracle::WorldOfFolder(folder_));
  const Output undisturbed = Replay({"--order", "given", "--partitions", "7"});
  EXPECT_EQ(FirstLines(oracle::Difference(expected, undisturbed.published)), "");
  EXPECT_FALSE(undisturbed.rejections.empty());
  unsigned seed = 1;
  for (const char* partitions : {"1", "2", "7"}) {
    const ScratchFolder disturbed;
    ASSERT_TRUE(Find("cryptoscamdb"));
    Disturb(seed++, disturbed.path());
    const Output output = Replay({"--order", "given", "--partitions", partitions});
    EXPECT_EQ(FirstLines(oracle::Difference(expected, output.published)), "") << partitions;
    EXPECT_EQ(output.rejections, undisturbed.rejections) << partitions;
  }
}

// All are displayed caller IDs: none links anything or is more than MONITOR.
TEST_F(RealReports, DisplayedNumbersAreReplayedAsTheOracleExpectsAndOnlyWatched) {
  if (!Find("ftc-dnc")) GTEST_SKIP() << "NOT TESTED: there are no reports in " << folder_;
  const oracle::Published expected = oracle::Expected(oracle::WorldOfFolder(folder_));
  ASSERT_GT(expected.indicators.size(), 100'000u);
  EXPECT_TRUE(expected.campaigns.empty());
  for (const v1::Indicator& indicator : expected.indicators) {
    ASSERT_EQ(indicator.action(), v1::ACTION_MONITOR);
  }
  EXPECT_EQ(FirstLines(oracle::Difference(expected, Replay({}).published)), "");
}

}  // namespace
}  // namespace ringfence
