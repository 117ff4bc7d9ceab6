#include "pipelines/intake/report_json.h"

#include <algorithm>
#include <array>
#include <utility>

#include "google/protobuf/descriptor.h"

namespace ringfence::intake {
namespace {

using enum Unreadable;

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
  return result_;
}

}  // namespace ringfence::intake
