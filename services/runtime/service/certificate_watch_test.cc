#include "services/runtime/service/certificate_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "services/runtime/service/service_main.h"

namespace ringfence::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

// Self-signed, of an elliptic curve; it is good until 2030-01-02T03:04:05Z.
constexpr char kUntil2030[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIH/MIGmAgEBMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAXQwHhcNMjYwMTAxMDAw\n"
    "MDAwWhcNMzAwMTAyMDMwNDA1WjAMMQowCAYDVQQDDAF0MFkwEwYHKoZIzj0CAQYI\n"
    "KoZIzj0DAQcDQgAE2trdqm/fSL8xBhkPblYTiSLehlhVFNb998W0XHovJxwuIYCH\n"
    "0CfCnK0QW6Cuyjd2ywE7KbQVdtooELuAuILU8DAKBggqhkjOPQQDAgNIADBFAiBa\n"
    "EBuKDVEi4pCjHE/VOha5a2SxjTjftqYmkpBPE7RMUAIhAPpBb8Hs5N3OqN02pHE3\n"
    "ST3pE6ASS/uM+WbGNyzPncQY\n"
    "-----END CERTIFICATE-----\n";
constexpr char kUntil2040[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBADCBpgIBATAKBggqhkjOPQQDAjAMMQowCAYDVQQDDAF0MB4XDTI2MDEwMTAw\n"
    "MDAwMFoXDTQwMDEwMjAzMDQwNVowDDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEG\n"
    "CCqGSM49AwEHA0IABG+BujBndVJIugnb1irGvT2esX9MECpiA1pkcojmtcBVzTfA\n"
    "ZpkJcf7UktOalZCVJqhrIvKn2wGNHhcjCTIQHQswCgYIKoZIzj0EAwIDSQAwRgIh\n"
    "AKGM6L58wD4+3ES71AXrBGHYNplYQ4JOH7jdJi4RxdOTAiEAiP7M9pskh8TOElbW\n"
    "1QwN4s9EuC+Tk5x80xvGnkznhYw=\n"
    "-----END CERTIFICATE-----\n";
constexpr int64_t k2030 = 1'893'553'445;
constexpr int64_t k2040 = 2'209'086'245;

class Certificates : public testing::Test {
 protected:
  Certificates() {
    std::string name = testing::TempDir() + "/certificates-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~Certificates() override { std::filesystem::remove_all(folder_); }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }

  std::string folder_;
};

TEST_F(Certificates, TheFirstThatExpiresCounts) {
  EXPECT_EQ(*CertificateExpiry(Write("one", kUntil2040)), k2040);
  EXPECT_EQ(*CertificateExpiry(Write("chain", std::string(kUntil2040) + kUntil2030)), k2030);
}

TEST_F(Certificates, WhatIsNoneIsToldApart) {
  EXPECT_EQ(CertificateExpiry(folder_ + "/none").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CertificateExpiry(Write("key", "no certificate")).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(Certificates, AMetricSaysWhenEachExpires) {
  Metrics metrics;
  const CertificateWatch watch(
      {{"kafka_client", Write("one", kUntil2030)}, {"kafka_ca", ""}, {"server", folder_ + "/none"}},
      metrics);
  const std::string text = metrics.Text();
  EXPECT_THAT(text,
              HasSubstr("ringfence_certificate_expiry_time_seconds{certificate=\"kafka_client\"} "
                        "1893553445\n"));
  EXPECT_THAT(text, Not(HasSubstr("kafka_ca")));
  EXPECT_THAT(text, Not(HasSubstr("server")));
}

TEST_F(Certificates, ThoseOfAServiceAreTowardsCallersAndTowardsKafka) {
  Config config;
  config.mutable_access()->set_certificate_file(Write("server", kUntil2030));
  config.mutable_access()->set_ca_file(Write("callers", kUntil2040));
  config.mutable_log()->mutable_kafka()->set_certificate_file(Write("client", kUntil2040));
  config.mutable_log()->mutable_kafka()->set_ca_file(Write("brokers", kUntil2030));
  Metrics metrics;
  const CertificateWatch watch(CertificatesOf(config), metrics);
  for (const char* series : {"server\"} 1893553445\n", "callers_ca\"} 2209086245\n",
                             "kafka_client\"} 2209086245\n", "kafka_ca\"} 1893553445\n"}) {
    EXPECT_THAT(metrics.Text(),
                HasSubstr(std::string("expiry_time_seconds{certificate=\"") + series));
  }
}

}  // namespace
}  // namespace ringfence::runtime
