#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/runtime/kafka/kafka_options.h"
#include "services/runtime/kafka/topic_plan.h"

namespace ringfence::runtime {

// One thing that a principal may do, from any host.
struct KafkaAcl {
  enum class Resource { kTopic, kGroup, kOther };
  Resource resource = Resource::kTopic;
  std::string name;
  // "User:harbour-bank".
  std::string principal;
  // "read", "write", "describe", as Kafka's own tools call them.
  std::string operation;
  // Exactly the resource of that name, and allowed.
  bool is_plain = true;

  auto operator<=>(const KafkaAcl&) const = default;
  // "User:a read topic rejects.a".
  std::string Text() const;
};

// By partner; User:PARTNER for who is not in it.
using KafkaPrincipals = std::map<std::string, std::string>;

// What the plan's partners may do, and all of it: write and describe their reports; read and
// describe their rejects, as the consumer group that is called like that topic. Sorted.
std::vector<KafkaAcl> PlanAcls(const TopicPlan& plan, const KafkaPrincipals& principals);

struct AclFinding {
  enum class State { kFits, kMade, kMissing, kSurplus };
  KafkaAcl acl;
  State state = State::kFits;
};

// Compares what the brokers allow the plan's principals with the plan: what is there beyond it is
// surplus. Errors: those of KafkaLog::Open; kFailedPrecondition where the brokers have no
// authorizer, and thus allow everybody everything.
absl::StatusOr<std::vector<AclFinding>> CheckAcls(const KafkaOptions& kafka, const TopicPlan& plan,
                                                  const KafkaPrincipals& principals);
// Makes what is missing; takes nothing away.
absl::StatusOr<std::vector<AclFinding>> CreateAcls(const KafkaOptions& kafka, const TopicPlan& plan,
                                                   const KafkaPrincipals& principals);

}  // namespace ringfence::runtime
