#pragma once

#include <string>

#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

// For tests: reports as intake sends them.
namespace ringfence::dedupe {

inline constexpr core::Time kReported = 20'000 * core::kDay;

class ReportBuilder {
 public:
  ReportBuilder(const std::string& partner, const std::string& id) {
    report_.set_partner(partner);
    report_.set_report_id(id);
    report_.set_content_hash("h");
    At(kReported);
  }

  ReportBuilder& Revision(uint32_t revision) {
    report_.set_revision(revision);
    return *this;
  }
  ReportBuilder& At(core::Time occurred_at) {
    report_.set_arrival(occurred_at);
    report_.set_occurred_at(occurred_at);
    report_.set_reported_at(occurred_at);
    return *this;
  }
  ReportBuilder& Country(const std::string& country) {
    report_.set_country(country);
    return *this;
  }
  ReportBuilder& Token(uint32_t kind, const std::string& value, const std::string& key = "k1") {
    internal::v1::VictimToken& token = *report_.add_victim_tokens();
    token.set_kind(kind);
    token.set_token(key + ":" + value);
    return *this;
  }
  ReportBuilder& Phone(const std::string& value) { return Token(1, value); }
  ReportBuilder& Email(const std::string& value) { return Token(2, value); }
  ReportBuilder& Pay(const std::string& payee, const std::string& amount,
                     const std::string& reference = "", core::Time paid_after = 0) {
    internal::v1::PaymentFact& payment = *report_.add_payments();
    if (!payee.empty()) {
      payment.set_payee_type(v1::IDENTIFIER_TYPE_IBAN);
      payment.set_payee_value(payee);
    }
    payment.set_amount(amount);
    if (!amount.empty()) payment.set_currency("GBP");
    if (!reference.empty()) payment.set_reference("ref:" + reference);
    payment.set_paid_at(report_.occurred_at() + paid_after);
    return *this;
  }
  ReportBuilder& Name(v1::IdentifierType type, const std::string& value,
                      v1::IdentifierRole role = v1::IDENTIFIER_ROLE_CALLBACK) {
    internal::v1::NamedIdentifier& named = *report_.add_identifiers();
    named.set_type(type);
    named.set_value(value);
    named.set_role(role);
    named.set_observed_at(report_.occurred_at());
    return *this;
  }
  ReportBuilder& Narrative(uint64_t fingerprint) {
    report_.set_narrative_fingerprint(fingerprint);
    return *this;
  }
  ReportBuilder& Origin(const std::string& origin) {
    report_.set_origin(origin);
    return *this;
  }
  ReportBuilder& Reference(const std::string& reference) {
    report_.add_external_references(reference);
    return *this;
  }
  ReportBuilder& Retracted() {
    report_.set_retracted(true);
    report_.clear_content_hash();
    return *this;
  }

  operator internal::v1::ReportRevision() const { return report_; }

 private:
  internal::v1::ReportRevision report_;
};

}  // namespace ringfence::dedupe
