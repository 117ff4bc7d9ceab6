#include "services/ringfence/sample/generator.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/ringfence/sample/faults.h"
#include "services/ringfence/sample/report_json.h"

namespace ringfence::sample {
namespace {

// Of a thousand reports.
constexpr uint32_t kBadPermille = 35;
constexpr uint32_t kSecondTellingPermille = 110;
constexpr uint32_t kRevisionPermille = 25;
constexpr uint32_t kRetractionPermille = 15;
constexpr uint32_t kRedeliveryPermille = 15;
// What follows, follows within this time.
constexpr core::Time kFollowsWithin = 3 * core::kDay;
// More do not wait: memory stays bounded. At a million records a month a fifth of it is used.
constexpr size_t kLaterMax = 65'536;

// One call centre for so many records.
constexpr uint64_t kRecordsPerCentre = 250;
constexpr uint64_t kCentresMin = 6;
constexpr uint64_t kCentresMax = 2'000;

size_t CentresFor(uint64_t records) {
  return std::clamp(records / kRecordsPerCentre, kCentresMin, kCentresMax);
}

}  // namespace

std::string_view RecordKindWord(RecordKind kind) {
  switch (kind) {
    case RecordKind::kFirst:
      return "first";
    case RecordKind::kSecondTelling:
      return "second_telling";
    case RecordKind::kRevision:
      return "revision";
    case RecordKind::kRetraction:
      return "retraction";
    case RecordKind::kRedelivery:
      return "redelivery";
    case RecordKind::kBad:
      return "bad";
  }
  return "";
}

Generator::Generator(const Options& options)
    : options_(options),
      random_(options.seed),
      mint_(random_.Next()),
      world_(CentresFor(options.records), mint_, random_),
      storyteller_(world_, mint_, random_),
      overlap_(options.omissions, mint_, random_),
      reports_of_partner_(options.partners, 0) {}

const Record* Generator::Next() {
  if (made_ == options_.records) return nullptr;
  const core::Time step = options_.span / static_cast<core::Time>(options_.records);
  record_.time = options_.until - options_.span + static_cast<core::Time>(made_) * step +
                 random_.Between(0, std::max<core::Time>(step - 1, 0));
  ++made_;
  if (!later_.empty() && later_.begin()->first.first <= record_.time) {
    MakeLater(std::move(later_.extract(later_.begin()).mapped()));
  } else {
    MakeFirst();
  }
  record_.made_up = storyteller_.TakeMadeUp();
  return &record_;
}

void Generator::MakeFirst() {
  const size_t partner = random_.Below(options_.partners);
  const core::Time ago = random_.Between(10 * core::kSecond * 60, 2 * core::kDay);
  Incident incident = storyteller_.Happen(++incidents_, record_.time - ago);
  if (options_.overlap) overlap_.Befall(incident);
  v1::Report report = Tell(incident, partner);
  Write(RecordKind::kFirst, partner, incident, report);
  if (random_.Chance(kBadPermille)) return WriteBad(incident, report);
  Follow(incident, report);
}

v1::Report Generator::Tell(Incident& incident, size_t partner) {
  v1::Report report = storyteller_.Tell(incident, partner, record_.time);
  if (options_.overlap) overlap_.Blur(partner, report);
  report.set_report_id(NextReportId(partner));
  return report;
}

void Generator::MakeLater(Later later) {
  switch (later.kind) {
    case RecordKind::kSecondTelling:
      later.report = Tell(later.incident, later.partner);
      break;
    case RecordKind::kRevision:
      later.report.set_revision(later.report.revision() + 1);
      storyteller_.Add(later.incident, later.partner, later.report);
      break;
    case RecordKind::kRetraction: {
      v1::Report retraction;
      retraction.set_report_id(later.report.report_id());
      retraction.set_revision(later.report.revision() + 1);
      retraction.set_retracted(true);
      const uint32_t kReasons[] = {0, 50, 30, 15, 0, 5};
      retraction.set_retraction_reason(
          static_cast<v1::RetractionReason>(random_.Weighted(kReasons)));
      later.report = std::move(retraction);
      break;
    }
    default:
      break;
  }
  Write(later.kind, later.partner, later.incident, later.report);
}

void Generator::Follow(const Incident& incident, const v1::Report& report) {
  const size_t partner = record_.partner;
  if (options_.overlap) {
    FollowTellings(incident, report);
  } else if (options_.partners > 1 && random_.Chance(kSecondTellingPermille)) {
    const size_t other = (partner + 1 + random_.Below(options_.partners - 1)) % options_.partners;
    Schedule(RecordKind::kSecondTelling, other, incident, report);
  }
  // A report is corrected or withdrawn, not both: which of them comes first would be chance.
  if (random_.Chance(kRevisionPermille)) {
    Schedule(RecordKind::kRevision, partner, incident, report);
  } else if (random_.Chance(kRetractionPermille)) {
    Schedule(RecordKind::kRetraction, partner, incident, report);
  }
  if (random_.Chance(kRedeliveryPermille)) {
    Schedule(RecordKind::kRedelivery, partner, incident, report);
  }
}

// To companies that differ from the first and from each other.
void Generator::FollowTellings(const Incident& incident, const v1::Report& report) {
  const size_t others = options_.partners - 1;
  const size_t tellings = std::min(overlap_.FurtherTellings(), others);
  const size_t first = others == 0 ? 0 : random_.Below(others);
  for (size_t i = 0; i < tellings; ++i) {
    const size_t other = (record_.partner + 1 + (first + i) % others) % options_.partners;
    Schedule(RecordKind::kSecondTelling, other, incident, report);
  }
}

void Generator::Schedule(RecordKind kind, size_t partner, const Incident& incident,
                         const v1::Report& report) {
  if (later_.size() >= kLaterMax) return;
  const core::Time due = record_.time + random_.Between(60 * core::kSecond, kFollowsWithin);
  later_[{due, ++scheduled_}] = {kind, partner, incident, report};
}

void Generator::Write(RecordKind kind, size_t partner, const Incident& incident,
                      const v1::Report& report) {
  record_.kind = kind;
  record_.partner = partner;
  record_.json.clear();
  AppendReportJson(report, record_.json);
  record_.report_id = report.report_id();
  record_.revision = report.revision();
  record_.incident = incident.number;
  record_.centre = incident.centre->number();
  record_.fault = "";
  record_.rejected = false;
}

void Generator::WriteBad(const Incident& incident, v1::Report& report) {
  const Fault& fault = PickFault(random_);
  if (fault.damage_report != nullptr) fault.damage_report(report, random_);
  Write(RecordKind::kBad, record_.partner, incident, report);
  if (fault.damage_text != nullptr) fault.damage_text(record_.json, random_);
  record_.fault = fault.name;
  record_.rejected = fault.rejected;
}

std::string Generator::NextReportId(size_t partner) {
  const std::string name = PartnerName(partner);
  const uint64_t number = ++reports_of_partner_[partner];
  return fmt::format("{}-{:07}", name.substr(0, name.find('-')), number);
}

}  // namespace ringfence::sample
