#pragma once

#include <string_view>
#include <utility>

#include "pipelines/identifiers/normalise.h"

namespace ringfence::identifiers {

// One function a type, in a source of its name. `text` has been through CleanText and is not empty;
// the result's length is checked by Normalise. Pure and thread-safe.
Normalised NormalisePhone(std::string_view text, const Hints& hints);
Normalised NormaliseSenderId(std::string_view text, const Hints& hints);
Normalised NormaliseIp(std::string_view text, const Hints& hints);
Normalised NormaliseDomain(std::string_view text, const Hints& hints);
Normalised NormaliseUrl(std::string_view text, const Hints& hints);
Normalised NormaliseEmail(std::string_view text, const Hints& hints);
Normalised NormaliseRemoteAccessId(std::string_view text, const Hints& hints);
Normalised NormaliseIban(std::string_view text, const Hints& hints);
Normalised NormaliseBankAccount(std::string_view text, const Hints& hints);
Normalised NormaliseUpi(std::string_view text, const Hints& hints);
Normalised NormaliseWallet(std::string_view text, const Hints& hints);
Normalised NormalisePaymentReference(std::string_view text, const Hints& hints);
Normalised NormaliseGiftCard(std::string_view text, const Hints& hints);
Normalised NormalisePaymentCard(std::string_view text, const Hints& hints);
Normalised NormaliseSocialHandle(std::string_view text, const Hints& hints);
Normalised NormaliseApp(std::string_view text, const Hints& hints);
Normalised NormalisePaymentHandle(std::string_view text, const Hints& hints);

// The digits of a phone number, and a plus in front of them, where it is written with nothing else
// but spaces and the usual punctuation between them, which the library reads as if it were not
// there. Empty otherwise.
std::string DigitsAsDialled(std::string_view text);

inline Normalised Of(std::string value) {
  Canonical canonical;
  canonical.value = std::move(value);
  return canonical;
}

inline Normalised Refused(std::string_view code) { return Problem{std::string(code)}; }

}  // namespace ringfence::identifiers
