#pragma once

// A whole server with TLS and identities in a folder of its own, and who calls it.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "services/ringfence/server/server.h"
#include "tests/access/certificates.h"

namespace ringfence::access {

class AccessTest : public testing::Test {
 protected:
  AccessTest() {
    std::string name = testing::TempDir() + "/access-XXXXXX";
    folder_ = mkdtemp(name.data());
    PutServerCertificate();
    Put("ca.pem", authority_.certificate());
    Put("identities.yaml", kIdentities);
  }
  ~AccessTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  static constexpr char kIdentities[] = R"(trust_domain: t
identities:
  - {name: 'spiffe://t/partner/a', role: partner, partner: a}
  - {name: 'spiffe://t/partner/b', role: partner, partner: b}
  - {name: 'spiffe://t/consumer', role: consumer, organisation: c, max_tlp: amber}
  - {name: 'spiffe://t/analyst', role: analyst, organisation: d, max_tlp: amber_strict}
  - {name: 'spiffe://t/custodian', role: custodian, organisation: e, max_tlp: green, ranges: [{type: phone, value: '+4420'}]}
  - {name: 'spiffe://t/operator', role: operator, organisation: d, max_tlp: amber_strict}
  - {name: 'spiffe://t/monitor', role: monitor}
)";

  // In place of what is there, at once.
  void Put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/next") << text;
    std::filesystem::rename(folder_ + "/next", folder_ + "/" + name);
  }
  void PutServerCertificate() const {
    Authority::Names names;
    names.hosts = {"DNS:localhost", "IP:127.0.0.1"};
    Put("server.pem", authority_.Issue(names));
  }
  void Start() {
    server::Server::Options options;
    options.data = folder_ + "/data";
    options.grpc = options.http = "127.0.0.1:0";
    options.partitions = 1;
    options.tls = {folder_ + "/server.pem", folder_ + "/server.pem", folder_ + "/ca.pem"};
    options.identities_file = folder_ + "/identities.yaml";
    options.tokens_file = folder_ + "/tokens.yaml";
    auto started = server::Server::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    // Until then lists are 503.
    for (int i = 0; i < 400 && !server_->Status().quiet(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  int HttpPort() const {
    const std::string& url = server_->http_url();
    return std::atoi(url.c_str() + url.rfind(':') + 1);
  }
  std::string Certificate(const std::string& uri, long seconds = 3'600) const {
    Authority::Names names;
    if (!uri.empty()) names.uris = {uri};
    names.seconds = seconds;
    return authority_.Issue(names);
  }
  // A connection of its own. `certificate` may be empty.
  std::shared_ptr<grpc::Channel> Connect(const std::string& certificate) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = authority_.certificate();
    options.pem_private_key = options.pem_cert_chain = certificate;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    return grpc::CreateCustomChannel(server_->grpc_address(), grpc::SslCredentials(options),
                                     arguments);
  }

  const Authority authority_;
  std::string folder_;
  std::unique_ptr<server::Server> server_;
};

}  // namespace ringfence::access
