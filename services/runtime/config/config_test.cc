#include "services/runtime/config/config.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace ringfence::runtime {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kDedupe[] = "log: {embedded: {folder: log}}\ndedupe: {state_folder: state}\n";

const char* Nothing(const char*) { return nullptr; }
ReadConfig Read(const std::string& text, Service service = Service::kDedupe) {
  return ParseConfig("r.yaml", text, service, Nothing);
}

TEST(Config, WhatIsLeftOutHasItsDefault) {
  const ReadConfig read = Read(kDedupe);
  EXPECT_THAT(read.problems, IsEmpty());
  EXPECT_EQ(read.config.partitions(), 4u);
  EXPECT_EQ(read.config.deployment(), "local");
  EXPECT_EQ(read.config.dedupe().http().address(), "127.0.0.1:0");
  EXPECT_EQ(read.config.snapshots().keep(), 3u);
  EXPECT_FALSE(read.config.log().has_kafka());
}

TEST(Config, ZeroIsAValueAndNotAnAbsence) {
  const ReadConfig read = Read(std::string(kDedupe) + "rocks: {free_bytes_min: 0}\n");
  EXPECT_THAT(read.problems, IsEmpty());
  EXPECT_EQ(read.config.rocks().free_bytes_min(), 0u);
}

TEST(Config, UnknownSettingsAreRefusedWithPathAndLine) {
  const ReadConfig read =
      Read(std::string(kDedupe) + "snapshots:\n  keep: 3\n  kept: 4\nsecrets: 1\n");
  ASSERT_EQ(read.problems.size(), 2u);
  EXPECT_THAT(read.problems[0], HasSubstr("r.yaml:5: snapshots.kept: there is no such setting"));
  EXPECT_THAT(read.problems[0], HasSubstr("every_seconds"));
  EXPECT_THAT(read.problems[1], HasSubstr("r.yaml:6: secrets: there is no such setting"));
}

TEST(Config, ASettingThatIsThereTwiceIsRefused) {
  EXPECT_THAT(Read(std::string(kDedupe) + "partitions: 2\npartitions: 3\n").problems,
              ElementsAre("r.yaml:4: partitions: is there twice"));
}

TEST(Config, EveryNumberIsHeldToItsBounds) {
  for (const char* value : {"0", "1025", "-1", "many", "'2'", "2.5", "1e2", "0x10",
                            "99999999999999999999", "[1]", "{a: 1}", "~"}) {
    const ReadConfig read = Read(std::string(kDedupe) + "partitions: " + value + "\n");
    ASSERT_EQ(read.problems.size(), 1u) << value;
    EXPECT_THAT(read.problems[0], HasSubstr("r.yaml:3: partitions: ")) << value;
  }
  for (const char* value : {"1", "1024"}) {
    EXPECT_THAT(Read(std::string(kDedupe) + "partitions: " + value + "\n").problems, IsEmpty());
  }
}

TEST(Config, TextsAreHeldToTheirKind) {
  EXPECT_THAT(Read(std::string(kDedupe) + "deployment: a b\n").problems,
              ElementsAre(HasSubstr("r.yaml:3: deployment: a name is wanted")));
  for (const char* address : {"host", "'host:'", "':1'", "host:70000", "ho st:1", "'[::1:2'"}) {
    EXPECT_THAT(
        Read(std::string(kDedupe) + "intake: {http: {address: " + address + "}}\n").problems,
        ElementsAre(HasSubstr("intake.http.address: HOST:PORT is wanted")))
        << address;
  }
}

TEST(Config, WordsAreThoseThatThereAre) {
  EXPECT_THAT(
      Read("dedupe: {state_folder: s}\nlog: {kafka: {servers: 'a:1', security: tls}}\n").problems,
      ElementsAre("r.yaml:2: log.kafka.security: one of plaintext, ssl, sasl_plaintext, "
                  "sasl_ssl is wanted"));
}

TEST(Config, ExactlyOneLogIsWanted) {
  EXPECT_THAT(Read("dedupe: {state_folder: s}\n").problems,
              ElementsAre("r.yaml: log: exactly one of kafka and embedded is wanted"));
  EXPECT_THAT(
      Read("dedupe: {state_folder: s}\nlog: {embedded: {folder: l}, kafka: {servers: 'a:1'}}\n")
          .problems,
      ElementsAre("r.yaml:2: log: exactly one of kafka and embedded is wanted"));
}

TEST(Config, EachServiceNeedsItsOwnSectionAlone) {
  const std::string log = "log: {embedded: {folder: l}}\n";
  EXPECT_THAT(Read(log, Service::kIntake).problems,
              ElementsAre(HasSubstr("keys.victim_tokens_file: is missing")));
  EXPECT_THAT(Read(log, Service::kDedupe).problems,
              ElementsAre(HasSubstr("dedupe.state_folder: is missing")));
  EXPECT_THAT(Read(log, Service::kCluster).problems,
              ElementsAre(HasSubstr("cluster.state_folder: is missing")));
  EXPECT_EQ(Read(log, Service::kPublish).problems.size(), 4u);
  EXPECT_THAT(Read(log, Service::kGateway).problems,
              ElementsAre(HasSubstr("keys.victim_tokens_file: is missing"),
                          HasSubstr("access.certificate_file: is missing")));
}

TEST(Config, WithoutTlsOnlyLoopbackAndOnlyWhereItIsSaid) {
  const std::string log = "log: {embedded: {folder: l}}\nkeys: {victim_tokens_file: k}\n";
  const std::string plain = log + "access: {plaintext_on_loopback: true}\n";
  const std::string address = "gateway:\n  grpc:\n    address: ";
  const auto problems = [](const std::string& text) {
    return Read(text, Service::kGateway).problems;
  };
  EXPECT_THAT(problems(log), ElementsAre(HasSubstr("access.certificate_file: is missing")));
  EXPECT_THAT(problems(plain + address + "127.0.0.1:1\n"), IsEmpty());
  EXPECT_THAT(problems(plain + address + "127.0.0.1.example.com:1\n"),
              ElementsAre(HasSubstr("r.yaml:6: gateway.grpc.address: is not a loopback address")));
  EXPECT_THAT(problems(plain + address + "0.0.0.0:1\n    network_without_tls: true\n"),
              Contains(HasSubstr("gateway.grpc.network_without_tls: there is no such setting")));
  const std::string tls =
      log + "access: {certificate_file: c, ca_file: a, identities_file: i}\n" + address;
  EXPECT_THAT(problems(tls + "0.0.0.0:1\n"), IsEmpty());
}

TEST(Config, CertificatesComeWithTheirAuthorityAndWhoMayCall) {
  const std::string log = "log: {embedded: {folder: l}}\nkeys: {victim_tokens_file: k}\n";
  const auto problems = [&](const std::string& access) {
    return Read(log + "access: " + access + "\n", Service::kGateway).problems;
  };
  EXPECT_THAT(problems("{certificate_file: c}"),
              ElementsAre(HasSubstr("access.ca_file: is missing"),
                          HasSubstr("access.identities_file: is missing")));
  EXPECT_THAT(problems("{ca_file: c}"), Contains(HasSubstr("access.certificate_file: is missing")));
  EXPECT_THAT(problems("{certificate_file: c, ca_file: a, identities_file: i, "
                       "plaintext_on_loopback: true}"),
              ElementsAre(HasSubstr("access.plaintext_on_loopback: does not go with")));
}

TEST(Config, MetricsBeyondThisMachineHaveTlsOrAreAskedFor) {
  const auto problems = [](const std::string& http) {
    return Read("log: {embedded: {folder: log}}\ndedupe: {state_folder: state, http: " + http +
                "}\n")
        .problems;
  };
  EXPECT_THAT(problems("{address: '0.0.0.0:1'}"),
              ElementsAre(HasSubstr("dedupe.http.address: is not a loopback address")));
  EXPECT_THAT(problems("{address: '0.0.0.0:1', network_without_tls: true}"), IsEmpty());
}

TEST(Config, ASendEndsBeforeTheOwnershipThatItWasMadeUnder) {
  const std::string kafka =
      "dedupe: {state_folder: s}\nlog:\n  kafka:\n    servers: a:1,b:2\n"
      "    session_timeout_milliseconds: 7000\n    send_timeout_milliseconds: ";
  EXPECT_THAT(Read(kafka + "6999\n").problems, IsEmpty());
  EXPECT_THAT(Read(kafka + "7000\n").problems,
              ElementsAre(HasSubstr("r.yaml:6: log.kafka.send_timeout_milliseconds")));
}

TEST(Config, SecretsFilesComeFromTheEnvironmentToo) {
  const auto environment = [](const char* name) -> const char* {
    return std::string(name) == "RINGFENCE_VICTIM_TOKENS_KEY_FILE" ? "/run/k" : nullptr;
  };
  const ReadConfig read =
      ParseConfig("r.yaml", "log: {embedded: {folder: l}}\nkeys: {victim_tokens_file: /etc/k}\n",
                  Service::kIntake, environment);
  EXPECT_THAT(read.problems, IsEmpty());
  EXPECT_EQ(read.config.keys().victim_tokens_file(), "/run/k");
}

TEST(Config, WhatIsNoYamlIsToldWithItsLine) {
  EXPECT_THAT(Read("log: [\n").problems, ElementsAre(HasSubstr("r.yaml: line ")));
  EXPECT_THAT(Read("a: &x 1\nb: *x\n").problems,
              ElementsAre("r.yaml: line 2: aliases (*name) are not read"));
  EXPECT_THAT(Read("a: 1\n---\nb: 1\n").problems, ElementsAre(HasSubstr("more than one document")));
  EXPECT_THAT(Read(std::string(200, '[')).problems, ElementsAre(HasSubstr("r.yaml: line 1")));
  EXPECT_EQ(Read("").problems.size(), 2u);
}

TEST(Config, WhatIsInForceReadsAsTheSame) {
  const ReadConfig read = Read(std::string(kDedupe) + "cluster: {state_folder: \"it's\"}\n");
  const std::string text = FormatConfig(read.config);
  const ReadConfig again = Read(text);
  EXPECT_THAT(again.problems, IsEmpty()) << text;
  EXPECT_EQ(again.config.SerializeAsString(), read.config.SerializeAsString());
  EXPECT_EQ(again.config.cluster().state_folder(), "it's");
}

// What the annotated example must name: every setting that there is.
void ExpectNamed(const google::protobuf::Descriptor& descriptor, const std::string& text) {
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *descriptor.field(i);
    EXPECT_THAT(text, HasSubstr(field.name() + ":"));
    if (field.message_type() != nullptr) ExpectNamed(*field.message_type(), text);
  }
}

TEST(Config, TheExampleNamesEverySettingAndShowsTheDefaults) {
  std::ifstream file("ops/config/ringfence.yaml");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  ASSERT_FALSE(text.empty());
  for (const Service service : {Service::kIntake, Service::kDedupe, Service::kCluster,
                                Service::kPublish, Service::kGateway}) {
    EXPECT_THAT(Read(text, service).problems, IsEmpty()) << ServiceWord(service);
  }
  ExpectNamed(*Config::descriptor(), text);
  const Config shown = Read(text).config;
  const Config bare = Read("log: {kafka: {servers: 'a:1'}}\ndedupe: {state_folder: s}\n").config;
  EXPECT_EQ(shown.rocks().SerializeAsString(), bare.rocks().SerializeAsString());
  EXPECT_EQ(shown.process().SerializeAsString(), bare.process().SerializeAsString());
  EXPECT_EQ(shown.partitions(), bare.partitions());
  EXPECT_EQ(shown.snapshots().every_seconds(), bare.snapshots().every_seconds());
}

TEST(Config, AFileThatIsNotThereIsTold) {
  EXPECT_EQ(ReadConfigFile("no/such.yaml", Service::kDedupe, Nothing).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace ringfence::runtime
