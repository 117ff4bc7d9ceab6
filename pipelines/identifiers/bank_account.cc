#include <algorithm>

#include "pipelines/identifiers/scheme.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

enum class Form { kHolds, kMalformed, kWrongCheckDigit };

// American Bankers Association: weights 3, 7, 1; the sum is a multiple of ten.
Form AbaForm(std::string_view routing, std::string_view) {
  constexpr int kWeights[] = {3, 7, 1};
  if (routing.size() != 9 || !IsAllDigits(routing)) return Form::kMalformed;
  int sum = 0;
  for (size_t i = 0; i < routing.size(); ++i) sum += (routing[i] - '0') * kWeights[i % 3];
  return sum % 10 == 0 ? Form::kHolds : Form::kWrongCheckDigit;
}

Form SortCodeForm(std::string_view routing, std::string_view account) {
  bool holds =
      routing.size() == 6 && account.size() == 8 && IsAllDigits(routing) && IsAllDigits(account);
  return holds ? Form::kHolds : Form::kMalformed;
}

Form IfscForm(std::string_view routing, std::string_view) {
  bool holds = routing.size() == 11 && routing[4] == '0' &&
               std::all_of(routing.begin(), routing.begin() + 4, IsUpper);
  return holds ? Form::kHolds : Form::kMalformed;
}

Form BsbForm(std::string_view routing, std::string_view) {
  return routing.size() == 6 && IsAllDigits(routing) ? Form::kHolds : Form::kMalformed;
}

struct RoutingScheme {
  std::string_view word;
  Form (*form)(std::string_view routing, std::string_view account);
};

constexpr RoutingScheme kSchemes[] = {
    {"us-aba", AbaForm},
    {"gb-sort-code", SortCodeForm},
    {"in-ifsc", IfscForm},
    {"au-bsb", BsbForm},
};

constexpr SchemeName kNames[] = {
    {"us-aba", "us-aba"},          {"aba", "us-aba"},
    {"us-routing", "us-aba"},      {"gb-sort-code", "gb-sort-code"},
    {"sort-code", "gb-sort-code"}, {"uk-sort-code", "gb-sort-code"},
    {"in-ifsc", "in-ifsc"},        {"ifsc", "in-ifsc"},
    {"au-bsb", "au-bsb"},          {"bsb", "au-bsb"},
};

Form FormOf(std::string_view scheme, std::string_view routing, std::string_view account) {
  const auto* row =
      std::find_if(std::begin(kSchemes), std::end(kSchemes),
                   [scheme](const RoutingScheme& known) { return known.word == scheme; });
  return row == std::end(kSchemes) ? Form::kHolds : row->form(routing, account);
}

// Up to the next slash, which is taken off `rest` too.
std::string_view TakePart(std::string_view& rest) {
  size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view part = rest.substr(0, slash);
  rest.remove_prefix(std::min(slash + 1, rest.size()));
  return part;
}

}  // namespace

Normalised NormaliseBankAccount(std::string_view text, const Hints& hints) {
  auto [scheme, rest] = SplitScheme(text, hints.scheme, kNames);
  if (scheme.empty()) return Refused("bank_account.no_scheme");
  std::optional<std::string> given_sub_account = CleanText(hints.sub_account);
  if (!given_sub_account) return Refused("bank_account.not_utf8");
  std::string_view parts = rest;
  std::optional<std::string> routing = LettersAndDigits(TakePart(parts));
  std::optional<std::string> account = LettersAndDigits(TakePart(parts));
  // A reference that people chose holds any sign: none of them is a reason to lose the account.
  std::optional<std::string> sub_account =
      parts.empty() ? AsciiUpper(OnlyAlphanumerics(*given_sub_account)) : LettersAndDigits(parts);
  if (!routing || !account || !sub_account || routing->empty() || account->empty()) {
    return Refused("bank_account.malformed");
  }
  switch (FormOf(scheme, *routing, *account)) {
    case Form::kHolds:
      break;
    case Form::kMalformed:
      return Refused("bank_account.malformed");
    case Form::kWrongCheckDigit:
      return Refused("bank_account.checksum");
  }
  std::string canonical = scheme + ":" + *routing + "/" + *account;
  if (!sub_account->empty()) canonical += "/" + *sub_account;
  return Of(std::move(canonical));
}

}  // namespace ringfence::identifiers
