#include <algorithm>

#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

// The parameter "pa" of a payment link: "upi://pay?pa=some.one@okbank&am=1".
std::string PayeeOfLink(std::string_view link) {
  constexpr std::string_view kPayee = "pa=";
  std::string_view rest = link.substr(std::min(link.find('?'), link.size() - 1) + 1);
  while (!rest.empty()) {
    size_t end = std::min(rest.find('&'), rest.size());
    std::string_view parameter = rest.substr(0, end);
    if (StartsWithNoCase(parameter, kPayee)) {
      return PercentDecoded(parameter.substr(kPayee.size()));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

// NPCI: letters, digits, dots, hyphens and underscores; the provider's handle letters and digits.
bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlphanumeric(c) || c == '.' || c == '-' || c == '_';
  });
}

bool IsProvider(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsAlphanumeric);
}

}  // namespace

Normalised NormaliseUpi(std::string_view text, const Hints&) {
  bool is_link = text.find("://") != std::string_view::npos;
  std::string address = is_link ? PayeeOfLink(text) : std::string(text);
  size_t at = address.find('@');
  if (at == std::string_view::npos) return Refused("upi.malformed");
  std::string_view name = std::string_view(address).substr(0, at);
  std::string_view provider = std::string_view(address).substr(at + 1);
  if (!IsName(name) || !IsProvider(provider)) return Refused("upi.malformed");
  return Of(AsciiLower(address));
}

}  // namespace ringfence::identifiers
