#include "pipelines/identifiers/guess.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

using namespace v1;  // NOLINT(google-build-using-namespace): names of enumerations

struct SchemeOf {
  std::string_view scheme;
  IdentifierType type;
};

constexpr SchemeOf kSchemes[] = {
    {"anydesk", IDENTIFIER_TYPE_REMOTE_ACCESS_ID},
    {"teamviewer", IDENTIFIER_TYPE_REMOTE_ACCESS_ID},
    {"rustdesk", IDENTIFIER_TYPE_REMOTE_ACCESS_ID},
    {"ultraviewer", IDENTIFIER_TYPE_REMOTE_ACCESS_ID},
    {"us-aba", IDENTIFIER_TYPE_BANK_ACCOUNT},
    {"gb-sort-code", IDENTIFIER_TYPE_BANK_ACCOUNT},
    {"in-ifsc", IDENTIFIER_TYPE_BANK_ACCOUNT},
    {"au-bsb", IDENTIFIER_TYPE_BANK_ACCOUNT},
    {"bitcoin", IDENTIFIER_TYPE_WALLET},
    {"ethereum", IDENTIFIER_TYPE_WALLET},
    {"tron", IDENTIFIER_TYPE_WALLET},
    {"ripple", IDENTIFIER_TYPE_WALLET},
    {"telegram", IDENTIFIER_TYPE_SOCIAL_HANDLE},
    {"whatsapp", IDENTIFIER_TYPE_SOCIAL_HANDLE},
    {"facebook", IDENTIFIER_TYPE_SOCIAL_HANDLE},
    {"instagram", IDENTIFIER_TYPE_SOCIAL_HANDLE},
    {"google-play", IDENTIFIER_TYPE_APP},
    {"app-store", IDENTIFIER_TYPE_APP},
    {"cashapp", IDENTIFIER_TYPE_PAYMENT_HANDLE},
    {"paypal", IDENTIFIER_TYPE_PAYMENT_HANDLE},
    {"pix", IDENTIFIER_TYPE_PAYMENT_HANDLE},
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool Contains(std::string_view text, std::string_view piece) {
  return text.find(piece) != std::string_view::npos;
}

std::string WithoutSeparators(std::string_view text) {
  std::string dense;
  std::copy_if(text.begin(), text.end(), std::back_inserter(dense),
               [](char c) { return c != ' ' && c != '-'; });
  return dense;
}

// Digits and what people put between them.
bool LooksLikePhone(std::string_view value) {
  if (value.starts_with("tel:")) return true;
  const auto digits = std::count_if(value.begin(), value.end(), IsDigit);
  return digits >= 5 && std::all_of(value.begin(), value.end(), [](char c) {
           return IsDigit(c) || Contains("+-.() /", std::string_view(&c, 1));
         });
}

bool LooksLikeIp(std::string_view value) {
  if (Contains(value, "::")) return true;
  return std::count_if(value.begin(), value.end(), IsDigit) >= 4 && Contains(value, ".") &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return IsDigit(c) || Contains(".:[]()", std::string_view(&c, 1));
         });
}

bool LooksLikeIban(std::string_view value) {
  const std::string dense = WithoutSeparators(value);
  return dense.size() >= 15 && dense.size() <= 34 && IsLetter(dense[0]) && IsLetter(dense[1]) &&
         IsDigit(dense[2]) && IsDigit(dense[3]) &&
         std::all_of(dense.begin(), dense.end(), [](char c) { return IsDigit(c) || IsLetter(c); });
}

bool LooksLikeWallet(std::string_view value) {
  for (std::string_view prefix : {"bc1", "BC1", "0x", "bitcoin:", "ethereum:"}) {
    if (value.starts_with(prefix)) return true;
  }
  return value.size() >= 25 && value.size() <= 64 &&
         std::all_of(value.begin(), value.end(), [](char c) { return IsDigit(c) || IsLetter(c); });
}

bool LooksLikeHost(std::string_view value) {
  const bool has_dot = Contains(value, ".") || Contains(value, "[dot]") || Contains(value, "(dot)");
  return has_dot && !Contains(value, " ") && std::any_of(value.begin(), value.end(), IsLetter);
}

std::vector<IdentifierType> GuessTypes(std::string_view value) {
  std::vector<IdentifierType> types;
  const bool has_at = Contains(value, "@") || Contains(value, "[at]") || Contains(value, "(at)");
  const bool is_web = value.starts_with("http") || value.starts_with("hxxp");
  if (has_at && !is_web) {
    types = {IDENTIFIER_TYPE_EMAIL, IDENTIFIER_TYPE_UPI};
  } else if (is_web) {
    // The host is worth knowing too.
    types = {IDENTIFIER_TYPE_URL, IDENTIFIER_TYPE_DOMAIN};
  } else {
    if (LooksLikeIp(value)) types.push_back(IDENTIFIER_TYPE_IP);
    if (LooksLikePhone(value)) types.push_back(IDENTIFIER_TYPE_PHONE);
    if (LooksLikeIban(value)) types.push_back(IDENTIFIER_TYPE_IBAN);
    if (LooksLikeWallet(value)) types.push_back(IDENTIFIER_TYPE_WALLET);
    if (LooksLikeHost(value)) types.push_back(IDENTIFIER_TYPE_DOMAIN);
    if (LooksLikeHost(value) && Contains(value, "/")) types.push_back(IDENTIFIER_TYPE_URL);
  }
  if (types.empty()) types = {IDENTIFIER_TYPE_SENDER_ID, IDENTIFIER_TYPE_DOMAIN};
  return types;
}

}  // namespace

std::vector<Identifier> GuessIdentifiers(std::string_view value, std::string_view scheme,
                                         std::string_view region) {
  const std::optional<std::string> cleaned = CleanText(value);
  if (cleaned) value = *cleaned;
  // "anydesk:123456789", as everything prints it.
  std::string_view named = scheme;
  if (named.empty()) named = value.substr(0, value.find(':'));
  const auto* row =
      std::find_if(std::begin(kSchemes), std::end(kSchemes),
                   [&](const SchemeOf& candidate) { return candidate.scheme == named; });
  const std::vector<IdentifierType> types =
      row != std::end(kSchemes) ? std::vector{row->type} : GuessTypes(value);
  std::vector<Identifier> identifiers;
  for (IdentifierType type : types) {
    Identifier& identifier = identifiers.emplace_back();
    identifier.set_type(type);
    identifier.set_value(std::string(value));
    identifier.set_scheme(std::string(scheme));
    identifier.set_region(std::string(region));
  }
  return identifiers;
}

}  // namespace ringfence::identifiers
