#include "services/ringfence/sample/report_json.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <string_view>

namespace ringfence::sample {
namespace {

// An object or a list that is being written: knows whether a comma is due.
class Scope {
 public:
  Scope(std::string& out, char open, char close) : out_(out), close_(close) { out_ += open; }
  ~Scope() { out_ += close_; }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  void Next() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  // Begins a member.
  std::string& Key(std::string_view key) {
    Next();
    out_ += '"';
    out_ += key;
    out_ += "\":";
    return out_;
  }
  void String(std::string_view key, std::string_view value) {
    if (!value.empty()) AppendJsonString(value, Key(key));
  }
  void Number(std::string_view key, uint32_t value) {
    if (value != 0) fmt::format_to(std::back_inserter(Key(key)), "{}", value);
  }
  void Name(std::string_view key, std::string_view name, int value) {
    if (value == 0) return;
    std::string& out = Key(key);
    out += '"';
    out += name;
    out += '"';
  }
  void Time(std::string_view key, bool is_set, const google::protobuf::Timestamp& time);

 private:
  std::string& out_;
  const char close_;
  bool first_ = true;
};

void Scope::Time(std::string_view key, bool is_set, const google::protobuf::Timestamp& time) {
  if (!is_set) return;
  const std::chrono::sys_seconds seconds{std::chrono::seconds(time.seconds())};
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  std::string& out = Key(key);
  fmt::format_to(std::back_inserter(out), "\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                 clock.seconds().count());
  if (time.nanos() != 0) fmt::format_to(std::back_inserter(out), ".{:09}", time.nanos());
  out += "Z\"";
}

void AppendVictim(const v1::Victim& victim, std::string& out) {
  Scope object(out, '{', '}');
  object.String("country", victim.country());
  if (victim.handles().empty()) return;
  Scope list(object.Key("handles"), '[', ']');
  for (const v1::VictimHandle& handle : victim.handles()) {
    list.Next();
    Scope element(out, '{', '}');
    element.Name("kind", v1::VictimHandle::Kind_Name(handle.kind()), handle.kind());
    element.String("value", handle.value());
    element.String("token", handle.token());
  }
}

void AppendIdentifier(const v1::Identifier& identifier, std::string& out) {
  Scope object(out, '{', '}');
  object.Name("type", v1::IdentifierType_Name(identifier.type()), identifier.type());
  object.String("value", identifier.value());
  object.Name("role", v1::IdentifierRole_Name(identifier.role()), identifier.role());
  object.String("region", identifier.region());
  object.Time("observedAt", identifier.has_observed_at(), identifier.observed_at());
  object.String("scheme", identifier.scheme());
  object.String("subAccount", identifier.sub_account());
  object.String("token", identifier.token());
  object.Name("attestation", v1::Attestation_Name(identifier.attestation()),
              identifier.attestation());
  object.Number("sourcePort", identifier.source_port());
}

void AppendPayment(const v1::Payment& payment, std::string& out) {
  Scope object(out, '{', '}');
  object.Name("rail", v1::Payment::Rail_Name(payment.rail()), payment.rail());
  if (payment.has_payee()) AppendIdentifier(payment.payee(), object.Key("payee"));
  object.String("reference", payment.reference());
  object.String("amount", payment.amount());
  object.String("currency", payment.currency());
  object.Time("paidAt", payment.has_paid_at(), payment.paid_at());
  object.Name("status", v1::Payment::Status_Name(payment.status()), payment.status());
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void AppendReportJson(const v1::Report& report, std::string& out) {
  Scope object(out, '{', '}');
  object.String("reportId", report.report_id());
  object.Number("revision", report.revision());
  if (report.retracted()) object.Key("retracted") += "true";
  object.Time("occurredAt", report.has_occurred_at(), report.occurred_at());
  object.Time("reportedAt", report.has_reported_at(), report.reported_at());
  if (report.has_victim()) AppendVictim(report.victim(), object.Key("victim"));
  object.Name("scamType", v1::ScamType_Name(report.scam_type()), report.scam_type());
  object.String("impersonated", report.impersonated());
  if (!report.identifiers().empty()) {
    Scope list(object.Key("identifiers"), '[', ']');
    for (const v1::Identifier& identifier : report.identifiers()) {
      list.Next();
      AppendIdentifier(identifier, out);
    }
  }
  if (!report.payments().empty()) {
    Scope list(object.Key("payments"), '[', ']');
    for (const v1::Payment& payment : report.payments()) {
      list.Next();
      AppendPayment(payment, out);
    }
  }
  object.String("narrative", report.narrative());
  object.Name("tlp", v1::Tlp_Name(report.tlp()), report.tlp());
  object.Name("basis", v1::Basis_Name(report.basis()), report.basis());
  object.String("origin", report.origin());
  if (!report.external_references().empty()) {
    Scope list(object.Key("externalReferences"), '[', ']');
    for (const std::string& reference : report.external_references()) {
      list.Next();
      AppendJsonString(reference, out);
    }
  }
  object.Name("retractionReason", v1::RetractionReason_Name(report.retraction_reason()),
              report.retraction_reason());
  object.Name("referral", v1::Referral_Name(report.referral()), report.referral());
}

}  // namespace ringfence::sample
