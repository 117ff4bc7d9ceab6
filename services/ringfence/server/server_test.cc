#include "services/ringfence/server/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ringfence::server {
namespace {

class Servers : public testing::Test {
 protected:
  Servers() {
    std::string name = testing::TempDir() + "/server-XXXXXX";
    options_.data = mkdtemp(name.data());
    options_.grpc = "127.0.0.1:0";
    options_.http = "127.0.0.1:0";
  }
  ~Servers() override { std::filesystem::remove_all(options_.data); }

  Server::Options options_;
};

TEST_F(Servers, StartsStopsAndStartsAgainOnItsData) {
  for (int i = 0; i < 2; ++i) {
    const auto server = Server::Start(options_);
    ASSERT_TRUE(server.ok()) << server.status();
    EXPECT_TRUE((*server)->Health().ok());
    // Two partitions each of dedupe, cluster and publish; no partner yet.
    EXPECT_EQ((*server)->Status().stages_size(), 6);
    EXPECT_THAT((*server)->grpc_address(), testing::Not(testing::EndsWith(":0")));
  }
}

TEST_F(Servers, OnlyOneAtATimeHasTheData) {
  const auto first = Server::Start(options_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_FALSE(Server::Start(options_).ok());
  EXPECT_TRUE((*first)->Health().ok());
}

TEST_F(Servers, KeepTheNumberOfPartitionsThatTheyBeganWith) {
  ASSERT_TRUE(Server::Start(options_).ok());
  options_.partitions = 3;
  EXPECT_EQ(Server::Start(options_).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(Servers, RefuseToGoOnWithOtherKeys) {
  ASSERT_TRUE(Server::Start(options_).ok());
  std::filesystem::remove(options_.data + "/keys/naming.key");
  EXPECT_EQ(Server::Start(options_).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(Servers, RefuseFilesThatCannotBeUsedBeforeAnythingIsOpened) {
  const std::string file = testing::TempDir() + "/nonsense.yaml";
  std::ofstream(file) << "nonsense: 1\n";
  for (std::string Server::Options::*named :
       {&Server::Options::policy, &Server::Options::organisations}) {
    for (const std::string& path : {file, file + ".missing"}) {
      Server::Options options = options_;
      options.*named = path;
      EXPECT_THAT(Server::Check(options).message(), testing::HasSubstr(path));
      EXPECT_EQ(Server::Start(options).status().code(), absl::StatusCode::kInvalidArgument) << path;
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(options_.data));
}

TEST_F(Servers, ListenOnThisMachineAlone) {
  for (const char* address :
       {"0.0.0.0:0", "[::]:0", "example.com:1", "nonsense", ":1", "127.0.0.1:"}) {
    options_.grpc = address;
    EXPECT_EQ(Server::Start(options_).status().code(), absl::StatusCode::kInvalidArgument)
        << address;
  }
  EXPECT_TRUE(std::filesystem::is_empty(options_.data));
}

}  // namespace
}  // namespace ringfence::server
