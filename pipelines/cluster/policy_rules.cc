#include "pipelines/cluster/policy_rules.h"

#include <string_view>

#include "pipelines/identifiers/policy_values.h"

namespace ringfence::cluster {
namespace {

// A StoredPolicy.
constexpr std::string_view kPolicyKey = "y";

}  // namespace

ties::Rules RulesOf(const ties::Rules& compiled, const internal::v1::TiesPolicy& policy) {
  using identifiers::NumberOf;
  ties::Rules rules = compiled;
  rules.established_incidents =
      NumberOf(policy, "established_incidents", compiled.established_incidents);
  rules.many_neighbours = NumberOf(policy, "many_neighbours", compiled.many_neighbours);
  rules.clustering_permille = NumberOf(policy, "clustering_permille", compiled.clustering_permille);
  rules.tie_incidents = NumberOf(policy, "tie_incidents", compiled.tie_incidents);
  rules.ip_incidents = NumberOf(policy, "ip_incidents", compiled.ip_incidents);
  return rules;
}

internal::v1::StoredPolicy ReadPolicy(core::State& state) {
  internal::v1::StoredPolicy policy;
  const auto bytes = state.Get(kPolicyKey);
  if (!bytes || !policy.ParseFromString(*bytes)) policy.Clear();
  return policy;
}

void PutPolicy(const internal::v1::StoredPolicy& policy, core::State& state) {
  state.Put(kPolicyKey, policy.SerializeAsString());
}

NodeOptions NodeOptionsOf(core::State& state, const NodeOptions& compiled) {
  NodeOptions options = compiled;
  const internal::v1::StoredPolicy stored = ReadPolicy(state);
  if (stored.news().place() == 0) return options;
  options.ties = RulesOf(compiled.ties, stored.news().policy().ties());
  options.policy = identifiers::ValuesOf(stored.news().policy());
  options.rules_place = stored.redo_place();
  return options;
}

}  // namespace ringfence::cluster
