#include "services/publish/canonical.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "pipelines/identifiers/text.h"

namespace ringfence::publish {

identifiers::Normalised CanonicalOf(const v1::Identifier& identifier) {
  using identifiers::Problem;
  if (!v1::IdentifierType_IsValid(identifier.type())) return Problem{"enum.unknown"};
  if (identifier.type() == v1::IDENTIFIER_TYPE_UNSPECIFIED) return Problem{"identifier.no_type"};
  // Known by its token only, and never listed.
  if (identifier.type() == v1::IDENTIFIER_TYPE_GIFT_CARD) return Problem{"gift_card.raw_refused"};
  const std::string region = absl::AsciiStrToUpper(absl::StripAsciiWhitespace(identifier.region()));
  const std::string scheme(absl::StripAsciiWhitespace(identifier.scheme()));
  identifiers::Normalised normalised = identifiers::Normalise(
      identifier.type(), identifier.value(),
      {.region = region, .scheme = scheme, .sub_account = identifier.sub_account()});
  const auto* problem = std::get_if<Problem>(&normalised);
  if (problem == nullptr || problem->code != "wallet.unknown_format" || !scheme.empty()) {
    return normalised;
  }
  auto cleaned = identifiers::CleanText(identifier.value());
  if (!cleaned) return normalised;
  identifiers::Canonical as_given;
  as_given.value = *std::move(cleaned);
  return as_given;
}

}  // namespace ringfence::publish
