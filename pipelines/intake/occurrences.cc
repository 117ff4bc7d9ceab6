#include "pipelines/intake/occurrences.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

#include "pipelines/identifiers/countries.h"
#include "pipelines/identifiers/policy.h"
#include "pipelines/intake/rfc3339.h"

namespace ringfence::intake {
namespace {

using enum v1::IdentifierType;
using identifiers::Canonical;
using identifiers::CountryCode;
using identifiers::Hints;
using identifiers::Normalised;
using internal::v1::NamedIdentifier;

constexpr uint32_t kPortMax = 65535;

bool IsCard(v1::IdentifierType type) {
  return type == IDENTIFIER_TYPE_GIFT_CARD || type == IDENTIFIER_TYPE_PAYMENT_CARD;
}

Canonical KnownByToken(std::string token) {
  Canonical canonical;
  canonical.value = std::move(token);
  return canonical;
}

// A card is known by its token alone.
std::optional<Canonical> ReadCard(const v1::Identifier& identifier, const Where& where,
                                  Reading& reading) {
  bool is_payment_card = identifier.type() == IDENTIFIER_TYPE_PAYMENT_CARD;
  if (is_payment_card && !identifier.value().empty()) {
    reading.problems.Add("payment_card.raw_refused", where.Path("value"));
  }
  if (!identifier.token().empty()) {
    if (IsToken(identifier.token())) return KnownByToken(identifier.token());
    reading.problems.Add("token.malformed", where.Path("token"));
    return std::nullopt;
  }
  if (is_payment_card) {
    if (identifier.value().empty()) reading.problems.Add("payment_card.empty", where.Path("token"));
    return std::nullopt;
  }
  Normalised code = identifiers::Normalise(IDENTIFIER_TYPE_GIFT_CARD, identifier.value(), {});
  if (const auto* problem = std::get_if<identifiers::Problem>(&code)) {
    reading.problems.Add(problem->code, where.Path("value"));
    return std::nullopt;
  }
  return KnownByToken(reading.tokens.Token(TokenKind::kGiftCard, std::get<Canonical>(code).value));
}

std::string_view ReadRegion(const v1::Identifier& identifier, const Where& where,
                            Reading& reading) {
  if (identifier.region().empty()) return reading.country;
  if (std::optional<std::string_view> region = CountryCode(identifier.region())) return *region;
  reading.problems.Add("region.unknown", where.Path("region"));
  return {};
}

std::optional<Canonical> ReadValue(const v1::Identifier& identifier, v1::IdentifierRole role,
                                   const Where& where, Reading& reading) {
  if (IsCard(identifier.type())) return ReadCard(identifier, where, reading);
  Hints hints{.region = ReadRegion(identifier, where, reading),
              .scheme = identifier.scheme(),
              .sub_account = identifier.sub_account()};
  Normalised normalised =
      identifiers::IsVictimSide(identifier.type(), role)
          ? identifiers::Normalise(identifier.type(), identifier.value(), hints)
          : reading.cache.Normalise(identifier.type(), identifier.value(), hints);
  if (auto* canonical = std::get_if<Canonical>(&normalised)) return std::move(*canonical);
  reading.problems.Add(std::get<identifiers::Problem>(normalised).code, where.Path("value"));
  return std::nullopt;
}

core::Time ReadObservedAt(const v1::Identifier& identifier, core::Time otherwise,
                          const Where& where, Reading& reading) {
  if (!identifier.has_observed_at()) return otherwise;
  core::Time observed_at = core::FromProto(identifier.observed_at());
  if (IsValidTimestamp(identifier.observed_at()) && IsInRange(observed_at, reading.arrival)) {
    return observed_at;
  }
  reading.problems.Add("observed_at.out_of_range", where.Path("observed_at"));
  return reading.occurred_at;
}

bool ReadAttested(const v1::Identifier& identifier, v1::IdentifierRole role, const Where& where,
                  Reading& reading) {
  if (!v1::Attestation_IsValid(identifier.attestation())) {
    reading.problems.Add("enum.unknown", where.Path("attestation"));
  }
  return identifier.attestation() == v1::ATTESTATION_FULL &&
         identifier.type() == IDENTIFIER_TYPE_PHONE && role == v1::IDENTIFIER_ROLE_CALLER_ID;
}

uint32_t ReadSourcePort(const v1::Identifier& identifier, const Where& where, Reading& reading) {
  if (identifier.source_port() <= kPortMax) return identifier.source_port();
  reading.problems.Add("source_port.out_of_range", where.Path("source_port"));
  return 0;
}

bool HasKnownEnums(const v1::Identifier& identifier, const Where& where, Reading& reading) {
  bool known_type = v1::IdentifierType_IsValid(identifier.type());
  bool known_role = v1::IdentifierRole_IsValid(identifier.role());
  if (!known_type) reading.problems.Add("enum.unknown", where.Path("type"));
  if (!known_role) reading.problems.Add("enum.unknown", where.Path("role"));
  if (known_type && identifier.type() == IDENTIFIER_TYPE_UNSPECIFIED) {
    reading.problems.Add("identifier.no_type", where.Path("type"));
    return false;
  }
  return known_type && known_role;
}

void NoteMissingRole(v1::IdentifierType type, const Where& where, Reading& reading) {
  if (type == IDENTIFIER_TYPE_PHONE) reading.problems.Add("phone.no_role", where.Path("role"));
  if (type == IDENTIFIER_TYPE_EMAIL) reading.problems.Add("email.no_role", where.Path("role"));
}

void ReadIdentifier(const v1::Identifier& identifier, v1::IdentifierRole role,
                    core::Time observed_otherwise, const Where& where, Reading& reading,
                    std::vector<Occurrence>& occurrences) {
  if (reading.IsLeftOut(where) || !HasKnownEnums(identifier, where, reading)) return;
  std::optional<Canonical> canonical = ReadValue(identifier, role, where, reading);
  if (!canonical) return;
  if (role == v1::IDENTIFIER_ROLE_UNSPECIFIED) NoteMissingRole(identifier.type(), where, reading);
  Occurrence& occurrence = occurrences.emplace_back();
  occurrence.where = where;
  occurrence.type = identifier.type();
  // Whoever sends it: the card paid.
  occurrence.role = IsCard(identifier.type()) ? v1::IDENTIFIER_ROLE_TRANSACTION : role;
  occurrence.canonical = std::move(*canonical);
  occurrence.region = CountryCode(identifier.region()).value_or(reading.country);
  occurrence.observed_at = ReadObservedAt(identifier, observed_otherwise, where, reading);
  occurrence.attested = ReadAttested(identifier, role, where, reading);
  occurrence.source_port = ReadSourcePort(identifier, where, reading);
}

core::Time PaidAt(const v1::Payment& payment, const Reading& reading) {
  core::Time paid_at = core::FromProto(payment.paid_at());
  bool usable = payment.has_paid_at() && IsValidTimestamp(payment.paid_at()) &&
                IsInRange(paid_at, reading.arrival);
  return usable ? paid_at : reading.occurred_at;
}

// A payee that the report calls the victim's own (a "safe account" in the victim's name) stays so.
v1::IdentifierRole PayeeRole(const v1::Identifier& payee) {
  bool is_victims = payee.role() == v1::IDENTIFIER_ROLE_VICTIM_SIDE;
  return is_victims ? payee.role() : v1::IDENTIFIER_ROLE_BENEFICIARY;
}

void ReadPayment(const v1::Payment& payment, int index, Reading& reading,
                 std::vector<Occurrence>& occurrences) {
  core::Time paid_at = PaidAt(payment, reading);
  if (payment.has_payee()) {
    ReadIdentifier(payment.payee(), PayeeRole(payment.payee()), paid_at,
                   {"payments", index, "payee"}, reading, occurrences);
  }
  if (payment.reference().empty()) return;
  Where where{"payments", index, "reference"};
  Normalised normalised =
      reading.cache.Normalise(IDENTIFIER_TYPE_PAYMENT_REFERENCE, payment.reference(), {});
  if (const auto* problem = std::get_if<identifiers::Problem>(&normalised)) {
    reading.problems.Add(problem->code, where.Path());
    return;
  }
  occurrences.push_back({.where = where,
                         .type = IDENTIFIER_TYPE_PAYMENT_REFERENCE,
                         .role = v1::IDENTIFIER_ROLE_TRANSACTION,
                         .canonical = std::get<Canonical>(std::move(normalised)),
                         .observed_at = paid_at});
}

NamedIdentifier ToNamed(const Occurrence& occurrence, v1::IdentifierType type,
                        const Canonical& canonical) {
  NamedIdentifier named;
  named.set_type(type);
  named.set_value(canonical.value);
  named.set_role(occurrence.role);
  named.set_observed_at(occurrence.observed_at);
  named.set_attested(occurrence.attested);
  named.set_standing(canonical.standing);
  named.set_base_type(canonical.base_type);
  named.set_base_value(canonical.base_value);
  return named;
}

// "http://login.example.com/": what is left to say how a host was named, where the URL itself must
// not be kept.
std::string RootOf(std::string_view url) {
  size_t host = url.find("://");
  size_t path = host == std::string_view::npos ? host : url.find('/', host + 3);
  return std::string(url.substr(0, path)) + "/";
}

auto KeyOf(const NamedIdentifier& named) {
  return std::tuple(named.type(), std::string_view(named.value()), named.role(),
                    named.observed_at(), named.attested(), std::string_view(named.via_url()));
}

}  // namespace

std::vector<Occurrence> ReadOccurrences(Reading& reading) {
  const v1::Report& report = reading.report;
  std::vector<Occurrence> occurrences;
  for (int i = 0; i < report.identifiers_size(); ++i) {
    const v1::Identifier& identifier = report.identifiers(i);
    ReadIdentifier(identifier, identifier.role(), reading.occurred_at, {"identifiers", i, ""},
                   reading, occurrences);
  }
  for (int i = 0; i < report.payments_size(); ++i) {
    if (!reading.IsLeftOut({"payments", i, ""})) {
      ReadPayment(report.payments(i), i, reading, occurrences);
    }
  }
  return occurrences;
}

void AppendNamed(const Occurrence& occurrence, bool with_value, Reading& reading,
                 std::vector<NamedIdentifier>& named) {
  const Canonical& canonical = occurrence.canonical;
  if (with_value) {
    named.push_back(ToNamed(occurrence, occurrence.type, canonical));
    named.back().set_source_port(occurrence.source_port);
  }
  if (canonical.also_type == IDENTIFIER_TYPE_UNSPECIFIED) return;
  Normalised also = reading.cache.Normalise(canonical.also_type, canonical.also_value, {});
  const auto* host_or_account = std::get_if<Canonical>(&also);
  if (host_or_account == nullptr) return;
  named.push_back(ToNamed(occurrence, canonical.also_type, *host_or_account));
  if (occurrence.type == IDENTIFIER_TYPE_URL) {
    named.back().set_via_url(with_value ? canonical.value : RootOf(canonical.value));
  }
}

void SortAndDeduplicate(std::vector<NamedIdentifier>& named) {
  std::sort(named.begin(), named.end(), [](const NamedIdentifier& a, const NamedIdentifier& b) {
    if (KeyOf(a) != KeyOf(b)) return KeyOf(a) < KeyOf(b);
    // The one with a port is kept.
    return a.source_port() > b.source_port();
  });
  auto end = std::unique(
      named.begin(), named.end(),
      [](const NamedIdentifier& a, const NamedIdentifier& b) { return KeyOf(a) == KeyOf(b); });
  named.erase(end, named.end());
}

}  // namespace ringfence::intake
