#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ringfence/internal/v1/config.pb.h"
#include "services/runtime/config/message_reader.h"

namespace ringfence::runtime {

using internal::v1::Config;

// What a configuration file says, complete: every setting that it leaves out has its default.
struct ReadConfig {
  Config config;
  // What is wrong, in the order of the file, each "PATH:LINE: setting: why"; empty where nothing
  // is. None quotes what a secret's file holds; these are not opened here.
  std::vector<std::string> problems;
};

// Who is to run with it: its sections must be complete, those of others need not be.
enum class Service { kIntake, kDedupe, kCluster, kPublish, kGateway };
const char* ServiceWord(Service service);

// `path` is for messages only.
ReadConfig ParseConfig(const std::string& path, const std::string& text, Service service,
                       Environment environment);
// kUnavailable where the file cannot be read or is larger than 1 MiB.
absl::StatusOr<ReadConfig> ReadConfigFile(const std::string& path, Service service,
                                          Environment environment);

// As YAML, with every setting; settings that are not set are left out. Reading it again gives the
// same.
std::string FormatConfig(const Config& config);

struct Address {
  std::string host;
  int port = 0;
};
// HOST:PORT, with an IPv6 host in brackets. kInvalidArgument else.
absl::StatusOr<Address> ParseAddress(const std::string& text);
bool IsLoopback(const Address& address);

}  // namespace ringfence::runtime
