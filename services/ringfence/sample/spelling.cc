#include "services/ringfence/sample/spelling.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "services/ringfence/sample/phones.h"

namespace ringfence::sample {
namespace {

using namespace v1;  // NOLINT(google-build-using-namespace): names of enumerations

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string Replaced(std::string_view text, char from, std::string_view to) {
  std::string replaced;
  for (char c : text) {
    if (c == from) {
      replaced += to;
    } else {
      replaced += c;
    }
  }
  return replaced;
}

// With `separator` after every `size` characters.
std::string Grouped(std::string_view text, size_t size, std::string_view separator) {
  std::string grouped;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && i % size == 0) grouped += separator;
    grouped += text[i];
  }
  return grouped;
}

std::string SpellHost(const std::string& host, Random& random) {
  switch (random.Below(8)) {
    case 0:
      return Replaced(host, '.', "[.]");
    case 1:
      return Replaced(host, '.', "(.)");
    case 2:
      return Replaced(host, '.', "[dot]");
    case 3:
      return Upper(host);
    default:
      return host;
  }
}

std::string SpellUrl(const Named& named, Random& random) {
  const size_t after_scheme = named.bare.find("://");
  const std::string scheme = named.bare.substr(0, after_scheme);
  const std::string path = named.bare.substr(after_scheme + 3 + named.host.size());
  std::string text = random.Chance(250) ? Replaced(scheme, 't', "x") : scheme;
  if (text.size() == 4 && scheme == "http" && random.Chance(300)) {
    text = "";
  } else {
    text += "://";
  }
  text += SpellHost(named.host, random);
  text += path == "/" && random.Chance(500) ? "" : path;
  if (random.Chance(150)) text += "?ref=mail";
  if (random.Chance(80)) text += "#top";
  return text;
}

std::string SpellEmail(const std::string& address, Random& random) {
  switch (random.Below(7)) {
    case 0:
      return Upper(address);
    case 1:
      return "mailto:" + address;
    case 2:
      return Replaced(Replaced(address, '@', "[at]"), '.', "[.]");
    case 3:
      return " " + address + " ";
    default:
      return address;
  }
}

std::string SpellIp(const std::string& canonical, Random& random) {
  if (canonical.find('/') == std::string::npos) {
    switch (random.Below(4)) {
      case 0:
        return Replaced(canonical, '.', "[.]");
      case 1:
        return fmt::format("{}:{}", canonical, random.Between(1'024, 65'535));
      default:
        return canonical;
    }
  }
  // A host within the network.
  const std::string network = canonical.substr(0, canonical.find("::"));
  const uint32_t host = 1 + random.Below(65'535);
  switch (random.Below(3)) {
    case 0:
      return fmt::format("{}:0:0:0:{:x}", Upper(network), host);
    case 1:
      return fmt::format("[{}::{:x}]:443", network, host);
    default:
      return fmt::format("{}::{:x}", network, host);
  }
}

std::string SpellAccount(const Named& named, Random& random) {
  const size_t slash = named.bare.find('/');
  const std::string routing = named.bare.substr(0, slash);
  const std::string account = named.bare.substr(slash + 1);
  if (random.Chance(400)) return named.bare;
  if (named.scheme == "gb-sort-code") return Grouped(routing, 2, "-") + "/" + account;
  if (named.scheme == "au-bsb") return Grouped(routing, 3, "-") + "/" + account;
  return random.Chance(500) ? Lower(routing) + "/" + account
                            : routing + "/" + Grouped(account, 4, " ");
}

std::string SpellIban(const std::string& iban, Random& random) {
  switch (random.Below(4)) {
    case 0:
      return Grouped(iban, 4, " ");
    case 1:
      return Lower(Grouped(iban, 4, " "));
    case 2:
      return Grouped(iban, 4, "-");
    default:
      return iban;
  }
}

std::string SpellWallet(const Named& named, Random& random) {
  const bool is_uri_scheme = named.scheme == "bitcoin" || named.scheme == "ethereum";
  if (is_uri_scheme && random.Chance(150)) return named.scheme + ":" + named.bare;
  // Only these may be written in capitals.
  if (named.bare.starts_with("bc1") && random.Chance(200)) return Upper(named.bare);
  return named.bare;
}

std::string SpellPhoneOf(const Named& named, std::string_view victim_country, Random& random,
                         Identifier& identifier) {
  const bool national = random.Chance(600);
  if (national && named.country != victim_country) identifier.set_region(named.country);
  return SpellPhone(named.bare, named.country, national, random);
}

}  // namespace

Identifier Spell(const Named& named, std::string_view victim_country, Random& random) {
  Identifier identifier;
  identifier.set_type(named.type);
  if (!named.scheme.empty()) identifier.set_scheme(named.scheme);
  if (!named.sub_account.empty()) identifier.set_sub_account(named.sub_account);
  std::string value = named.bare;
  switch (named.type) {
    case IDENTIFIER_TYPE_PHONE:
      value = SpellPhoneOf(named, victim_country, random, identifier);
      break;
    case IDENTIFIER_TYPE_SENDER_ID:
      if (named.country != victim_country) identifier.set_region(named.country);
      if (random.Chance(300)) value = Lower(value);
      break;
    case IDENTIFIER_TYPE_URL:
      value = SpellUrl(named, random);
      break;
    case IDENTIFIER_TYPE_DOMAIN:
      value = SpellHost(named.bare, random);
      break;
    case IDENTIFIER_TYPE_EMAIL:
      value = SpellEmail(named.bare, random);
      break;
    case IDENTIFIER_TYPE_IP:
      value = SpellIp(named.bare, random);
      break;
    case IDENTIFIER_TYPE_REMOTE_ACCESS_ID:
      if (random.Chance(600)) value = Grouped(value, 3, random.Chance(700) ? " " : "-");
      break;
    case IDENTIFIER_TYPE_BANK_ACCOUNT:
      value = SpellAccount(named, random);
      break;
    case IDENTIFIER_TYPE_IBAN:
      value = SpellIban(named.bare, random);
      break;
    case IDENTIFIER_TYPE_UPI:
      value = random.Chance(200)   ? "upi://pay?pa=" + value + "&am=1"
              : random.Chance(200) ? Upper(value)
                                   : value;
      break;
    case IDENTIFIER_TYPE_WALLET:
      value = SpellWallet(named, random);
      break;
    case IDENTIFIER_TYPE_SOCIAL_HANDLE:
      value = (random.Chance(500) ? "@" : "") + (random.Chance(200) ? Upper(value) : value);
      break;
    case IDENTIFIER_TYPE_PAYMENT_HANDLE:
      if (random.Chance(200)) value = Upper(value);
      break;
    case IDENTIFIER_TYPE_GIFT_CARD:
      if (random.Chance(500)) value = Grouped(value, 4, "-");
      break;
    default:
      break;
  }
  identifier.set_value(std::move(value));
  return identifier;
}

}  // namespace ringfence::sample
