// A partner's record, JSON or binary: any bytes are accepted or rejected with a reason, and the
// same bytes always alike.
#include <string_view>

#include "pipelines/intake/intake.h"
#include "tests/fuzz/fuzz.h"

namespace ringfence::fuzz {
namespace {

constexpr core::Time kArrival = 20'513 * core::kDay;  // 2026-03-01

void ExpectSound(const intake::Intake::Result& result, size_t size) {
  const bool accepted = result.outcome == v1::OUTCOME_ACCEPTED;
  Expect(accepted || result.outcome == v1::OUTCOME_REJECTED, "accepted or rejected");
  Expect(accepted == result.revision_message.has_value(), "a message where it is accepted");
  bool fatal = false;
  for (const v1::Problem& problem : result.problems) {
    Expect(!problem.code().empty(), "every problem has a code");
    fatal = fatal || problem.fatal();
  }
  Expect(accepted != fatal, "rejected by a fatal problem, and by nothing else");
  Expect(size <= intake::Intake::kRecordBytesMax || !accepted, "a large record is rejected");
  const auto rejection = intake::RejectionOf("partner", result, 0, 0);
  Expect(rejection.has_value() == !result.problems.empty(), "what was not used whole is told");
  if (!accepted) return;
  Expect(!result.revision_message->report_id().empty(), "an accepted report has an id");
  for (const auto& identifier : result.revision_message->identifiers()) {
    Expect(!identifier.value().empty(), "every identifier has a value");
    Expect(v1::IdentifierType_IsValid(identifier.type()) && identifier.type() != 0,
           "every identifier has a type");
  }
}

}  // namespace
}  // namespace ringfence::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringfence;  // NOLINT(google-build-using-namespace)
  static intake::Intake intake(intake::Intake::Options{.token_key = {.id = "k1"}});
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const intake::Intake::Result result = intake.FromRecord("partner", bytes, fuzz::kArrival);
  fuzz::ExpectSound(result, size);
  const intake::Intake::Result again = intake.FromRecord("partner", bytes, fuzz::kArrival);
  fuzz::Expect(again.outcome == result.outcome, "the same outcome again");
  fuzz::Expect(again.problems.size() == result.problems.size(), "the same problems again");
  if (result.revision_message) {
    fuzz::Expect(
        again.revision_message->SerializeAsString() == result.revision_message->SerializeAsString(),
        "the same message again");
  }
  return 0;
}
