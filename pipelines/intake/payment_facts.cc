#include "pipelines/intake/payment_facts.h"

#include <optional>
#include <string>
#include <utility>

#include "pipelines/intake/amount.h"
#include "pipelines/intake/rfc3339.h"

namespace ringfence::intake {
namespace {

using internal::v1::PaymentFact;

// Amount and currency stand together or not at all.
void ReadAmount(const v1::Payment& payment, const Where& where, Reading& reading,
                PaymentFact& fact) {
  bool has_currency = IsCurrency(payment.currency());
  if (!has_currency && !payment.currency().empty()) {
    reading.problems.Add("currency.malformed", where.Path("currency"));
  }
  if (payment.amount().empty()) return;
  std::optional<std::string> amount = NormaliseAmount(payment.amount());
  if (!amount) return reading.problems.Add("amount.malformed", where.Path("amount"));
  if (payment.currency().empty()) {
    return reading.problems.Add("currency.missing", where.Path("currency"));
  }
  if (!has_currency) return;
  fact.set_amount(std::move(*amount));
  fact.set_currency(payment.currency());
}

core::Time ReadPaidAt(const v1::Payment& payment, const Where& where, Reading& reading) {
  if (!payment.has_paid_at()) return reading.occurred_at;
  core::Time paid_at = core::FromProto(payment.paid_at());
  if (IsValidTimestamp(payment.paid_at()) && IsInRange(paid_at, reading.arrival)) return paid_at;
  reading.problems.Add("paid_at.out_of_range", where.Path("paid_at"));
  return reading.occurred_at;
}

PaymentFact ReadFact(const v1::Payment& payment, const Where& where, Reading& reading) {
  PaymentFact fact;
  if (v1::Payment::Rail_IsValid(payment.rail())) {
    fact.set_rail(payment.rail());
  } else {
    reading.problems.Add("enum.unknown", where.Path("rail"));
  }
  fact.set_paid_at(ReadPaidAt(payment, where, reading));
  bool known_status = v1::Payment::Status_IsValid(payment.status());
  if (!known_status) reading.problems.Add("enum.unknown", where.Path("status"));
  // A status that cannot be read may be one in which no money was lost.
  if (!known_status || reading.IsLeftOut(where, "status")) return fact;
  fact.set_status(payment.status());
  ReadAmount(payment, where, reading, fact);
  return fact;
}

bool SaysNothing(const PaymentFact& fact) {
  return fact.payee_value().empty() && fact.reference().empty() && fact.amount().empty();
}

}  // namespace

std::vector<PaymentFact> ReadPaymentFacts(const std::vector<Occurrence>& usable, Reading& reading) {
  const auto& payments = reading.report.payments();
  std::vector<PaymentFact> facts(static_cast<size_t>(payments.size()));
  for (const Occurrence& occurrence : usable) {
    if (occurrence.where.list != "payments") continue;
    PaymentFact& fact = facts[static_cast<size_t>(occurrence.where.index)];
    if (occurrence.where.field == "reference") {
      fact.set_reference(occurrence.canonical.value);
    } else {
      fact.set_payee_type(occurrence.type);
      fact.set_payee_value(occurrence.canonical.value);
    }
  }
  std::vector<PaymentFact> kept;
  for (int i = 0; i < payments.size(); ++i) {
    Where where{"payments", i, ""};
    if (reading.IsLeftOut(where)) continue;
    PaymentFact& fact = facts[static_cast<size_t>(i)];
    fact.MergeFrom(ReadFact(payments[i], where, reading));
    if (SaysNothing(fact)) {
      reading.problems.Add("payment.empty", where.Path());
    } else {
      kept.push_back(std::move(fact));
    }
  }
  return kept;
}

}  // namespace ringfence::intake
