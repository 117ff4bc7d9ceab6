#include "services/ringfence/sample/incident.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "services/ringfence/sample/spelling.h"

namespace ringfence::sample {
namespace {

using namespace v1;  // NOLINT(google-build-using-namespace): names of enumerations

// How many identifiers (from one on) and payments (from none on) a report has: four on average.
constexpr uint32_t kIdentifierCounts[] = {12, 26, 30, 20, 9, 3};
constexpr uint32_t kPaymentCounts[] = {20, 60, 15, 5};
// What the victim tells a second company again.
constexpr uint32_t kToldAgainPermille = 600;

// {brand}
constexpr const char* kNarratives[] = {
    "A caller who said he was from {} asked me to install a program and to move money.",
    "I got a message from {} about a payment that I had not made and called the number in it.",
    "A window said that my computer was blocked and that I should call {}.",
    "He said that {} owed me a refund, then that he had paid too much by mistake.",
    "I found the site through an advertisement. It looked like that of {}.",
};

void SetTime(core::Time time, google::protobuf::Timestamp& to) {
  // Partners write whole seconds.
  to.set_seconds(time / core::kSecond);
}

}  // namespace

Incident Storyteller::Happen(uint64_t number, core::Time occurred_at) {
  Incident incident;
  incident.number = number;
  incident.centre = &world_.PickCentre(random_);
  incident.country = &World::PickCountry(random_);
  incident.occurred_at = occurred_at;
  incident.email = mint_.VictimEmail();
  if (random_.Chance(500)) {
    incident.phone = mint_.VictimPhone(incident.country->code).value_or("");
  }
  if (random_.Chance(350)) incident.account = mint_.VictimAccount(incident.country->code);
  if (random_.Chance(80)) incident.police_reference = fmt::format("police:{:09}", number);
  return incident;
}

Named Storyteller::Meet(Incident& incident, Kind kind) {
  Centre::Mention mention = incident.centre->Meet(kind, incident.country->code, mint_, random_);
  const Named& named = mention.named;
  if (mention.has_new_host) made_up_.push_back({IDENTIFIER_TYPE_DOMAIN, named.host, false});
  if (mention.is_new) {
    ++made_up_count_;
    made_up_.push_back({named.type, named.canonical, mention.is_shared});
    // A British IBAN names its account too: after country, check digits and bank code.
    if (named.type == IDENTIFIER_TYPE_IBAN && named.canonical.starts_with("GB")) {
      made_up_.push_back({IDENTIFIER_TYPE_BANK_ACCOUNT,
                          fmt::format("gb-sort-code:{}/{}", named.canonical.substr(8, 6),
                                      named.canonical.substr(14)),
                          false});
    }
  }
  return std::move(mention.named);
}

void Storyteller::Pay(Incident& incident, size_t partner) {
  const Scam& scam = incident.centre->scam();
  Incident::Transfer transfer;
  transfer.kind = World::PickKind(scam, partner, incident.country->code, /*payee=*/true, random_);
  transfer.payee = Meet(incident, transfer.kind);
  // No two victims lose exactly the same very often.
  const uint32_t whole = random_.Pick(scam.amounts) + (random_.Chance(300) ? random_.Below(90) : 0);
  const char* const kCents[] = {".00", "", ".99", ".50"};
  transfer.amount = fmt::format("{}{}", whole, random_.Pick(kCents));
  if (random_.Chance(700)) transfer.reference = mint_.PaymentReference();
  const uint32_t kStatuses[] = {40, 40, 12, 8};
  transfer.status = static_cast<Payment::Status>(random_.Weighted(kStatuses));
  transfer.paid_at = incident.occurred_at - random_.Between(0, 3) * core::kHour;
  incident.transfers.push_back(std::move(transfer));
}

Report Storyteller::Tell(Incident& incident, size_t partner, core::Time reported_at) {
  const Scam& scam = incident.centre->scam();
  Report report;
  SetTime(incident.occurred_at, *report.mutable_occurred_at());
  SetTime(reported_at, *report.mutable_reported_at());
  AddVictim(incident, report);
  report.set_scam_type(random_.Chance(950) ? scam.type : SCAM_TYPE_OTHER);
  if (random_.Chance(800)) report.set_impersonated(std::string(incident.centre->brand()));
  if (random_.Chance(300)) {
    report.set_narrative(
        fmt::format(fmt::runtime(random_.Pick(kNarratives)), incident.centre->brand()));
  }
  if (incident.transfers.empty()) {
    for (size_t left = random_.Weighted(kPaymentCounts); left > 0; --left) Pay(incident, partner);
  }
  AddPayments(incident, report);
  const size_t known = incident.met.size();
  const auto wanted = static_cast<int>(1 + random_.Weighted(kIdentifierCounts));
  for (size_t i = 0; i < known && report.identifiers_size() < wanted; ++i) {
    if (random_.Chance(kToldAgainPermille)) AddIdentifier(incident, incident.met[i], report);
  }
  while (report.identifiers_size() < wanted) Add(incident, partner, report);
  AddSharing(incident, report);
  return report;
}

void Storyteller::Add(Incident& incident, size_t partner, Report& report) {
  const Kind kind = World::PickKind(incident.centre->scam(), partner, incident.country->code,
                                    /*payee=*/false, random_);
  incident.met.push_back({kind, Meet(incident, kind)});
  AddIdentifier(incident, incident.met.back(), report);
}

void Storyteller::AddVictim(const Incident& incident, Report& report) {
  Victim& victim = *report.mutable_victim();
  victim.set_country(std::string(incident.country->code));
  const auto add = [&](VictimHandle::Kind kind, const std::string& value) {
    if (value.empty()) return;
    VictimHandle& handle = *victim.add_handles();
    handle.set_kind(kind);
    handle.set_value(value);
  };
  add(VictimHandle::KIND_EMAIL, incident.email);
  add(VictimHandle::KIND_PHONE, incident.phone);
  add(VictimHandle::KIND_ACCOUNT, incident.account);
}

void Storyteller::AddPayments(const Incident& incident, Report& report) {
  for (const Incident::Transfer& transfer : incident.transfers) {
    Payment& payment = *report.add_payments();
    payment.set_rail(TraitsOf(transfer.kind).rail);
    *payment.mutable_payee() = Spell(transfer.payee, incident.country->code, random_);
    payment.mutable_payee()->set_role(TraitsOf(transfer.kind).role);
    payment.set_reference(transfer.reference);
    payment.set_amount(transfer.amount);
    payment.set_currency(std::string(incident.country->currency));
    payment.set_status(transfer.status);
    SetTime(transfer.paid_at, *payment.mutable_paid_at());
    ++named_;
  }
}

void Storyteller::AddIdentifier(const Incident& incident, const Incident::Met& met,
                                Report& report) {
  Identifier& identifier = *report.add_identifiers();
  identifier = Spell(met.named, incident.country->code, random_);
  // Where there was no telephone number left, a site stands in for it.
  const bool stands_in = met.named.type == IDENTIFIER_TYPE_URL;
  identifier.set_role(stands_in ? IDENTIFIER_ROLE_WEB_HOST : TraitsOf(met.kind).role);
  if (met.kind == Kind::kCallerId && !stands_in && random_.Chance(100)) {
    identifier.set_attestation(ATTESTATION_GATEWAY);
  }
  if (met.kind == Kind::kRemoteHost && random_.Chance(300)) {
    identifier.set_source_port(1'024 + random_.Below(60'000));
  }
  if (random_.Chance(300)) SetTime(incident.occurred_at, *identifier.mutable_observed_at());
  ++named_;
}

void Storyteller::AddSharing(const Incident& incident, Report& report) {
  const uint32_t kTlps[] = {700, 0, 150, 100, 50};
  report.set_tlp(static_cast<Tlp>(random_.Weighted(kTlps)));
  const uint32_t kBases[] = {600, 200, 120, 40, 40};
  report.set_basis(static_cast<Basis>(random_.Weighted(kBases)));
  if (random_.Chance(200)) report.set_referral(REFERRAL_ALLOWED);
  if (!incident.police_reference.empty()) {
    report.add_external_references(incident.police_reference);
  }
}

}  // namespace ringfence::sample
