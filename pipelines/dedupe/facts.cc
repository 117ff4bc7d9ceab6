#include "pipelines/dedupe/facts.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "pipelines/core/id.h"
#include "pipelines/dedupe/match.h"
#include "pipelines/identifiers/policy.h"

namespace ringfence::dedupe {
namespace {

using internal::v1::MatchFacts;
using internal::v1::MatchPayment;
using internal::v1::NamedIdentifier;
using internal::v1::ReportRevision;

// 0 stands for none: a value that hashes to it is one that nothing equals.
uint64_t HashOf(std::string_view text) {
  const core::Sha256Digest digest = core::Sha256(text);
  uint64_t hash = 0;
  for (size_t i = 0; i < 8; ++i) hash = hash << 8 | digest[i];
  return hash;
}

void AddTokens(const ReportRevision& revision, MatchFacts& facts) {
  for (const internal::v1::VictimToken& token : revision.victim_tokens()) {
    internal::v1::MatchToken& added = *facts.add_tokens();
    const std::string_view text = token.token();
    added.set_kind(token.kind());
    added.set_key(HashOf(text.substr(0, text.find(':'))));
    added.set_value(HashOf(text));
  }
}

void SetReference(const std::string& reference, MatchPayment& payment) {
  payment.set_reference(HashOf(reference));
  payment.set_reference_weight(ReferenceWeight(reference));
}

void AddPayments(const ReportRevision& revision, MatchFacts& facts) {
  std::set<std::string> references;
  for (const internal::v1::PaymentFact& fact : revision.payments()) {
    MatchPayment& payment = *facts.add_payments();
    payment.set_amount(fact.amount());
    payment.set_currency(fact.currency());
    payment.set_paid_at(fact.paid_at());
    if (!fact.payee_value().empty()) {
      payment.set_payee(core::IdentifierId(fact.payee_type(), fact.payee_value()).lo);
    }
    if (fact.reference().empty()) continue;
    SetReference(fact.reference(), payment);
    references.insert(fact.reference());
  }
  for (const NamedIdentifier& named : revision.identifiers()) {
    if (named.type() != v1::IDENTIFIER_TYPE_PAYMENT_REFERENCE) continue;
    if (!references.insert(named.value()).second) continue;
    SetReference(named.value(), *facts.add_payments());
  }
}

void AddIdentifiers(const ReportRevision& revision, MatchFacts& facts) {
  std::set<uint64_t> identifiers;
  for (const NamedIdentifier& named : revision.identifiers()) {
    const identifiers::TypePolicy& policy = identifiers::PolicyOf(named.type());
    if (policy.joins_duplicates && policy.listed) {
      identifiers.insert(core::IdentifierId(named.type(), named.value()).lo);
    }
  }
  facts.mutable_identifiers()->Assign(identifiers.begin(), identifiers.end());
}

}  // namespace

int32_t RankOf(const ReportRevision& revision) {
  const bool links = std::any_of(
      revision.identifiers().begin(), revision.identifiers().end(), [](const auto& named) {
        return identifiers::PolicyOf(named.type()).listed &&
               identifiers::Links(named.type(), named.role(), named.attested(), named.standing());
      });
  return links ? kRankLinking : kRankPlain;
}

MatchFacts FactsOf(const ReportRevision& revision) {
  MatchFacts facts;
  facts.set_partner(revision.partner());
  facts.set_occurred_at(revision.occurred_at());
  facts.set_country(revision.country());
  facts.set_narrative_fingerprint(revision.narrative_fingerprint());
  facts.set_rank(RankOf(revision));
  AddTokens(revision, facts);
  AddPayments(revision, facts);
  AddIdentifiers(revision, facts);
  if (!revision.origin().empty()) facts.set_origin(HashOf(revision.origin()));
  std::set<uint64_t> references;
  for (const std::string& reference : revision.external_references()) {
    references.insert(HashOf(reference));
  }
  facts.mutable_references()->Assign(references.begin(), references.end());
  return facts;
}

}  // namespace ringfence::dedupe
