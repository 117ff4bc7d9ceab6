#include "pipelines/identifiers/policy_values.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>

#include "pipelines/identifiers/normalise.h"
#include "ringfence/internal/v1/setting.pb.h"

namespace ringfence::identifiers {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* FieldOf(const Message& section, std::string_view name) {
  return section.GetDescriptor()->FindFieldByName(std::string(name));
}

void Take(const Message& section, std::string_view name, uint32_t& value) {
  value = NumberOf(section, name, value);
}

v1::Action ActionOf(const std::string& word, v1::Action otherwise) {
  if (word == "monitor") return v1::ACTION_MONITOR;
  if (word == "challenge") return v1::ACTION_CHALLENGE;
  return word == "block" ? v1::ACTION_BLOCK : otherwise;
}

}  // namespace

uint32_t NumberOf(const Message& section, std::string_view setting, uint32_t otherwise) {
  const FieldDescriptor* field = FieldOf(section, setting);
  if (field == nullptr) return otherwise;
  const internal::v1::Setting& limits = field->options().GetExtension(internal::v1::setting);
  const uint32_t given = section.GetReflection()->GetUInt32(section, field);
  const bool is_sound = given >= limits.min() && given <= limits.max();
  return is_sound ? given : otherwise;
}

PolicyValues::PolicyValues() {
  for (const TypePolicy& row : AllTypes()) {
    spans.at(static_cast<size_t>(row.type)) = row.span;
    ceilings.at(static_cast<size_t>(row.type)) = row.ceiling;
  }
}

PolicyValues ValuesOf(const internal::v1::Policy& policy) {
  PolicyValues values;
  Take(policy.score(), "challenge", values.challenge_score);
  Take(policy.score(), "block", values.block_score);
  Take(policy.quorum(), "challenge_organisations", values.challenge_organisations);
  Take(policy.quorum(), "challenge_incidents", values.challenge_incidents);
  Take(policy.quorum(), "block_organisations", values.block_organisations);
  Take(policy.quorum(), "block_incidents_each", values.block_incidents_each);
  Take(policy.ceilings(), "urls_for_block", values.urls_for_block);
  uint32_t days = static_cast<uint32_t>(values.phone_block_span / core::kDay);
  Take(policy.span_days(), "phone_block", days);
  values.phone_block_span = days * core::kDay;
  const auto& ceilings = policy.ceilings();
  for (const TypePolicy& row : AllTypes()) {
    const auto number = static_cast<size_t>(row.type);
    const std::string_view word = TypeWord(row.type);
    if (FieldOf(policy.span_days(), word) != nullptr) {
      days = static_cast<uint32_t>(row.span / core::kDay);
      Take(policy.span_days(), word, days);
      values.spans.at(number) = days * core::kDay;
    }
    if (const FieldDescriptor* field = FieldOf(ceilings, word)) {
      const v1::Action ceiling =
          ActionOf(ceilings.GetReflection()->GetString(ceilings, field), row.ceiling);
      values.ceilings.at(number) = std::min(ceiling, row.ceiling);
    }
  }
  return values;
}

std::string WhyUnsound(const internal::v1::Policy& policy) {
  const PolicyValues values = ValuesOf(policy);
  if (values.block_score < values.challenge_score) {
    return "score.block: below score.challenge";
  }
  if (values.block_organisations < values.challenge_organisations) {
    return "quorum.block_organisations: below quorum.challenge_organisations";
  }
  return "";
}

}  // namespace ringfence::identifiers
