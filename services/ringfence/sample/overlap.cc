#include "services/ringfence/sample/overlap.h"

#include "absl/strings/ascii.h"
#include "pipelines/core/time.h"

namespace ringfence::sample {
namespace {

using v1::VictimHandle;

// Of a thousand incidents: told to one, two, three companies.
constexpr uint32_t kTellings[] = {450, 350, 200};
constexpr uint32_t kRelativePermille = 30;
constexpr uint32_t kAgainPermille = 30;
// Hit again so much later at least: another week.
constexpr core::Time kAgainAfter = 8 * core::kDay;
// Of the victims of so many incidents relatives and second incidents are made.
constexpr size_t kVictimsKept = 20'000;

// Of a thousand reports.
constexpr uint32_t kOmitsEmail = 250;
constexpr uint32_t kOmitsPhone = 250;
constexpr uint32_t kOmitsAccount = 500;
constexpr uint32_t kOmitsPayments = 200;
constexpr uint32_t kOmitsReference = 400;
constexpr uint32_t kRoundsAmount = 80;
constexpr uint32_t kDatesTheDay = 200;
constexpr uint32_t kDatesAmiss = 150;
constexpr uint32_t kRespells = 600;

}  // namespace

size_t Overlap::FurtherTellings() { return random_.Weighted(kTellings); }

void Overlap::Befall(Incident& incident) {
  const bool relative = random_.Chance(kRelativePermille);
  const bool again = random_.Chance(kAgainPermille);
  if (!victims_.empty() && (relative || again)) {
    const Incident& earlier = victims_[random_.Below(victims_.size())];
    if (again && earlier.occurred_at + kAgainAfter <= incident.occurred_at) {
      incident.country = earlier.country;
      incident.email = earlier.email;
      incident.phone = earlier.phone;
      incident.account = earlier.account;
    } else if (relative && !earlier.phone.empty()) {
      incident.country = earlier.country;
      incident.phone = earlier.phone;
      incident.account.clear();
    }
  }
  victims_.push_back(incident);
  if (victims_.size() > kVictimsKept) victims_.pop_front();
}

void Overlap::Blur(v1::Report& report) {
  BlurVictim(report);
  BlurPayments(report);
  google::protobuf::Timestamp& occurred_at = *report.mutable_occurred_at();
  constexpr int64_t kSecondsOfDay = core::kDay / core::kSecond;
  // The day that the victim remembers, or the bank booked it.
  if (random_.Chance(kDatesAmiss)) {
    occurred_at.set_seconds(occurred_at.seconds() - random_.Between(0, 2) * kSecondsOfDay);
  }
  if (random_.Chance(kDatesTheDay)) {
    occurred_at.set_seconds(occurred_at.seconds() - occurred_at.seconds() % kSecondsOfDay);
  }
}

void Overlap::BlurVictim(v1::Report& report) {
  v1::Victim& victim = *report.mutable_victim();
  const v1::Victim all = victim;
  victim.clear_handles();
  for (const VictimHandle& handle : all.handles()) {
    uint32_t omits = kOmitsAccount;
    if (handle.kind() == VictimHandle::KIND_EMAIL) omits = kOmitsEmail;
    if (handle.kind() == VictimHandle::KIND_PHONE) omits = kOmitsPhone;
    if (random_.Chance(omits)) continue;
    VictimHandle& told = *victim.add_handles();
    told = handle;
    if (random_.Chance(kRespells)) told.set_value(Respell(handle.kind(), handle.value()));
  }
}

std::string Overlap::Respell(VictimHandle::Kind kind, const std::string& value) {
  if (kind == VictimHandle::KIND_EMAIL) return absl::AsciiStrToUpper(value);
  std::string spaced;
  for (size_t i = 0; i < value.size(); ++i) {
    if (i > 0 && i % 4 == 0) spaced += ' ';
    spaced += value[i];
  }
  return spaced;
}

void Overlap::BlurPayments(v1::Report& report) {
  if (random_.Chance(kOmitsPayments)) {
    report.clear_payments();
    return;
  }
  for (v1::Payment& payment : *report.mutable_payments()) {
    if (random_.Chance(kOmitsReference)) payment.clear_reference();
    if (random_.Chance(kRoundsAmount)) {
      payment.set_amount(payment.amount().substr(0, payment.amount().find('.')));
    }
  }
}

}  // namespace ringfence::sample
