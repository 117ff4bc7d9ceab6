#include "services/ringfence/sample/faults.h"

namespace ringfence::sample {
namespace {

using namespace v1;  // NOLINT(google-build-using-namespace): names of enumerations

constexpr int64_t kDaySeconds = 24 * 60 * 60;

void Add(Report& report, IdentifierType type, IdentifierRole role, std::string_view value) {
  Identifier& identifier = *report.add_identifiers();
  identifier.set_type(type);
  identifier.set_role(role);
  identifier.set_value(std::string(value));
}

void Truncate(std::string& json, Random& random) { json.resize(1 + random.Below(json.size() - 1)); }

void WriteCsv(std::string& json, Random& random) {
  json = "2026-03-01;TECH_SUPPORT;row " + std::to_string(random.Below(100'000));
}

// After the opening brace.
void Insert(std::string& json, std::string_view member) { json.insert(1, member); }

void WordForRevision(std::string& json, Random&) { Insert(json, R"("revision":"first",)"); }

void UnknownField(std::string& json, Random&) { Insert(json, R"("caseWorker":"17",)"); }

void UnknownType(Report& report, Random&) {
  Add(report, IDENTIFIER_TYPE_PHONE, IDENTIFIER_ROLE_CONTACT, "see the form");
}

void NameUnknownType(std::string& json, Random&) {
  // That of UnknownType.
  constexpr std::string_view kAdded = R"("IDENTIFIER_TYPE_PHONE","value":"see the form")";
  constexpr std::string_view kNamed = R"("IDENTIFIER_TYPE_FAX","value":"see the form")";
  json.replace(json.find(kAdded), kAdded.size(), kNamed);
}

void BrokenIban(Report& report, Random&) {
  Add(report, IDENTIFIER_TYPE_IBAN, IDENTIFIER_ROLE_BENEFICIARY, "DE00 9000 0000 0000 0000 01");
}

void InvalidPhone(Report& report, Random&) {
  Add(report, IDENTIFIER_TYPE_PHONE, IDENTIFIER_ROLE_CALLBACK, "1111111111");
}

void RawCard(Report& report, Random&) {
  // The number that card schemes give to programs' tests.
  Add(report, IDENTIFIER_TYPE_PAYMENT_CARD, IDENTIFIER_ROLE_TRANSACTION, "4111 1111 1111 1111");
}

void NamesVictim(Report& report, Random&) {
  if (report.victim().handles().empty()) return;
  Add(report, IDENTIFIER_TYPE_EMAIL, IDENTIFIER_ROLE_CONTACT, report.victim().handles(0).value());
}

void NoTime(Report& report, Random&) { report.clear_occurred_at(); }

void TooOld(Report& report, Random&) {
  report.mutable_occurred_at()->set_seconds(report.occurred_at().seconds() - 500 * kDaySeconds);
}

// Wherever the clock of who reads it stands.
void InFuture(Report& report, Random&) {
  report.mutable_occurred_at()->set_seconds(report.occurred_at().seconds() + 20'000 * kDaySeconds);
}

void NoId(Report& report, Random&) { report.clear_report_id(); }

void Red(Report& report, Random&) { report.set_tlp(TLP_RED); }

void NamesNothing(Report& report, Random&) {
  report.clear_identifiers();
  report.clear_payments();
}

constexpr Fault kFaults[] = {
    {"truncated", true, nullptr, Truncate},
    {"truncated", true, nullptr, Truncate},
    {"not_json", true, nullptr, WriteCsv},
    {"wrong_type", true, nullptr, WordForRevision},
    {"no_time", true, NoTime, nullptr},
    {"too_old", true, TooOld, nullptr},
    {"in_future", true, InFuture, nullptr},
    {"no_id", true, NoId, nullptr},
    {"tlp_red", true, Red, nullptr},
    {"nothing_named", true, NamesNothing, nullptr},
    {"unknown_field", false, nullptr, UnknownField},
    {"unknown_type", false, UnknownType, NameUnknownType},
    {"broken_iban", false, BrokenIban, nullptr},
    {"invalid_phone", false, InvalidPhone, nullptr},
    {"raw_card", false, RawCard, nullptr},
    {"names_victim", false, NamesVictim, nullptr},
};

}  // namespace

const Fault& PickFault(Random& random) { return random.Pick(kFaults); }

}  // namespace ringfence::sample
