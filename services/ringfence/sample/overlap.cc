#include "services/ringfence/sample/overlap.h"

#include <iterator>

#include "absl/strings/ascii.h"
#include "pipelines/core/time.h"

namespace ringfence::sample {
namespace {

using v1::VictimHandle;

// Of a thousand incidents: told to one, two, three companies.
constexpr uint32_t kTellings[] = {450, 350, 200};
constexpr uint32_t kHasPhone = 900;
constexpr uint32_t kRelativePermille = 30;
constexpr uint32_t kAgainPermille = 30;
// Lists of victims are used again by whom they are of, and sold.
constexpr uint32_t kSameCentrePermille = 500;
// Hit again so much later at least: another week.
constexpr core::Time kAgainAfter = 8 * core::kDay;
// Of the victims of so many incidents relatives and second incidents are made.
constexpr size_t kVictimsKept = 20'000;

// Of a thousand reports.
constexpr uint32_t kRoundsAmount = 80;
constexpr uint32_t kDatesTheDay = 200;
constexpr uint32_t kDatesAmiss = 150;
constexpr uint32_t kRespells = 600;
// Of a thousand payments: when they were made is not said, or only on which day.
constexpr uint32_t kPaidUnsaid = 300;
constexpr uint32_t kPaidTheDay = 400;

constexpr core::Time kSecondsOfDay = core::kDay / core::kSecond;

void ToStartOfDay(google::protobuf::Timestamp& time) {
  time.set_seconds(time.seconds() - time.seconds() % kSecondsOfDay);
}

}  // namespace

struct Overlap::Omitted {
  uint32_t email;
  uint32_t phone;
  uint32_t account;
  uint32_t payments;
  uint32_t reference;
};

const Overlap::Omitted& Overlap::OmittedBy(size_t partner) const {
  static constexpr Omitted kEvery = {250, 250, 500, 200, 400};
  // In the order of the profiles: of a software company, a bank, a marketplace, a telephone
  // company. Banks know what was paid, to whom, under which reference; the others what the victim
  // tells.
  static constexpr Omitted kOf[] = {{50, 350, 950, 250, 500},
                                    {250, 100, 20, 50, 100},
                                    {20, 350, 900, 150, 500},
                                    {350, 20, 950, 350, 600}};
  return omissions_ == Omissions::kUniform ? kEvery : kOf[partner % std::size(kOf)];
}

size_t Overlap::FurtherTellings() { return random_.Weighted(kTellings); }

void Overlap::Befall(Incident& incident) {
  if (omissions_ == Omissions::kByCompany && incident.phone.empty() && random_.Chance(kHasPhone)) {
    incident.phone = mint_.VictimPhone(incident.country->code).value_or("");
  }
  const bool relative = random_.Chance(kRelativePermille);
  const bool again = random_.Chance(kAgainPermille);
  if (!victims_.empty() && (relative || again)) {
    const Incident& earlier = victims_[random_.Below(victims_.size())];
    const bool is_again = again && earlier.occurred_at + kAgainAfter <= incident.occurred_at;
    const bool is_relative = !is_again && relative && !earlier.phone.empty();
    if (is_again || is_relative) {
      incident.country = earlier.country;
      incident.phone = earlier.phone;
      incident.account.clear();
      if (random_.Chance(kSameCentrePermille)) incident.centre = earlier.centre;
    }
    if (is_again) {
      incident.email = earlier.email;
      incident.account = earlier.account;
    }
  }
  victims_.push_back(incident);
  if (victims_.size() > kVictimsKept) victims_.pop_front();
}

void Overlap::Blur(size_t partner, v1::Report& report) {
  const Omitted& omitted = OmittedBy(partner);
  BlurVictim(omitted, report);
  BlurPayments(omitted, report);
  BlurTimes(report);
}

void Overlap::BlurVictim(const Omitted& omitted, v1::Report& report) {
  v1::Victim& victim = *report.mutable_victim();
  const v1::Victim all = victim;
  victim.clear_handles();
  for (const VictimHandle& handle : all.handles()) {
    uint32_t omits = omitted.account;
    if (handle.kind() == VictimHandle::KIND_EMAIL) omits = omitted.email;
    if (handle.kind() == VictimHandle::KIND_PHONE) omits = omitted.phone;
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

void Overlap::BlurPayments(const Omitted& omitted, v1::Report& report) {
  if (random_.Chance(omitted.payments)) {
    report.clear_payments();
    return;
  }
  for (v1::Payment& payment : *report.mutable_payments()) {
    if (random_.Chance(omitted.reference)) payment.clear_reference();
    if (random_.Chance(kRoundsAmount)) payment.set_amount(Round(payment.amount()));
    if (random_.Chance(kPaidUnsaid)) {
      payment.clear_paid_at();
    } else if (random_.Chance(kPaidTheDay)) {
      ToStartOfDay(*payment.mutable_paid_at());
    }
  }
}

// Without cents, or to the next ten.
std::string Overlap::Round(const std::string& amount) {
  const std::string whole = amount.substr(0, amount.find('.'));
  if (random_.Chance(500)) return whole;
  return std::to_string((std::stoll(whole) + 5) / 10 * 10);
}

// The day that the victim remembers, or the bank booked it.
void Overlap::BlurTimes(v1::Report& report) {
  google::protobuf::Timestamp& occurred_at = *report.mutable_occurred_at();
  if (random_.Chance(kDatesAmiss)) {
    occurred_at.set_seconds(occurred_at.seconds() - random_.Between(0, 2) * kSecondsOfDay);
  }
  if (random_.Chance(kDatesTheDay)) ToStartOfDay(occurred_at);
}

}  // namespace ringfence::sample
