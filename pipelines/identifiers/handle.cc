#include "pipelines/identifiers/handle.h"

#include <algorithm>
#include <iterator>

#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

// Platforms and payment schemes whose handles are phone or tax numbers, if not e-mail addresses.
constexpr std::string_view kNumberSchemes[] = {
    "alipay", "bizum", "blik",   "gcash",    "interac", "m-pesa",    "mb-way", "mobilepay",
    "mpesa",  "payid", "paynow", "paytm",    "pix",     "promptpay", "signal", "swish",
    "twint",  "viber", "vipps",  "whatsapp", "zalo",    "zelle",
};

bool HasNumbers(std::string_view scheme) {
  return std::find(std::begin(kNumberSchemes), std::end(kNumberSchemes), scheme) !=
         std::end(kNumberSchemes);
}

}  // namespace

std::string WithoutNumberSeparators(std::string_view text, std::string_view scheme) {
  constexpr std::string_view kSeparators = " -.()/";
  constexpr size_t kDigitsMin = 7;
  bool is_number =
      (text.starts_with('+') || HasNumbers(scheme)) &&
      std::count_if(text.begin(), text.end(), IsDigit) >= static_cast<ptrdiff_t>(kDigitsMin);
  std::string digits;
  for (size_t i = 0; i < text.size() && is_number; ++i) {
    if (IsDigit(text[i]) || (text[i] == '+' && digits.empty())) {
      digits.push_back(text[i]);
    } else {
      is_number = kSeparators.find(text[i]) != std::string_view::npos;
    }
  }
  return is_number ? digits : std::string(text);
}

}  // namespace ringfence::identifiers
