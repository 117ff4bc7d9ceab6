#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/ringfence/commands.h"
#include "services/ringfence/words.h"
#include "services/runtime/kafka/kafka_options.h"
#include "services/runtime/kafka/topic_acls.h"
#include "services/runtime/kafka/topics_admin.h"
#include "services/runtime/log/retention.h"

namespace ringfence::cli {
namespace {

using runtime::AclFinding;
using runtime::KafkaSecurity;
using runtime::TopicFinding;
using runtime::TopicState;

constexpr char kFooter[] =
    R"(create makes the topics that are missing, and none where one that is there does not fit.
check makes nothing. Both print each topic and what is to be done about it. With --acls the partners'
rights are held to the plan too: a partner may write and describe its own reports, read its own
rejects (as the consumer group rejects.PARTNER), and nothing else; what it may beyond that is printed
as surplus, and left for kafka-acls to take away.

Exit status: 0 all fit; 1 some are missing or do not fit; 2 wrong use; 3 no answer from Kafka.

Examples:
  ringfence topics create --brokers kafka-1:9092,kafka-2:9092 --partner harbour-bank
  ringfence topics check --brokers kafka-1:9092 --partner harbour-bank --partitions 24
  ringfence topics create --brokers kafka-1:9093 --security sasl_ssl --ca-file ca.pem \
      --sasl-mechanism SCRAM-SHA-512 --sasl-user admin --sasl-password-file admin.password \
      --partner harbour-bank --acls)";

// Some topics are missing or do not fit.
constexpr int kDoNotFit = 1;

const std::map<std::string, KafkaSecurity> kSecurityWords = {
    {"plaintext", KafkaSecurity::kPlaintext},
    {"ssl", KafkaSecurity::kSsl},
    {"sasl_plaintext", KafkaSecurity::kSaslPlaintext},
    {"sasl_ssl", KafkaSecurity::kSaslSsl},
};

constexpr uint32_t Days(std::chrono::hours hours) {
  return static_cast<uint32_t>(hours.count() / 24);
}

struct Arguments {
  runtime::KafkaOptions kafka;
  runtime::TopicPlan plan;
  uint32_t retention_days = Days(runtime::kRetention);
  uint32_t report_retention_days = Days(runtime::kReportRetention);
  bool acls = false;
  std::vector<std::string> principals;
};

const char* Word(TopicState state) {
  switch (state) {
    case TopicState::kFits:
      return "fits";
    case TopicState::kMade:
      return "made";
    case TopicState::kMissing:
      return "missing";
    case TopicState::kDiffers:
      return "differs";
  }
  return "differs";
}

int Print(const std::vector<TopicFinding>& findings) {
  bool all_fit = true;
  for (const TopicFinding& finding : findings) {
    fmt::print("{:8} {}\n", Word(finding.state), Printable(finding.topic));
    if (finding.state != TopicState::kDiffers) {
      all_fit &= finding.state != TopicState::kMissing;
      continue;
    }
    all_fit = false;
    for (const std::string& problem : finding.problems) {
      fmt::print("         {}\n", Printable(problem));
    }
  }
  return all_fit ? kDone : kDoNotFit;
}

const char* Word(AclFinding::State state) {
  switch (state) {
    case AclFinding::State::kFits:
      return "fits";
    case AclFinding::State::kMade:
      return "made";
    case AclFinding::State::kMissing:
      return "missing";
    case AclFinding::State::kSurplus:
      return "surplus";
  }
  return "surplus";
}

// PARTNER=PRINCIPAL each.
absl::StatusOr<runtime::KafkaPrincipals> PrincipalsOf(const Arguments& arguments) {
  runtime::KafkaPrincipals principals;
  for (const std::string& text : arguments.principals) {
    const size_t equals = text.find('=');
    const std::string partner = text.substr(0, equals);
    const auto& partners = arguments.plan.partners;
    if (equals == std::string::npos || text.find(':', equals) == std::string::npos ||
        std::find(partners.begin(), partners.end(), partner) == partners.end()) {
      return absl::InvalidArgumentError(
          "--principal: PARTNER=TYPE:NAME is wanted, of one of the partners: "
          "harbour-bank=User:CN=harbour-bank");
    }
    principals[partner] = text.substr(equals + 1);
  }
  return principals;
}

int RunAcls(const Arguments& arguments, const runtime::KafkaPrincipals& principals, bool create) {
  const auto findings = create ? runtime::CreateAcls(arguments.kafka, arguments.plan, principals)
                               : runtime::CheckAcls(arguments.kafka, arguments.plan, principals);
  if (!findings.ok()) return Fail(findings.status());
  bool all_fit = true;
  for (const AclFinding& finding : *findings) {
    fmt::print("{:8} {}\n", Word(finding.state), Printable(finding.acl.Text()));
    all_fit &=
        finding.state == AclFinding::State::kFits || finding.state == AclFinding::State::kMade;
  }
  return all_fit ? kDone : kDoNotFit;
}

int Run(Arguments& arguments, bool create) {
  arguments.plan.retention = std::chrono::hours(24 * arguments.retention_days);
  arguments.plan.report_retention = std::chrono::hours(24 * arguments.report_retention_days);
  // What is wrong with the options themselves is wrong use.
  absl::Status usable = runtime::CheckKafkaOptions(arguments.kafka);
  if (usable.ok()) usable = runtime::CheckTopicPlan(arguments.plan);
  const absl::StatusOr<runtime::KafkaPrincipals> principals = PrincipalsOf(arguments);
  if (usable.ok()) usable = principals.status();
  if (!usable.ok()) {
    Fail(usable);
    return kWrongUse;
  }
  const auto findings = create ? runtime::CreateTopics(arguments.kafka, arguments.plan)
                               : runtime::CheckTopics(arguments.kafka, arguments.plan);
  if (!findings.ok()) return Fail(findings.status());
  const int topics = Print(*findings);
  if (!arguments.acls || (create && topics != kDone)) return topics;
  return std::max(topics, RunAcls(arguments, *principals, create));
}

void AddPlan(CLI::App& app, Arguments& arguments) {
  runtime::TopicPlan& plan = arguments.plan;
  app.add_option("--partner", plan.partners, "A partner, for its reports and rejects; repeatable")
      ->type_name("NAME");
  app.add_option("--partitions", plan.partitions,
                 "Of the mailboxes and the indicators; never changes")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--report-partitions", plan.report_partitions, "Of each partner's reports")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--replication", plan.replication, "Replicas of each partition")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--min-insync", plan.min_insync_replicas,
                 "Replicas that have a record before it counts")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--retention-days", arguments.retention_days,
                 "Mailboxes and rejects are kept so long, at least")
      ->type_name("DAYS")
      ->check(CLI::Range(1, 3'650))
      ->capture_default_str();
  app.add_option("--report-retention-days", arguments.report_retention_days,
                 "Reports are, which are all that state can be made of again; evidence links for "
                 "400 days")
      ->type_name("DAYS")
      ->check(CLI::Range(1, 3'650))
      ->capture_default_str();
  app.add_option("--prefix", plan.prefix, "Before the name of every topic")->type_name("TEXT");
}

void AddKafka(CLI::App& app, runtime::KafkaOptions& kafka) {
  app.add_option("--brokers", kafka.brokers, "Some of the cluster's brokers, with commas")
      ->type_name("HOST:PORT")
      ->required();
  app.add_option("--security", kafka.security, "plaintext, ssl, sasl_plaintext or sasl_ssl")
      ->type_name("PROTOCOL")
      ->transform(CLI::CheckedTransformer(kSecurityWords).description(""));
  app.add_option("--ca-file", kafka.ca_file, "Certificates that the brokers' are signed by, PEM")
      ->type_name("FILE");
  app.add_option("--cert-file", kafka.cert_file, "This client's certificate, PEM")
      ->type_name("FILE");
  app.add_option("--key-file", kafka.key_file, "Its key, PEM")->type_name("FILE");
  app.add_option("--key-password-file", kafka.key_password_file, "Holds the key's password")
      ->type_name("FILE");
  app.add_option("--sasl-mechanism", kafka.sasl_mechanism, "SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN")
      ->type_name("NAME");
  app.add_option("--sasl-user", kafka.sasl_user, "Who this client is")->type_name("NAME");
  app.add_option("--sasl-password-file", kafka.sasl_password_file, "Holds its password")
      ->type_name("FILE");
}

}  // namespace

Command DeclareTopics(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  app.require_subcommand(1);
  CLI::App* create = app.add_subcommand("create", "Makes the topics that are missing");
  CLI::App* check = app.add_subcommand("check", "Says which are missing or do not fit");
  for (CLI::App* each : {create, check}) {
    each->footer(kFooter);
    AddKafka(*each, arguments->kafka);
    AddPlan(*each, *arguments);
    each->add_flag("--acls", arguments->acls, "What the partners may do, too");
    each->add_option("--principal", arguments->principals,
                     "Who a partner is to the brokers, where not User:PARTNER; repeatable")
        ->type_name("PARTNER=TYPE:NAME");
  }
  return [arguments, create] { return Run(*arguments, create->parsed()); };
}

}  // namespace ringfence::cli
