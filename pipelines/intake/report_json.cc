#include "pipelines/intake/report_json.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "google/protobuf/descriptor.h"

namespace ringfence::intake {
namespace {

using enum Unreadable;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

struct FieldEffect {
  std::string_view field;
  Unreadable effect;
};

// Every other field is just left out.
constexpr auto kEffects = std::to_array<FieldEffect>({
    {"ringfence.v1.Report.report_id", kReportIsRejected},
    {"ringfence.v1.Report.revision", kReportIsRejected},
    {"ringfence.v1.Report.retracted", kReportIsRejected},
    {"ringfence.v1.Report.occurred_at", kReportIsRejected},
    {"ringfence.v1.Report.tlp", kReportIsRejected},
    {"ringfence.v1.Report.basis", kReportIsRejected},
    {"ringfence.v1.Report.referral", kReportIsRejected},
    {"ringfence.v1.Identifier.type", kHolderIsLeftOut},
    {"ringfence.v1.Identifier.value", kHolderIsLeftOut},
    {"ringfence.v1.Identifier.role", kHolderIsLeftOut},
    {"ringfence.v1.Identifier.region", kHolderIsLeftOut},
    {"ringfence.v1.Identifier.scheme", kHolderIsLeftOut},
    {"ringfence.v1.Identifier.sub_account", kHolderIsLeftOut},
    {"ringfence.v1.Identifier.token", kHolderIsLeftOut},
    {"ringfence.v1.VictimHandle.kind", kHolderIsLeftOut},
    {"ringfence.v1.VictimHandle.value", kHolderIsLeftOut},
    {"ringfence.v1.VictimHandle.token", kHolderIsLeftOut},
});

// "identifiers[2].role" -> "identifiers[2]".
std::string HolderOf(const std::string& path) { return path.substr(0, path.rfind('.')); }

// Unsets what stands at a path like "payments[0].payee". What is an element of a list stays there,
// empty, so that the others keep their numbers.
void Unset(std::string_view path, Message& message) {
  size_t dot = path.find('.');
  std::string_view step = path.substr(0, dot);
  size_t bracket = step.find('[');
  const FieldDescriptor* field =
      message.GetDescriptor()->FindFieldByName(std::string(step.substr(0, bracket)));
  if (field == nullptr) return;
  const Reflection& reflection = *message.GetReflection();
  bool is_last = dot == std::string_view::npos;
  if (bracket == std::string_view::npos) {
    if (is_last) return reflection.ClearField(&message, field);
    if (field->is_repeated() || field->message_type() == nullptr) return;
    return Unset(path.substr(dot + 1), *reflection.MutableMessage(&message, field));
  }
  int index = std::atoi(std::string(step.substr(bracket + 1)).c_str());
  if (!field->is_repeated() || index >= reflection.FieldSize(message, field)) return;
  if (field->message_type() == nullptr) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      reflection.SetRepeatedString(&message, field, index, "");
    }
    return;
  }
  Message& element = *reflection.MutableRepeatedMessage(&message, field, index);
  if (is_last) return element.Clear();
  Unset(path.substr(dot + 1), element);
}

// A status that cannot be read may be one in which no money was lost.
void UnsetAmount(std::string_view path, v1::Report& report) {
  constexpr std::string_view kPayments = "payments[";
  if (!path.starts_with(kPayments) || !path.ends_with("].status")) return;
  int index = std::atoi(std::string(path.substr(kPayments.size())).c_str());
  if (index < report.payments_size()) report.mutable_payments(index)->clear_amount();
}

// Is it an element of a list, or a message or field in one that is not used although it may be set?
// Of any other field what is set is used: the last one, where it was given twice.
bool IsBarred(std::string_view path) {
  return path.ends_with(']') || path.ends_with("].payee") || path.ends_with("].status");
}

}  // namespace

Unreadable EffectOf(const google::protobuf::FieldDescriptor& field) {
  const auto* row = std::find_if(kEffects.begin(), kEffects.end(), [&](const FieldEffect& effect) {
    return effect.field == field.full_name();
  });
  return row == kEffects.end() ? kFieldIsLeftOut : row->effect;
}

const ReportJson::Result& ReportJson::Parse(std::string_view json) {
  JsonReading reading = parser_.Parse(json, result_.report);
  result_.problems = {};
  result_.left_out.clear();
  result_.unknown_fields = reading.unknown_fields;
  for (JsonProblem& problem : reading.problems) {
    Unreadable effect = problem.field == nullptr ? kReportIsRejected : EffectOf(*problem.field);
    result_.left_out.insert(effect == kHolderIsLeftOut ? HolderOf(problem.path) : problem.path);
    result_.problems.Add(problem.code, std::move(problem.path), effect == kReportIsRejected);
  }
  for (const std::string& path : result_.left_out) {
    if (!IsBarred(path)) continue;
    UnsetAmount(path, result_.report);
    Unset(path, result_.report);
  }
  return result_;
}

}  // namespace ringfence::intake
