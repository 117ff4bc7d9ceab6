#include <algorithm>

#include "pipelines/identifiers/handle.h"
#include "pipelines/identifiers/profile.h"
#include "pipelines/identifiers/scheme.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

constexpr SchemeName kSchemes[] = {
    {"cashapp", "cashapp"},  {"cash-app", "cashapp"},    {"paypal", "paypal"},
    {"paypal.me", "paypal"}, {"venmo", "venmo"},         {"zelle", "zelle"},
    {"pix", "pix"},          {"revolut", "revolut"},     {"wise", "wise"},
    {"skrill", "skrill"},    {"interac", "interac"},     {"payid", "payid"},
    {"swish", "swish"},      {"mobilepay", "mobilepay"}, {"alipay", "alipay"},
    {"paytm", "paytm"},
};

}  // namespace

Normalised NormalisePaymentHandle(std::string_view text, const Hints& hints) {
  auto [scheme, handle] = SplitScheme(text, hints.scheme, kSchemes);
  if (std::optional<Profile> profile = ProfileOf(handle)) {
    if (scheme.empty()) scheme = SchemeWord(profile->platform, kSchemes);
    handle = std::move(profile->handle);
  }
  if (scheme.empty()) return Refused("payment_handle.no_scheme");
  handle = ToLower(WithoutNumberSeparators(TrimWhiteSpace(handle), scheme));
  if (handle.empty()) return Refused("payment_handle.empty");
  if (HoldsWhiteSpace(handle) || HoldsAddress(handle)) return Refused("payment_handle.malformed");
  return Of(scheme + ":" + handle);
}

}  // namespace ringfence::identifiers
