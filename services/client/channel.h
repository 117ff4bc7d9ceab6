#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/status.h"

namespace ringfence::client {

// Where `ringfence serve` listens unless it is told otherwise.
inline constexpr char kDefaultServer[] = "127.0.0.1:7733";

// Where a Ringfence's gRPC services are, and how to speak with them.
struct Endpoint {
  // HOST:PORT.
  std::string address = kDefaultServer;
  // PEM files: who signs the server's certificate (empty: no TLS, which a server has on loopback
  // only), and what this client presents, certificate and key, which may be one file. Read again
  // when they change.
  std::string ca = {};
  std::string cert = {};
  std::string key = {};
};

// The largest message that is taken from a server: Subscribe sends at most 256 KiB in one.
inline constexpr int kReceivedBytesMax = 4 << 20;

// A channel that connects at the first call, and again by itself after pauses of 0.1 to 5 seconds;
// with the settings that long streams need (ops/consuming.md).
std::shared_ptr<grpc::Channel> Connect(const Endpoint& endpoint,
                                       int received_bytes_max = kReceivedBytesMax);
// These settings, for who makes a channel in another way.
grpc::ChannelArguments ChannelArguments(int received_bytes_max = kReceivedBytesMax);

// The one place where gRPC's errors become ours; both number their codes alike. A server or a proxy
// that goes away may cancel what it serves: nobody here wanted that, and it is worth another try,
// so it is kUnavailable here.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace ringfence::client
