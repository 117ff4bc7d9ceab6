#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ringfence/internal/v1/mailbox.pb.h"

// Are two reports of one incident? A sum of log-likelihood ratios (Fellegi and Sunter, "A Theory
// for Record Linkage", JASA 64, 1969): each field that both reports have adds log2(m / u), m being
// how often it agrees between reports of one incident, u how often between reports of two. The
// weights are fixed: weights that moved with the data would make what is joined depend on the order
// of arrival.
namespace ringfence::dedupe {

// In thousandths of a bit: sums of whole numbers do not depend on their order.
using Weight = int32_t;
inline constexpr Weight kBit = 1000;

enum class Field {
  kVictimPhone,
  kVictimEmail,
  kVictimAccount,
  kGiftCard,
  kPaymentCard,
  kVictimRemoteAccessId,
  kVictimIp,
  kPaymentReference,
  kPayee,
  kAmount,
  kTime,
  kIdentifiers,
  kNarrative,
  kCountry,
  kOrigin,
  kExternalReference,
};

// Stable machine word: "victim_phone".
std::string_view NameOf(Field field);

struct Contribution {
  Field field;
  // Positive: it agrees. Origins and external references decide alone and weigh nothing.
  Weight weight = 0;
  bool operator==(const Contribution&) const = default;
};

struct Comparison {
  // One entry a field that both reports have and that says something, in the order of `Field`.
  std::vector<Contribution> contributions;
  Weight weight = 0;
  Weight threshold = 0;
  // Equal origins or external references.
  bool decided = false;

  bool matches() const { return decided || weight >= threshold; }
  bool operator==(const Comparison&) const = default;
};

// What a match takes, and what it takes between two reports of one partner: a company tells its own
// reports apart by their ids, so that two of them are two incidents more often.
inline constexpr Weight kThreshold = 18 * kBit;
inline constexpr Weight kSamePartnerThreshold = 24 * kBit;
// A pair that came this near is shown as a near miss.
inline constexpr Weight kNearMiss = 8 * kBit;

// Symmetric, and independent of the order of tokens, payments and identifiers.
Comparison Compare(const internal::v1::MatchFacts& a, const internal::v1::MatchFacts& b);

// What an equal payment reference says: a transaction hash everything, "PAYMENT" hardly anything.
uint32_t ReferenceWeight(std::string_view canonical);
// What an equal amount says, in plain decimal: 4,913.27 much, 500 or 399.99 little.
Weight AmountWeight(std::string_view amount);

}  // namespace ringfence::dedupe
