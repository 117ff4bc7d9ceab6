#include "pipelines/identifiers/normalise.h"

#include <array>
#include <cstdlib>

#include "pipelines/core/id.h"
#include "pipelines/identifiers/public_suffix.h"
#include "pipelines/identifiers/shared_hosts.h"
#include "pipelines/identifiers/shared_values.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

constexpr size_t kValueBytesMax = 2048;

struct TypeRule {
  std::string_view word;
  Normalised (*normalise)(std::string_view text, const Hints& hints);
};

// By number of the type, which begins at 1.
constexpr std::array<TypeRule, 17> kRules = {{
    {"phone", NormalisePhone},
    {"sender_id", NormaliseSenderId},
    {"ip", NormaliseIp},
    {"domain", NormaliseDomain},
    {"url", NormaliseUrl},
    {"email", NormaliseEmail},
    {"remote_access_id", NormaliseRemoteAccessId},
    {"iban", NormaliseIban},
    {"bank_account", NormaliseBankAccount},
    {"upi", NormaliseUpi},
    {"wallet", NormaliseWallet},
    {"payment_reference", NormalisePaymentReference},
    {"gift_card", NormaliseGiftCard},
    {"payment_card", NormalisePaymentCard},
    {"social_handle", NormaliseSocialHandle},
    {"app", NormaliseApp},
    {"payment_handle", NormalisePaymentHandle},
}};

const TypeRule& RuleOf(v1::IdentifierType type) {
  if (type < 1 || static_cast<size_t>(type) > kRules.size()) std::abort();
  return kRules[static_cast<size_t>(type) - 1];
}

Problem ProblemOf(const TypeRule& rule, std::string_view reason) {
  return {std::string(rule.word).append(reason)};
}

}  // namespace

Normalised Normalise(v1::IdentifierType type, std::string_view raw, const Hints& hints) {
  const TypeRule& rule = RuleOf(type);
  if (raw.size() > kValueBytesMax) return ProblemOf(rule, ".too_long");
  std::optional<std::string> text = CleanText(raw);
  if (!text) return ProblemOf(rule, ".not_utf8");
  if (text->empty()) return ProblemOf(rule, ".empty");
  Normalised normalised = rule.normalise(*text, hints);
  auto* canonical = std::get_if<Canonical>(&normalised);
  // A canonical form is a value too, and has to come back as itself.
  if (canonical != nullptr && canonical->value.size() > kValueBytesMax) {
    return ProblemOf(rule, ".too_long");
  }
  if (canonical != nullptr && IsSharedValue(type, canonical->value)) {
    canonical->standing = internal::v1::STANDING_SHARED_HOST;
  }
  return normalised;
}

std::string ShortestSpelling(v1::IdentifierType type, std::string_view raw) {
  std::string digits;
  if (type == v1::IDENTIFIER_TYPE_PHONE) digits = DigitsAsDialled(raw);
  return digits.empty() ? std::string(raw) : digits;
}

std::string_view TypeWord(v1::IdentifierType type) { return RuleOf(type).word; }

std::string PlacementFingerprint() {
  std::string facts = PublicSuffixListName();
  for (std::string_view host : SharedHosts()) facts.append("\n").append(host);
  for (const SharedValue& shared : SharedValues()) facts.append("\n").append(shared.value);
  core::Sha256Digest digest = core::Sha256(facts);
  constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (uint8_t byte : digest) hex.append({kHex[byte >> 4], kHex[byte & 0xf]});
  return hex;
}

}  // namespace ringfence::identifiers
