#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/core/time.h"
#include "pipelines/intake/normalise_cache.h"
#include "pipelines/intake/victim_tokens.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/report.pb.h"
#include "ringfence/v1/report_service.pb.h"

namespace ringfence::intake {

// The first stage: parses and validates one report, normalises what it names, turns the victim's
// handles into keyed tokens, and says what was wrong. Nothing of the victim's is in what it gives
// but tokens and the country.
//
// Pure: the same bytes, arrival and key give the same result; memory of normalised values only
// saves time. No input makes it fail otherwise than by problems. Owned by one thread.
class Intake {
 public:
  // As appended; more is "record.too_large".
  static constexpr size_t kRecordBytesMax = 64 * 1024;
  static constexpr size_t kNarrativeBytesMax = 16 * 1024;
  static constexpr int kIdentifiersMax = 64;
  static constexpr int kPaymentsMax = 32;
  static constexpr int kExternalReferencesMax = 8;

  struct Options {
    TokenKey token_key;
    // The arrivals given are the clock's now: a report arrived at the greater of its own
    // occurred_at and reported_at, at now at the latest (canonical-forms, "Limits").
    bool replay = false;
    // Of normalised values; several Intakes may share one that is thread-safe. Null: its own.
    std::shared_ptr<NormaliseMemory> memory = nullptr;
  };

  struct Result {
    v1::Outcome outcome = v1::OUTCOME_REJECTED;
    // Empty where it could not be read or is not valid.
    std::string report_id;
    uint32_t revision = 0;
    // At most ProblemList::kProblemsMax, none with a value in it.
    std::vector<v1::Problem> problems;
    // For the dedupe mailbox; set where accepted.
    std::optional<internal::v1::ReportRevision> revision_message;
    // Fields that this release does not know; they were ignored.
    uint64_t unknown_fields = 0;
  };

  explicit Intake(const Options& options);
  ~Intake();

  // One report in protobuf's JSON mapping. `arrival` is when the log took it, within the years 1700
  // to 2200.
  Result FromJson(std::string_view partner, std::string_view json, core::Time arrival);
  // One ringfence.v1.Report in binary protobuf.
  Result FromBinary(std::string_view partner, std::string_view bytes, core::Time arrival);
  Result FromReport(std::string_view partner, const v1::Report& report, core::Time arrival);
  // What stands in reports.<partner>: JSON if '{' comes first after white space, else binary.
  Result FromRecord(std::string_view partner, std::string_view bytes, core::Time arrival);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// What goes to rejects.<partner> for the record at that place; nullopt where it was used whole.
std::optional<v1::Rejection> RejectionOf(std::string_view partner, const Intake::Result& result,
                                         int32_t partition, int64_t offset);

}  // namespace ringfence::intake
