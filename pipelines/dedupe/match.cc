#include "pipelines/dedupe/match.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <optional>

#include "absl/strings/ascii.h"
#include "pipelines/core/time.h"

namespace ringfence::dedupe {
namespace {

using core::Time;
using internal::v1::MatchFacts;
using internal::v1::MatchPayment;
using internal::v1::MatchToken;

// The weights. Where a number is no measurement it is reasoned from what the field is; the
// reasoning stands beside it. "Measured" are pairs that share a token or a payment in
// `tests/bench/incident_quality 20000 SEED 6`, seeds 1, 2 and 12: which share of those of one
// incident (m) and of two (u) agree. What all of them do is judged on other seeds.

struct TokenWeight {
  uint32_t kind;
  Field field;
  // log2(m / u) of an equal token, and of tokens of one kind and key none of which is equal.
  Weight agrees;
  Weight conflicts;
};

constexpr TokenWeight kTokens[] = {
    // Shared in households, and a call centre that has one number of a list calls whoever answers:
    // some 1 in 500,000 pairs of victims of a week. A victim has a landline and a mobile, or gives
    // the number that was called.
    {1, Field::kVictimPhone, 19 * kBit, -6 * kBit},
    // Hardly ever shared, and most people give every company the same one: in a household it tells
    // people apart who share a phone.
    {2, Field::kVictimEmail, 23 * kBit, -10 * kBit},
    // Joint accounts; but who is defrauded through two banks names another account at each.
    {3, Field::kVictimAccount, 22 * kBit, -2 * kBit},
    // A code is one payment. A victim buys several cards: different ones say nothing.
    {4, Field::kGiftCard, 26 * kBit, 0},
    {5, Field::kPaymentCard, 23 * kBit, -2 * kBit},
    // A machine, used by a household, with another id after a new installation.
    {6, Field::kVictimRemoteAccessId, 20 * kBit, -2 * kBit},
    // A home, an office, or a carrier's NAT with thousands of subscribers; changes with the place.
    {7, Field::kVictimIp, 10 * kBit, 0},
};
// Equal tokens show one person, not one incident: several of them are not independent, and together
// say no more than this.
constexpr Weight kPersonMax = 26 * kBit;

struct TimeWeight {
  Time within;
  Weight weight;
};

// Between the times at which two reports put the incident. Victims date it by the call, the
// transfer or its discovery: days apart, seldom a week. Of pairs that share nothing but a phone,
// measured: m = 0.68, 0.21, 0.09, 0.02 for half a day, a day, two and three, none beyond, and u is
// even over the month. Whoever is hit again is so in another week (and is easily: sold lists of
// victims), so beyond that one person is two incidents unless the payments agree: all tokens, the
// same mule and the same numbers weigh 26 + 6 + 6 bits.
constexpr TimeWeight kTimes[] = {
    {core::kDay / 2, 4 * kBit},  {1 * core::kDay, 2 * kBit},  {2 * core::kDay, 0},
    {3 * core::kDay, -2 * kBit}, {6 * core::kDay, -6 * kBit}, {14 * core::kDay, -20 * kBit},
};
constexpr Weight kFarApart = -24 * kBit;

// A mule's account takes the payments of some dozens of victims: u is about 1/60 within a campaign.
// A victim with several payments names one here, another there: measured, m of a conflict is 0.03,
// u nearly 1, but of one token's reports alone.
constexpr Weight kPayeeAgrees = 6 * kBit;
constexpr Weight kPayeeConflicts = -3 * kBit;
// Partial amounts, fees, and what is remembered: of one incident one amount in eight differs; of
// two, all but a few.
constexpr Weight kAmountConflicts = -3 * kBit;
// Equal amounts are of one payment only if made on about one day: instalments are equal too.
constexpr Time kPaidWithin = 3 * core::kDay;
// Of equal amounts to one payee that two victims paid within three days a quarter is of one day, of
// those that one victim paid nearly all.
constexpr Time kPaidOneDay = 1 * core::kDay;
constexpr Weight kPaidOneDayAgrees = 2 * kBit;
// Rounded to the next ten or hundred, or with a fee: as good as nothing said, for or against.
constexpr int64_t kNearAmountDivisor = 50;
constexpr int64_t kNearAmountMin = 10;
constexpr Weight kNearAmountAgrees = 1 * kBit;

// None, one, two, more, the payee among them. Measured of reports that share a token: m = 0.07,
// 0.21, 0.26, 0.46, u = 0.93, 0.05, 0.02, 0.004. The last two weigh less than that, for two victims
// of one campaign share identifiers more often than not.
constexpr Weight kSharedIdentifiers[] = {-4 * kBit, 2 * kBit, 4 * kBit, 6 * kBit};

// Of 64 bits of SimHash: copies of one text differ in a few, texts of two people in 20 to 44. Only
// ever supports: a text can be copied from a warning page.
constexpr int kSameText = 3;
constexpr int kNearText = 8;
constexpr Weight kSameTextAgrees = 6 * kBit;
constexpr Weight kNearTextAgrees = 3 * kBit;

// Residence, or where the victim was: seldom given differently.
constexpr Weight kCountryConflicts = -3 * kBit;

class Comparing {
 public:
  Comparing(const MatchFacts& a, const MatchFacts& b) : a_(a), b_(b) {}

  Comparison Run() {
    result_.threshold = a_.partner() == b_.partner() ? kSamePartnerThreshold : kThreshold;
    CompareTokens();
    ComparePayments();
    CompareTimes();
    CompareIdentifiers();
    CompareNarratives();
    if (!a_.country().empty() && !b_.country().empty() && a_.country() != b_.country()) {
      Add(Field::kCountry, kCountryConflicts);
    }
    if (a_.origin() != 0 && a_.origin() == b_.origin()) Decide(Field::kOrigin);
    if (SharedOf(a_.references(), b_.references()) > 0) Decide(Field::kExternalReference);
    return std::move(result_);
  }

 private:
  void Add(Field field, Weight weight) {
    result_.contributions.push_back({field, weight});
    result_.weight += weight;
  }
  void Decide(Field field) {
    result_.contributions.push_back({field, 0});
    result_.decided = true;
  }

  // True if equal, false if none is though one key made both, nullopt if they say nothing.
  std::optional<bool> Agree(uint32_t kind) const {
    std::optional<bool> agrees;
    for (const MatchToken& one : a_.tokens()) {
      if (one.kind() != kind) continue;
      for (const MatchToken& other : b_.tokens()) {
        if (other.kind() != kind || other.key() != one.key()) continue;
        if (other.value() == one.value()) return true;
        agrees = false;
      }
    }
    return agrees;
  }

  void CompareTokens() {
    Weight person = 0;
    for (const TokenWeight& row : kTokens) {
      const std::optional<bool> agrees = Agree(row.kind);
      if (!agrees) continue;
      if (*agrees) {
        const Weight counts = std::min(row.agrees, kPersonMax - person);
        person += counts;
        Add(row.field, counts);
      } else if (row.conflicts != 0) {
        Add(row.field, row.conflicts);
      }
    }
  }

  void ComparePayments() {
    std::optional<Weight> reference;
    std::optional<bool> payee;
    std::optional<Weight> amount;
    for (const MatchPayment& one : a_.payments()) {
      for (const MatchPayment& other : b_.payments()) {
        if (one.reference() != 0 && one.reference() == other.reference()) {
          reference = std::max(reference.value_or(0),
                               static_cast<Weight>(std::min(one.reference_weight(), kWeightMax)));
        }
        if (one.payee() != 0 && other.payee() != 0) {
          payee = payee.value_or(false) || one.payee() == other.payee();
        }
        const bool comparable =
            !one.amount().empty() && one.currency() == other.currency() && !other.amount().empty();
        if (!comparable) continue;
        amount = std::max(amount.value_or(kAmountConflicts), CompareAmounts(one, other));
      }
    }
    if (reference) Add(Field::kPaymentReference, *reference);
    if (payee) Add(Field::kPayee, *payee ? kPayeeAgrees : kPayeeConflicts);
    if (amount) Add(Field::kAmount, *amount);
  }

  static Weight CompareAmounts(const MatchPayment& one, const MatchPayment& other) {
    if (!IsWithin(one.paid_at(), other.paid_at(), kPaidWithin)) return kAmountConflicts;
    if (one.amount() == other.amount()) {
      const bool one_day = IsWithin(one.paid_at(), other.paid_at(), kPaidOneDay);
      return AmountWeight(one.amount()) + (one_day ? kPaidOneDayAgrees : 0);
    }
    // At most 18 digits before the point.
    const int64_t whole = std::strtoll(one.amount().c_str(), nullptr, 10);
    const int64_t other_whole = std::strtoll(other.amount().c_str(), nullptr, 10);
    const bool near =
        std::min(whole, other_whole) >= kNearAmountMin &&
        std::abs(whole - other_whole) <= std::max(whole, other_whole) / kNearAmountDivisor;
    return near ? kNearAmountAgrees : kAmountConflicts;
  }

  void CompareTimes() {
    for (const TimeWeight& row : kTimes) {
      if (!IsWithin(a_.occurred_at(), b_.occurred_at(), row.within)) continue;
      if (row.weight != 0) Add(Field::kTime, row.weight);
      return;
    }
    Add(Field::kTime, kFarApart);
  }

  void CompareIdentifiers() {
    if (a_.identifiers().empty() || b_.identifiers().empty()) return;
    const size_t shared = SharedOf(a_.identifiers(), b_.identifiers());
    Add(Field::kIdentifiers,
        kSharedIdentifiers[std::min(shared, std::size(kSharedIdentifiers) - 1)]);
  }

  void CompareNarratives() {
    if (a_.narrative_fingerprint() == 0 || b_.narrative_fingerprint() == 0) return;
    const int differ = std::popcount(a_.narrative_fingerprint() ^ b_.narrative_fingerprint());
    if (differ > kNearText) return;
    Add(Field::kNarrative, differ <= kSameText ? kSameTextAgrees : kNearTextAgrees);
  }

  // Without a difference that could overflow.
  static bool IsWithin(Time one, Time other, Time span) {
    const Time earlier = std::min(one, other);
    return earlier > core::kTimeMax - span || std::max(one, other) <= earlier + span;
  }

  // Of two sorted lists without repetitions.
  template <typename List>
  static size_t SharedOf(const List& one, const List& other) {
    size_t shared = 0;
    auto left = one.begin();
    auto right = other.begin();
    while (left != one.end() && right != other.end()) {
      if (*left == *right) {
        ++shared;
        ++left;
        ++right;
      } else if (*left < *right) {
        ++left;
      } else {
        ++right;
      }
    }
    return shared;
  }

  static constexpr uint32_t kWeightMax = 30 * kBit;

  const MatchFacts& a_;
  const MatchFacts& b_;
  Comparison result_;
};

}  // namespace

std::string_view NameOf(Field field) {
  switch (field) {
    case Field::kVictimPhone:
      return "victim_phone";
    case Field::kVictimEmail:
      return "victim_email";
    case Field::kVictimAccount:
      return "victim_account";
    case Field::kGiftCard:
      return "gift_card";
    case Field::kPaymentCard:
      return "payment_card";
    case Field::kVictimRemoteAccessId:
      return "victim_remote_access_id";
    case Field::kVictimIp:
      return "victim_ip";
    case Field::kPaymentReference:
      return "payment_reference";
    case Field::kPayee:
      return "payee";
    case Field::kAmount:
      return "amount";
    case Field::kTime:
      return "time";
    case Field::kIdentifiers:
      return "identifiers";
    case Field::kNarrative:
      return "narrative";
    case Field::kCountry:
      return "country";
    case Field::kOrigin:
      return "origin";
    case Field::kExternalReference:
      return "external_reference";
  }
  return "unknown";
}

Comparison Compare(const MatchFacts& a, const MatchFacts& b) { return Comparing(a, b).Run(); }

uint32_t ReferenceWeight(std::string_view canonical) {
  const std::string_view value = canonical.substr(canonical.find(':') + 1);
  const auto digits = std::count_if(value.begin(), value.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  const auto size = static_cast<std::ptrdiff_t>(value.size());
  // An on-chain hash names one transaction.
  if (size >= 32) return 26 * kBit;
  // A bank's running number: unique, but for what is mistyped.
  if (size >= 10 && digits >= 5) return 22 * kBit;
  // Short numbers, dates, customers' numbers.
  if (digits >= 4) return 14 * kBit;
  // A word that the fraudster dictated to many, who pay to the same account.
  return 3 * kBit;
}

Weight AmountWeight(std::string_view amount) {
  const size_t point = amount.find('.');
  const std::string_view whole = amount.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : amount.substr(point + 1);
  // A price: the next victim pays the same.
  if (fraction == "99" || fraction == "95" || fraction == "9" || fraction == "5") return 3 * kBit;
  const size_t last = fraction.empty() ? whole.find_last_not_of('0') + 1 : whole.size();
  const size_t significant = last + fraction.size();
  constexpr Weight kBySignificantDigits[] = {1 * kBit, 1 * kBit, 3 * kBit, 4 * kBit,
                                             6 * kBit, 8 * kBit, 9 * kBit};
  return kBySignificantDigits[std::min(significant, std::size(kBySignificantDigits) - 1)];
}

}  // namespace ringfence::dedupe
