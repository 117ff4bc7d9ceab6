#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "pipelines/intake/json_message.h"
#include "pipelines/intake/problems.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::intake {

// Paths of what must not be used of a report, because a part of it could not be read:
// "identifiers[2]", "payments[0].payee", "payments[1].status".
using LeftOut = std::set<std::string, std::less<>>;

// What a field that cannot be read does to the report.
enum class Unreadable {
  // It counts as not given.
  kFieldIsLeftOut,
  // The message that holds it would mean something else without it: a wallet without its tag.
  kHolderIsLeftOut,
  // The report would be another one, or could travel further than its partner allows.
  kReportIsRejected,
};
Unreadable EffectOf(const google::protobuf::FieldDescriptor& field);

// Reads a report in protobuf's JSON mapping.
class ReportJson {
 public:
  struct Result {
    // As far as it could be read, and without what of `left_out` must not be used although it was
    // read: its content hash tells it from a report that says just that. Elements of lists stay
    // there, empty, so that the others keep their numbers.
    v1::Report report;
    ProblemList problems;
    LeftOut left_out;
    uint64_t unknown_fields = 0;
  };

  // The result is valid until the next call.
  const Result& Parse(std::string_view json);

 private:
  JsonMessageParser parser_;
  Result result_;
};

}  // namespace ringfence::intake
