#include "services/runtime/kafka/topic_acls.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "services/runtime/kafka/client.h"
#include "services/runtime/kafka/errors.h"

namespace ringfence::runtime {
namespace {

using AclHandle = std::unique_ptr<rd_kafka_AclBinding_t, KafkaDeleter<rd_kafka_AclBinding_destroy>>;

struct OperationRow {
  const char* word;
  rd_kafka_AclOperation_t operation;
};
constexpr OperationRow kOperations[] = {
    {"read", RD_KAFKA_ACL_OPERATION_READ},
    {"write", RD_KAFKA_ACL_OPERATION_WRITE},
    {"describe", RD_KAFKA_ACL_OPERATION_DESCRIBE},
};

std::string WordOf(rd_kafka_AclOperation_t operation) {
  for (const OperationRow& row : kOperations) {
    if (row.operation == operation) return row.word;
  }
  return rd_kafka_AclOperation_name(operation);
}

rd_kafka_AclOperation_t OperationOf(const std::string& word) {
  for (const OperationRow& row : kOperations) {
    if (row.word == word) return row.operation;
  }
  return RD_KAFKA_ACL_OPERATION_UNKNOWN;
}

std::string PrincipalOf(const KafkaPrincipals& principals, const std::string& partner) {
  const auto found = principals.find(partner);
  return found == principals.end() ? "User:" + partner : found->second;
}

KafkaAcl FromBinding(const rd_kafka_AclBinding_t* binding) {
  KafkaAcl acl;
  const rd_kafka_ResourceType_t resource = rd_kafka_AclBinding_restype(binding);
  acl.resource = resource == RD_KAFKA_RESOURCE_TOPIC   ? KafkaAcl::Resource::kTopic
                 : resource == RD_KAFKA_RESOURCE_GROUP ? KafkaAcl::Resource::kGroup
                                                       : KafkaAcl::Resource::kOther;
  acl.name = rd_kafka_AclBinding_name(binding);
  acl.principal = rd_kafka_AclBinding_principal(binding);
  acl.operation = WordOf(rd_kafka_AclBinding_operation(binding));
  acl.is_plain =
      rd_kafka_AclBinding_resource_pattern_type(binding) == RD_KAFKA_RESOURCE_PATTERN_LITERAL &&
      std::string(rd_kafka_AclBinding_host(binding)) == "*" &&
      rd_kafka_AclBinding_permission_type(binding) == RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW;
  return acl;
}

absl::StatusOr<std::vector<KafkaAcl>> AclsOf(rd_kafka_t* client, std::chrono::milliseconds timeout,
                                             const std::string& principal) {
  const std::string tried = "asking for the ACLs of " + principal;
  std::array<char, 256> why{};
  const AclHandle filter(rd_kafka_AclBindingFilter_new(
      RD_KAFKA_RESOURCE_ANY, nullptr, RD_KAFKA_RESOURCE_PATTERN_ANY, principal.c_str(), nullptr,
      RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, why.data(), why.size()));
  if (!filter) return absl::InvalidArgumentError("kafka: " + tried + ": " + why.data());
  const absl::StatusOr<EventHandle> event =
      AskKafka(client, RD_KAFKA_ADMIN_OP_DESCRIBEACLS, timeout, RD_KAFKA_EVENT_DESCRIBEACLS_RESULT,
               tried, [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                 rd_kafka_DescribeAcls(client, filter.get(), options, queue);
               });
  if (!event.ok()) return event.status();
  size_t count = 0;
  const rd_kafka_AclBinding_t** bindings =
      rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(event->get()), &count);
  std::vector<KafkaAcl> acls;
  for (size_t i = 0; i < count; ++i) acls.push_back(FromBinding(bindings[i]));
  return acls;
}

absl::Status Create(rd_kafka_t* client, std::chrono::milliseconds timeout, const KafkaAcl& acl) {
  const std::string tried = "allowing " + acl.Text();
  std::array<char, 256> why{};
  const AclHandle binding(rd_kafka_AclBinding_new(
      acl.resource == KafkaAcl::Resource::kTopic ? RD_KAFKA_RESOURCE_TOPIC
                                                 : RD_KAFKA_RESOURCE_GROUP,
      acl.name.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, acl.principal.c_str(), "*",
      OperationOf(acl.operation), RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, why.data(), why.size()));
  if (!binding) return absl::InvalidArgumentError("kafka: " + tried + ": " + why.data());
  rd_kafka_AclBinding_t* asked[] = {binding.get()};
  const absl::StatusOr<EventHandle> event =
      AskKafka(client, RD_KAFKA_ADMIN_OP_CREATEACLS, timeout, RD_KAFKA_EVENT_CREATEACLS_RESULT,
               tried, [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                 rd_kafka_CreateAcls(client, asked, 1, options, queue);
               });
  if (!event.ok()) return event.status();
  size_t count = 0;
  const rd_kafka_acl_result_t** results =
      rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event->get()), &count);
  if (count != 1) return absl::InternalError("kafka: " + tried + ": an answer without it");
  const rd_kafka_error_t* error = rd_kafka_acl_result_error(results[0]);
  if (error == nullptr) return absl::OkStatus();
  return KafkaStatus(rd_kafka_error_code(error), tried, rd_kafka_error_string(error));
}

absl::StatusOr<std::unique_ptr<KafkaClient>> MakeAsker(const KafkaOptions& kafka,
                                                       const TopicPlan& plan) {
  if (absl::Status status = CheckTopicPlan(plan); !status.ok()) return status;
  KafkaClient::Setup setup;
  setup.role = KafkaRole::kAsker;
  return KafkaClient::Make(kafka, std::move(setup), nullptr);
}

absl::StatusOr<std::vector<AclFinding>> Find(const KafkaClient& asker, const KafkaOptions& kafka,
                                             const std::vector<KafkaAcl>& wanted) {
  std::vector<AclFinding> findings;
  for (const KafkaAcl& acl : wanted) findings.push_back({acl, AclFinding::State::kMissing});
  std::vector<std::string> asked;
  for (const KafkaAcl& acl : wanted) {
    if (std::find(asked.begin(), asked.end(), acl.principal) != asked.end()) continue;
    asked.push_back(acl.principal);
    const absl::StatusOr<std::vector<KafkaAcl>> there =
        AclsOf(asker.get(), kafka.request_timeout, acl.principal);
    if (!there.ok()) return there.status();
    for (const KafkaAcl& found : *there) {
      const auto finding = std::find_if(findings.begin(), findings.end(),
                                        [&](const AclFinding& one) { return one.acl == found; });
      if (finding == findings.end()) {
        findings.push_back({found, AclFinding::State::kSurplus});
      } else {
        finding->state = AclFinding::State::kFits;
      }
    }
  }
  return findings;
}

}  // namespace

std::string KafkaAcl::Text() const {
  const char* what = resource == Resource::kTopic   ? " topic "
                     : resource == Resource::kGroup ? " group "
                                                    : " resource ";
  return principal + " " + operation + what + name +
         (is_plain ? "" : " (by pattern, host or denied)");
}

std::vector<KafkaAcl> PlanAcls(const TopicPlan& plan, const KafkaPrincipals& principals) {
  constexpr auto kTopic = KafkaAcl::Resource::kTopic;
  std::vector<KafkaAcl> acls;
  for (const std::string& partner : plan.partners) {
    const std::string principal = PrincipalOf(principals, partner);
    const std::string reports = plan.prefix + std::string(kReportsPrefix) + partner;
    const std::string rejects = plan.prefix + std::string(kRejectsPrefix) + partner;
    acls.push_back({kTopic, reports, principal, "write"});
    acls.push_back({kTopic, reports, principal, "describe"});
    acls.push_back({kTopic, rejects, principal, "read"});
    acls.push_back({kTopic, rejects, principal, "describe"});
    acls.push_back({KafkaAcl::Resource::kGroup, rejects, principal, "read"});
  }
  std::sort(acls.begin(), acls.end());
  return acls;
}

absl::StatusOr<std::vector<AclFinding>> CheckAcls(const KafkaOptions& kafka, const TopicPlan& plan,
                                                  const KafkaPrincipals& principals) {
  const absl::StatusOr<std::unique_ptr<KafkaClient>> asker = MakeAsker(kafka, plan);
  if (!asker.ok()) return asker.status();
  return Find(**asker, kafka, PlanAcls(plan, principals));
}

absl::StatusOr<std::vector<AclFinding>> CreateAcls(const KafkaOptions& kafka, const TopicPlan& plan,
                                                   const KafkaPrincipals& principals) {
  const absl::StatusOr<std::unique_ptr<KafkaClient>> asker = MakeAsker(kafka, plan);
  if (!asker.ok()) return asker.status();
  absl::StatusOr<std::vector<AclFinding>> findings =
      Find(**asker, kafka, PlanAcls(plan, principals));
  if (!findings.ok()) return findings;
  for (AclFinding& finding : *findings) {
    if (finding.state != AclFinding::State::kMissing) continue;
    if (absl::Status status = Create((*asker)->get(), kafka.request_timeout, finding.acl);
        !status.ok())
      return status;
    finding.state = AclFinding::State::kMade;
  }
  return findings;
}

}  // namespace ringfence::runtime
