#include "pipelines/intake/intake.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pipelines/core/id.h"
#include "pipelines/identifiers/brands.h"
#include "pipelines/identifiers/countries.h"
#include "pipelines/identifiers/policy.h"
#include "pipelines/intake/canonical_bytes.h"
#include "pipelines/intake/narrative.h"
#include "pipelines/intake/occurrences.h"
#include "pipelines/intake/payment_facts.h"
#include "pipelines/intake/problems.h"
#include "pipelines/intake/reading.h"
#include "pipelines/intake/report_json.h"
#include "pipelines/intake/rfc3339.h"
#include "pipelines/intake/victim_side.h"

namespace ringfence::intake {
namespace {

using internal::v1::NamedIdentifier;
using internal::v1::PaymentFact;
using internal::v1::ReportRevision;
using internal::v1::VictimToken;

constexpr size_t kReportIdMax = 128;

Intake::Result Refuse(std::string_view code) {
  ProblemList problems;
  problems.Add(code, "");
  Intake::Result result;
  result.problems = problems.Take();
  return result;
}

// Problem code of a report id; empty where it is good.
std::string_view CheckReportId(std::string_view report_id) {
  if (report_id.empty()) return "report_id.missing";
  if (!std::all_of(report_id.begin(), report_id.end(),
                   [](char c) { return c >= ' ' && c <= '~'; })) {
    return "report_id.malformed";
  }
  return report_id.size() > kReportIdMax ? "report_id.too_long" : "";
}

// Of a retraction only these are looked at.
bool MattersToRetraction(const v1::Problem& problem) {
  constexpr std::string_view kFields[] = {"", "report_id", "revision", "retracted",
                                          "retraction_reason"};
  return std::find(std::begin(kFields), std::end(kFields), problem.field()) != std::end(kFields);
}

core::Time ArrivalInReplay(const v1::Report& report, core::Time now) {
  core::Time own = core::kTimeMin;
  for (const auto* time : {&report.occurred_at(), &report.reported_at()}) {
    bool is_set = time->seconds() != 0 || time->nanos() != 0;
    if (is_set && IsValidTimestamp(*time)) own = std::max(own, core::FromProto(*time));
  }
  return own == core::kTimeMin ? now : std::min(own, now);
}

void ReadOccurredAt(Reading& reading) {
  const v1::Report& report = reading.report;
  // Something to go on with, so that all other problems are found too.
  reading.occurred_at = reading.arrival;
  if (reading.left_out.contains("occurred_at")) return;
  if (!report.has_occurred_at()) return reading.problems.Add("occurred_at.missing", "occurred_at");
  if (!IsValidTimestamp(report.occurred_at())) {
    return reading.problems.Add("occurred_at.malformed", "occurred_at");
  }
  core::Time occurred_at = core::FromProto(report.occurred_at());
  if (IsInRange(occurred_at, reading.arrival)) {
    reading.occurred_at = occurred_at;
  } else {
    reading.problems.Add(
        occurred_at > reading.arrival ? "occurred_at.in_future" : "occurred_at.too_old",
        "occurred_at");
  }
}

core::Time ReadReportedAt(Reading& reading) {
  const v1::Report& report = reading.report;
  core::Time reported_at = reading.occurred_at;
  if (report.has_reported_at()) {
    if (IsValidTimestamp(report.reported_at())) {
      reported_at = std::max(reported_at, core::FromProto(report.reported_at()));
    } else {
      reading.problems.Add("reported_at.malformed", "reported_at");
    }
  }
  return std::min(reported_at, reading.arrival);
}

void ReadCountry(Reading& reading) {
  const std::string& given = reading.report.victim().country();
  if (given.empty()) return;
  if (std::optional<std::string_view> country = identifiers::CountryCode(given)) {
    reading.country = *country;
  } else {
    reading.problems.Add("country.unknown", "victim.country");
  }
}

void ReadSharing(Reading& reading, ReportRevision& revision) {
  const v1::Report& report = reading.report;
  if (!v1::Tlp_IsValid(report.tlp())) reading.problems.Add("enum.unknown", "tlp", true);
  if (report.tlp() == v1::TLP_RED) reading.problems.Add("tlp.red", "tlp");
  if (!v1::Basis_IsValid(report.basis())) reading.problems.Add("enum.unknown", "basis", true);
  if (!v1::Referral_IsValid(report.referral())) {
    reading.problems.Add("enum.unknown", "referral", true);
  }
  revision.set_tlp(report.tlp() == v1::TLP_UNSPECIFIED ? v1::TLP_AMBER : report.tlp());
  revision.set_basis(report.basis() == v1::BASIS_UNSPECIFIED ? v1::BASIS_SELF_REPORTED
                                                             : report.basis());
  revision.set_referral(report.referral());
}

void ReadReferences(Reading& reading, ReportRevision& revision) {
  const v1::Report& report = reading.report;
  if (IsSourceAndId(report.origin())) {
    revision.set_origin(report.origin());
  } else if (!report.origin().empty()) {
    reading.problems.Add("origin.malformed", "origin");
  }
  std::vector<std::string> references;
  for (int i = 0; i < std::min(report.external_references_size(), Intake::kExternalReferencesMax);
       ++i) {
    Where where{"external_references", i, ""};
    if (reading.IsLeftOut(where)) continue;
    if (IsSourceAndId(report.external_references(i))) {
      references.push_back(report.external_references(i));
    } else {
      reading.problems.Add("external_reference.malformed", where.Path());
    }
  }
  if (report.external_references_size() > Intake::kExternalReferencesMax) {
    reading.problems.Add("external_references.too_many", "external_references");
  }
  std::sort(references.begin(), references.end());
  references.erase(std::unique(references.begin(), references.end()), references.end());
  for (std::string& reference : references) {
    revision.add_external_references(std::move(reference));
  }
}

void ReadDescription(Reading& reading, ReportRevision& revision) {
  const v1::Report& report = reading.report;
  if (v1::ScamType_IsValid(report.scam_type())) {
    revision.set_scam_type(report.scam_type());
  } else {
    reading.problems.Add("enum.unknown", "scam_type");
  }
  if (!report.impersonated().empty()) {
    revision.set_impersonated(std::string(identifiers::CanonicalBrand(report.impersonated())));
  }
  if (report.narrative().size() > Intake::kNarrativeBytesMax) {
    reading.problems.Add("narrative.too_long", "narrative");
  }
}

// Splits what the report names into the victim's and the fraudsters'.
void ReadIdentifiers(Reading& reading, ReportRevision& revision) {
  VictimSide victim(reading);
  victim.AddHandles();
  std::vector<Occurrence> fraudsters;
  for (Occurrence& occurrence : ReadOccurrences(reading)) {
    if (!identifiers::IsVictimSide(occurrence.type, occurrence.role)) {
      fraudsters.push_back(std::move(occurrence));
    } else if (!victim.Add(occurrence)) {
      reading.problems.Add("identifier.no_victim_token", occurrence.where.Path());
    }
  }
  std::vector<Occurrence> usable;
  std::vector<NamedIdentifier> named;
  for (Occurrence& occurrence : fraudsters) {
    if (victim.Owns(occurrence.type, occurrence.canonical.value, occurrence.region)) {
      reading.problems.Add("identifier.is_victim", occurrence.where.Path());
      continue;
    }
    bool is_url = occurrence.type == v1::IDENTIFIER_TYPE_URL;
    bool is_personal = is_url && victim.IsIn(occurrence.canonical.value);
    bool is_at_victims =
        is_url && victim.Owns(occurrence.canonical.also_type, occurrence.canonical.also_value, {});
    if (is_personal || is_at_victims) {
      reading.problems.Add("url.personal_data", occurrence.where.Path());
    }
    if (is_at_victims) continue;
    AppendNamed(occurrence, !is_personal, reading, named);
    if (!is_personal) usable.push_back(std::move(occurrence));
  }
  SortAndDeduplicate(named);
  std::vector<VictimToken> tokens = victim.Take();
  std::vector<PaymentFact> payments = ReadPaymentFacts(usable, reading);
  revision.mutable_identifiers()->Assign(std::make_move_iterator(named.begin()),
                                         std::make_move_iterator(named.end()));
  revision.mutable_victim_tokens()->Assign(std::make_move_iterator(tokens.begin()),
                                           std::make_move_iterator(tokens.end()));
  revision.mutable_payments()->Assign(std::make_move_iterator(payments.begin()),
                                      std::make_move_iterator(payments.end()));
}

void ReadBody(Reading& reading, ReportRevision& revision) {
  const v1::Report& report = reading.report;
  ReadOccurredAt(reading);
  ReadCountry(reading);
  revision.set_occurred_at(reading.occurred_at);
  revision.set_reported_at(ReadReportedAt(reading));
  revision.set_country(std::string(reading.country));
  ReadSharing(reading, revision);
  ReadDescription(reading, revision);
  ReadReferences(reading, revision);
  bool too_many_identifiers = report.identifiers_size() > Intake::kIdentifiersMax;
  bool too_many_payments = report.payments_size() > Intake::kPaymentsMax;
  if (too_many_identifiers) reading.problems.Add("identifiers.too_many", "identifiers");
  if (too_many_payments) reading.problems.Add("payments.too_many", "payments");
  // No more work for a report than one within the limits could ask for.
  if (too_many_identifiers || too_many_payments) return;
  ReadIdentifiers(reading, revision);
  if (revision.identifiers().empty() && revision.payments().empty()) {
    reading.problems.Add("report.nothing_usable", "");
  }
}

void ReadRetraction(Reading& reading, ReportRevision& revision) {
  revision.set_retracted(true);
  if (v1::RetractionReason_IsValid(reading.report.retraction_reason())) {
    revision.set_retraction_reason(reading.report.retraction_reason());
  } else {
    reading.problems.Add("enum.unknown", "retraction_reason");
  }
}

}  // namespace

class Intake::Impl {
 public:
  explicit Impl(const Options& options)
      : replay_(options.replay),
        tokens_(options.token_key, options.further_keys),
        narratives_(options.token_key),
        cache_(options.memory) {}

  Result FromJson(std::string_view partner, std::string_view json, core::Time arrival) {
    if (std::optional<Result> refused = CheckSize(json.size())) return *std::move(refused);
    const ReportJson::Result& parsed = json_.Parse(json);
    Result result = Read(partner, parsed.report, arrival, parsed.problems, parsed.left_out);
    result.unknown_fields = parsed.unknown_fields;
    return result;
  }

  Result FromBinary(std::string_view partner, std::string_view bytes, core::Time arrival) {
    if (std::optional<Result> refused = CheckSize(bytes.size())) return *std::move(refused);
    if (!binary_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return Refuse("binary.malformed");
    }
    uint64_t unknown_fields = CountUnknownFields(binary_);
    if (unknown_fields > 0) binary_.DiscardUnknownFields();
    Result result = Read(partner, binary_, arrival, {}, {});
    result.unknown_fields = unknown_fields;
    return result;
  }

  Result FromReport(std::string_view partner, const v1::Report& report, core::Time arrival) {
    if (std::optional<Result> refused = CheckSize(report.ByteSizeLong())) {
      return *std::move(refused);
    }
    uint64_t unknown_fields = CountUnknownFields(report);
    if (unknown_fields == 0) return Read(partner, report, arrival, {}, {});
    binary_ = report;
    binary_.DiscardUnknownFields();
    Result result = Read(partner, binary_, arrival, {}, {});
    result.unknown_fields = unknown_fields;
    return result;
  }

 private:
  static std::optional<Result> CheckSize(size_t bytes) {
    if (bytes == 0) return Refuse("record.empty");
    if (bytes > kRecordBytesMax) return Refuse("record.too_large");
    return std::nullopt;
  }

  // `report` must hold no unknown fields.
  Result Read(std::string_view partner, const v1::Report& report, core::Time arrival,
              ProblemList problems, const LeftOut& left_out) {
    Result result;
    // The whole could not be parsed: there is nothing to look at.
    if (left_out.contains("")) {
      result.problems = problems.Take();
      return result;
    }
    if (replay_) arrival = ArrivalInReplay(report, arrival);
    if (report.retracted()) {
      problems.Drop([](const v1::Problem& problem) { return !MattersToRetraction(problem); });
    }
    std::string_view id_problem = CheckReportId(report.report_id());
    if (id_problem.empty()) result.report_id = report.report_id();
    if (!id_problem.empty() && !left_out.contains("report_id")) {
      problems.Add(id_problem, "report_id");
    }
    result.revision = report.revision();
    ReportRevision revision;
    revision.set_partner(std::string(partner));
    revision.set_report_id(result.report_id);
    revision.set_revision(report.revision());
    revision.set_arrival(arrival);
    Reading reading{.report = report,
                    .left_out = left_out,
                    .problems = problems,
                    .cache = cache_,
                    .tokens = tokens_,
                    .arrival = arrival};
    if (report.retracted()) {
      ReadRetraction(reading, revision);
    } else {
      ReadBody(reading, revision);
      // The text itself ends here.
      const std::string_view narrative = report.narrative();
      revision.set_narrative_fingerprint(narratives_.Of(narrative.substr(0, kNarrativeBytesMax)));
    }
    if (!problems.rejected()) {
      if (!report.retracted()) revision.set_content_hash(ContentHash(report));
      result.outcome = v1::OUTCOME_ACCEPTED;
      result.revision_message = std::move(revision);
    }
    result.problems = problems.Take();
    return result;
  }

  bool replay_;
  VictimTokens tokens_;
  NarrativeFingerprints narratives_;
  NormaliseCache cache_;
  ReportJson json_;
  // Kept for its buffers.
  v1::Report binary_;
};

Intake::Intake(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Intake::~Intake() = default;

Intake::Result Intake::FromJson(std::string_view partner, std::string_view json,
                                core::Time arrival) {
  return impl_->FromJson(partner, json, arrival);
}

Intake::Result Intake::FromBinary(std::string_view partner, std::string_view bytes,
                                  core::Time arrival) {
  return impl_->FromBinary(partner, bytes, arrival);
}

Intake::Result Intake::FromReport(std::string_view partner, const v1::Report& report,
                                  core::Time arrival) {
  return impl_->FromReport(partner, report, arrival);
}

Intake::Result Intake::FromRecord(std::string_view partner, std::string_view bytes,
                                  core::Time arrival) {
  size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || bytes[first] != '{') {
    return FromBinary(partner, bytes, arrival);
  }
  Result result = FromJson(partner, bytes, arrival);
  // Binary reports begin with '\n', the tag of report_id, and its length may be white space or '{'.
  if (bytes.front() == '\n' && !result.problems.empty() && result.problems[0].field().empty()) {
    Result binary = FromBinary(partner, bytes, arrival);
    bool is_report = binary.problems.empty() || binary.problems[0].code() != "binary.malformed";
    if (is_report) return binary;
  }
  return result;
}

std::optional<v1::Rejection> RejectionOf(std::string_view partner, const Intake::Result& result,
                                         int32_t partition, int64_t offset) {
  if (result.outcome != v1::OUTCOME_REJECTED && result.problems.empty()) return std::nullopt;
  v1::Rejection rejection;
  rejection.set_partner(std::string(partner));
  rejection.set_report_id(result.report_id);
  rejection.set_revision(result.revision);
  rejection.set_outcome(result.outcome);
  rejection.set_partition(partition);
  rejection.set_offset(offset);
  rejection.mutable_problems()->Assign(result.problems.begin(), result.problems.end());
  return rejection;
}

}  // namespace ringfence::intake
