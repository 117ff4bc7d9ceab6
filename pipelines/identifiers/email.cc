#include <algorithm>

#include "pipelines/identifiers/host.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

constexpr std::string_view kMailto = "mailto:";
constexpr std::string_view kLocalPartMarks = ".!#$%&'*+-/=?^_`{|}~";

// RFC 5322 atext and dots, and RFC 6532's characters beyond ASCII; no quoted local parts.
bool IsLocalPart(std::string_view text) {
  return !text.empty() && !HoldsWhiteSpace(text) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return IsAlphanumeric(c) || static_cast<unsigned char>(c) >= 0x80 ||
                  kLocalPartMarks.find(c) != std::string_view::npos;
         });
}

}  // namespace

Normalised NormaliseEmail(std::string_view text, const Hints&) {
  std::string refanged = RefangEmail(text);
  std::string_view address = refanged;
  if (StartsWithNoCase(address, kMailto)) {
    address.remove_prefix(kMailto.size());
    address = address.substr(0, address.find('?'));
  }
  size_t at = address.find('@');
  if (at == std::string_view::npos || address.find('@', at + 1) != std::string_view::npos) {
    return Refused("email.malformed");
  }
  std::string local = ToLower(address.substr(0, at));
  std::optional<Host> host = ParseHost(address.substr(at + 1));
  if (!IsLocalPart(local) || !host || host->ip || RegistrableDomain(host->name).empty()) {
    return Refused("email.malformed");
  }
  return Of(local + "@" + host->name);
}

}  // namespace ringfence::identifiers
