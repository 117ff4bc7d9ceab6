#include "services/publish/policy_file.h"

#include <google/protobuf/descriptor.h>

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pipelines/identifiers/policy_values.h"
#include "ringfence/internal/v1/setting.pb.h"
#include "services/runtime/config/message_reader.h"

namespace ringfence::publish {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using internal::v1::Policy;

const char* NoEnvironment(const char*) { return nullptr; }

std::string ValueOf(const Message& section, const FieldDescriptor& field) {
  const internal::v1::Setting& setting = field.options().GetExtension(internal::v1::setting);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    const std::string text = section.GetReflection()->GetString(section, &field);
    return text.empty() ? setting.default_text() : text;
  }
  return absl::StrCat(identifiers::NumberOf(section, field.name(),
                                            static_cast<uint32_t>(setting.default_number())));
}

}  // namespace

absl::StatusOr<Policy> ParsePolicy(const std::string& path, const std::string& text) {
  Policy policy;
  std::map<std::string, int> lines;
  std::vector<std::string> problems;
  runtime::ReadMessage(path, text, NoEnvironment, policy, lines, problems);
  if (problems.empty()) {
    if (const std::string why = identifiers::WhyUnsound(policy); !why.empty()) {
      const auto line = lines.find(why.substr(0, why.find(':')));
      problems.push_back(
          absl::StrCat(path, ":", line == lines.end() ? 1 : line->second, ": ", why));
    }
  }
  if (problems.empty()) return policy;
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

absl::StatusOr<Policy> ReadPolicyFile(const std::string& path) {
  if (path.empty()) return ParsePolicy("", "{}");
  const absl::StatusOr<std::string> text = runtime::ReadSmallFile(path);
  if (!text.ok()) return text.status();
  return ParsePolicy(path, *text);
}

std::string FormatPolicy(const Policy& policy) {
  std::string text;
  const auto& sections = *policy.GetDescriptor();
  for (int s = 0; s < sections.field_count(); ++s) {
    const FieldDescriptor& section_field = *sections.field(s);
    const Message& section = policy.GetReflection()->GetMessage(policy, &section_field);
    absl::StrAppend(&text, section_field.name(), ":\n");
    for (int f = 0; f < section.GetDescriptor()->field_count(); ++f) {
      const FieldDescriptor& field = *section.GetDescriptor()->field(f);
      absl::StrAppend(&text, "  ", field.name(), ": ", ValueOf(section, field), "\n");
    }
  }
  return text;
}

}  // namespace ringfence::publish
