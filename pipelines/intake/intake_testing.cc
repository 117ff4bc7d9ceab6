#include "pipelines/intake/intake_testing.h"

#include <google/protobuf/util/json_util.h>

namespace ringfence::intake {

TokenKey VectorKey() {
  TokenKey key{.id = "k1"};
  for (size_t i = 0; i < key.secret.size(); ++i) key.secret[i] = static_cast<uint8_t>(i);
  return key;
}

v1::Report Parse(std::string_view json) {
  v1::Report report;
  auto status = google::protobuf::util::JsonStringToMessage(std::string(json), &report);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return report;
}

v1::Report GoodReport() {
  v1::Report report;
  report.set_report_id("r-1");
  *report.mutable_occurred_at() = core::ToProto(kArrival - 2 * core::kHour);
  AddIdentifier(report, v1::IDENTIFIER_TYPE_PHONE, "+44 20 7946 0018",
                v1::IDENTIFIER_ROLE_CALLBACK);
  return report;
}

v1::Identifier* AddIdentifier(v1::Report& report, v1::IdentifierType type, std::string_view value,
                              v1::IdentifierRole role, std::string_view scheme) {
  v1::Identifier* identifier = report.add_identifiers();
  identifier->set_type(type);
  identifier->set_value(std::string(value));
  identifier->set_role(role);
  identifier->set_scheme(std::string(scheme));
  return identifier;
}

void AddHandle(v1::Report& report, v1::VictimHandle::Kind kind, std::string_view value) {
  v1::VictimHandle* handle = report.mutable_victim()->add_handles();
  handle->set_kind(kind);
  handle->set_value(std::string(value));
}

Intake::Result Read(const v1::Report& report) {
  Intake intake({.token_key = VectorKey()});
  return intake.FromReport("acme", report, kArrival);
}

std::vector<std::string> Codes(const Intake::Result& result) {
  std::vector<std::string> codes;
  for (const v1::Problem& problem : result.problems) {
    codes.push_back(problem.field() + " " + problem.code());
  }
  return codes;
}

std::vector<std::string> Names(const Intake::Result& result) {
  std::vector<std::string> names;
  if (!result.revision_message) return names;
  for (const auto& named : result.revision_message->identifiers()) {
    std::string name = v1::IdentifierType_Name(named.type()).substr(16) + " " + named.value() +
                       " " + v1::IdentifierRole_Name(named.role()).substr(16);
    if (!named.via_url().empty()) name += " via " + named.via_url();
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> Tokens(const Intake::Result& result) {
  std::vector<std::string> tokens;
  if (!result.revision_message) return tokens;
  for (const auto& token : result.revision_message->victim_tokens()) {
    tokens.push_back(std::to_string(token.kind()) + " " + token.token());
  }
  return tokens;
}

}  // namespace ringfence::intake
