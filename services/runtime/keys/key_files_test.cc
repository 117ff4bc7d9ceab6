#include "services/runtime/keys/key_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ringfence::runtime {
namespace {

class KeyFiles : public testing::Test {
 protected:
  KeyFiles() {
    std::string name = testing::TempDir() + "/keys-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~KeyFiles() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ + "/" + name, std::ios::binary | std::ios::trunc) << content;
  }

  std::string folder_;
};

TEST_F(KeyFiles, AreMadeOnceAndReadEverAfter) {
  const absl::StatusOr<Keys> made = ReadOrMakeKeys(folder_, Missing::kMake);
  ASSERT_TRUE(made.ok()) << made.status();
  const absl::StatusOr<Keys> read = ReadOrMakeKeys(folder_, Missing::kRefuse);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(made->victim_tokens.first.secret, read->victim_tokens.first.secret);
  EXPECT_EQ(made->naming, read->naming);
  EXPECT_EQ(made->cursors, read->cursors);
}

TEST_F(KeyFiles, AreForTheirOwnerAloneAndDifferEverywhere) {
  const absl::StatusOr<Keys> one = ReadOrMakeKeys(folder_ + "/a", Missing::kMake);
  const absl::StatusOr<Keys> other = ReadOrMakeKeys(folder_ + "/b", Missing::kMake);
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_NE(one->victim_tokens.first.secret, other->victim_tokens.first.secret);
  EXPECT_NE(one->naming, other->naming);
  EXPECT_NE(one->cursors, other->cursors);
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/a")) {
    struct stat status {};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u) << entry.path();
  }
}

TEST_F(KeyFiles, OneThatIsMissingBesideDataIsRefusedAndNotMadeAnew) {
  ASSERT_TRUE(ReadOrMakeKeys(folder_, Missing::kMake).ok());
  for (const char* name : {"victim-tokens.key", "naming.key", "cursors.key"}) {
    const std::string path = folder_ + "/" + name;
    std::filesystem::rename(path, path + ".away");
    EXPECT_EQ(ReadOrMakeKeys(folder_, Missing::kRefuse).status().code(),
              absl::StatusCode::kFailedPrecondition);
    EXPECT_FALSE(std::filesystem::exists(path));
    std::filesystem::rename(path + ".away", path);
  }
}

TEST_F(KeyFiles, AFileOfSomethingElseIsNamedAndNotQuoted) {
  ASSERT_TRUE(ReadOrMakeKeys(folder_, Missing::kMake).ok());
  Write("victim-tokens.key", "id: k1\nsecret: abc123\n");
  absl::Status status = ReadOrMakeKeys(folder_, Missing::kMake).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("victim-tokens.key"));
  EXPECT_THAT(std::string(status.message()), testing::Not(testing::HasSubstr("abc123")));
  std::filesystem::remove(folder_ + "/victim-tokens.key");
  Write("naming.key", "short");
  EXPECT_EQ(ReadOrMakeKeys(folder_, Missing::kMake).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(KeyFiles, FurtherTokenKeysAreReadAndHaveIdsOfTheirOwn) {
  ASSERT_TRUE(ReadOrMakeKeys(folder_, Missing::kMake).ok());
  const auto key = [](const std::string& id) {
    return intake::FormatTokenKey({.id = id, .secret = {1}});
  };
  Write("victim-tokens-b.key", key("k3"));
  Write("victim-tokens-a.key", key("k2"));
  absl::StatusOr<Keys> keys = ReadOrMakeKeys(folder_, Missing::kRefuse);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->victim_tokens.first.id, "k1");
  ASSERT_EQ(keys->victim_tokens.further.size(), 2u);
  EXPECT_EQ(keys->victim_tokens.further[0].id, "k2");
  Write("victim-tokens-c.key", key("k1"));
  EXPECT_EQ(ReadOrMakeKeys(folder_, Missing::kRefuse).status().code(),
            absl::StatusCode::kInvalidArgument);
  Write("victim-tokens-c.key", "nonsense");
  EXPECT_EQ(ReadOrMakeKeys(folder_, Missing::kRefuse).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ringfence::runtime
