#include "services/ringfence/sample/mint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "pipelines/core/id.h"
#include "services/ringfence/sample/checksums.h"

namespace ringfence::sample {
namespace {

using namespace v1;  // NOLINT(google-build-using-namespace): names of enumerations

constexpr uint64_t kSuffixes = 36ull * 36 * 36 * 36 * 36;
constexpr uint64_t kRemoteIds = 100'000'000;
// 2001:db8:x:y::/64 with neither x nor y zero.
constexpr uint64_t kNetworks = 65'535ull * 65'535;
constexpr uint32_t kDocumentationAddresses = 3 * 254;

constexpr const char* kHostWords[] = {"secure", "support", "refund", "helpdesk",  "account",
                                      "verify", "billing", "login",  "wallet",    "invest",
                                      "parcel", "tax",     "claims", "antivirus", "renewal"};
constexpr const char* kSubdomains[] = {"", "", "login.", "portal.", "pay.", "id."};
constexpr const char* kTopLevels[] = {"example", "example", "test"};
constexpr const char* kPaths[] = {"", "start", "login", "verify", "case", "download", "invoice"};
constexpr const char* kVendors[] = {"anydesk", "anydesk", "teamviewer", "rustdesk", "ultraviewer"};
constexpr const char* kNames[] = {"anna", "james", "maria", "kevin", "sofia", "daniel",
                                  "emma", "rohan", "peter", "alice", "lucas", "nina"};
constexpr const char* kSurnames[] = {"smith",  "weber", "brown", "sharma", "jones",
                                     "miller", "novak", "lee",   "martin", "green"};
constexpr const char* kSenders[] = {"BANKALERT", "PARCEL", "TAXOFFICE", "SECURITY", "REFUND"};
constexpr const char* kPlatforms[] = {"telegram", "whatsapp", "facebook", "instagram"};
constexpr const char* kUpiProviders[] = {"okexample", "examplebank", "examplepay"};

// `canonical` is the value with the scheme in front.
Named WithScheme(IdentifierType type, std::string scheme, std::string bare) {
  Named named;
  named.type = type;
  named.canonical = scheme + ":" + bare;
  named.scheme = std::move(scheme);
  named.bare = std::move(bare);
  return named;
}

Named Plain(IdentifierType type, std::string value) {
  Named named;
  named.type = type;
  named.canonical = value;
  named.bare = std::move(value);
  return named;
}

// As hexadecimal digits, lower case.
std::string Hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (uint8_t byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

// Twenty bytes that are the hash of no known key.
std::array<uint8_t, 20> HashOf(std::string_view what, uint64_t seed, uint64_t number) {
  const core::Sha256Digest digest = core::Sha256(fmt::format("{} {} {}", what, seed, number));
  std::array<uint8_t, 20> hash{};
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

std::string Base58OfHash(uint8_t version, const std::array<uint8_t, 20>& hash,
                         Base58Alphabet alphabet) {
  std::array<uint8_t, 21> payload{};
  payload[0] = version;
  std::copy(hash.begin(), hash.end(), payload.begin() + 1);
  return Base58Check(payload, alphabet);
}

}  // namespace

Mint::Mint(uint64_t seed)
    : seed_(seed),
      random_(seed),
      phones_(random_),
      suffixes_(kSuffixes, random_),
      remote_ids_(kRemoteIds, random_),
      networks_(kNetworks, random_) {}

Named Mint::Fresh(Kind kind, std::string_view country, std::string_view host) {
  switch (kind) {
    case Kind::kCallback:
    case Kind::kCallerId:
      return Phone(country);
    case Kind::kSender:
      return Sender(country);
    case Kind::kSite:
      return Site(host);
    case Kind::kEmail:
      return Email();
    case Kind::kRemoteId:
      return RemoteId();
    case Kind::kRemoteHost:
      return Ip();
    case Kind::kSocial:
      return Social();
    case Kind::kAccount:
      return Account(country);
    case Kind::kUpi:
      return Upi();
    case Kind::kWallet:
      return Wallet();
    case Kind::kPaymentHandle:
      return PaymentHandle();
    case Kind::kGiftCard:
      return GiftCard();
  }
  return Host();
}

std::string Mint::Digits(int count) {
  std::string digits;
  for (int i = 0; i < count; ++i) digits += static_cast<char>('0' + random_.Below(10));
  return digits;
}

std::string Mint::Letters(int count) {
  std::string letters;
  for (int i = 0; i < count; ++i) letters += static_cast<char>('A' + random_.Below(26));
  return letters;
}

std::string Mint::Suffix() {
  uint64_t number = suffixes_.At(suffixes_given_++);
  std::string suffix;
  for (int i = 0; i < 5; ++i, number /= 36)
    suffix += "abcdefghijklmnopqrstuvwxyz0123456789"[number % 36];
  return suffix;
}

Named Mint::Phone(std::string_view country) {
  // No numbers are reserved in India.
  const std::string of(country == "IN" ? "GB" : country);
  const std::optional<std::string> number = phones_.ForFraudster(of);
  if (!number) return Site("");
  Named named = Plain(IDENTIFIER_TYPE_PHONE, *number);
  named.country = of;
  return named;
}

Named Mint::Sender(std::string_view country) {
  Named named;
  named.type = IDENTIFIER_TYPE_SENDER_ID;
  // At most fifteen characters.
  std::string suffix = Suffix();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  named.bare = random_.Pick(kSenders) + suffix;
  named.country = country;
  named.canonical = named.country + ":" + named.bare;
  return named;
}

Named Mint::Host() {
  return Plain(IDENTIFIER_TYPE_DOMAIN,
               fmt::format("{}{}-{}.{}", random_.Pick(kSubdomains), random_.Pick(kHostWords),
                           Suffix(), random_.Pick(kTopLevels)));
}

Named Mint::Site(std::string_view host) {
  const std::string on = host.empty() ? Host().canonical : std::string(host);
  const char* path = random_.Pick(kPaths);
  // On a host that is known already, only the path can be new.
  const std::string tail = host.empty() ? path : fmt::format("{}/{}", path, Suffix());
  Named named =
      Plain(IDENTIFIER_TYPE_URL, fmt::format("{}://{}/{}", random_.Chance(800) ? "https" : "http",
                                             on, tail.starts_with('/') ? tail.substr(1) : tail));
  named.host = on;
  return named;
}

Named Mint::Email() {
  return Plain(IDENTIFIER_TYPE_EMAIL,
               fmt::format("{}.{}@{}-{}.example", random_.Pick(kNames), random_.Pick(kSurnames),
                           random_.Pick(kHostWords), Suffix()));
}

Named Mint::RemoteId() {
  // Vendors give no ids that begin with a zero.
  const char* vendor = random_.Pick(kVendors);
  return WithScheme(IDENTIFIER_TYPE_REMOTE_ACCESS_ID, vendor,
                    fmt::format("0{:08}", remote_ids_.At(remote_ids_given_++)));
}

Named Mint::Ip() {
  const uint64_t number = addresses_given_++;
  if (number < kDocumentationAddresses) {
    constexpr const char* kNetworks24[] = {"192.0.2", "198.51.100", "203.0.113"};
    return Plain(IDENTIFIER_TYPE_IP, fmt::format("{}.{}", kNetworks24[number % 3], number / 3 + 1));
  }
  const uint64_t network = networks_.At(number);
  return Plain(IDENTIFIER_TYPE_IP,
               fmt::format("2001:db8:{:x}:{:x}::/64", network / 65'535 + 1, network % 65'535 + 1));
}

Named Mint::Account(std::string_view country) {
  if (country == "US" || country == "CA") {
    // No Federal Reserve district has 99.
    const std::string routing = "99" + Digits(6);
    return WithScheme(IDENTIFIER_TYPE_BANK_ACCOUNT, "us-aba",
                      fmt::format("{}{}/{}", routing, AbaCheckDigit(routing), "9" + Digits(9)));
  }
  if (country == "AU") {
    return WithScheme(IDENTIFIER_TYPE_BANK_ACCOUNT, "au-bsb",
                      fmt::format("999{}/9{}", Digits(3), Digits(8)));
  }
  if (country == "IN") {
    return WithScheme(IDENTIFIER_TYPE_BANK_ACCOUNT, "in-ifsc",
                      fmt::format("ZZRF0{}/{}", Digits(6), "00" + Digits(10)));
  }
  if (country == "GB" && random_.Chance(600)) {
    return WithScheme(IDENTIFIER_TYPE_BANK_ACCOUNT, "gb-sort-code",
                      fmt::format("00{}/{}", Digits(4), Digits(8)));
  }
  if (country == "GB") {
    return Plain(IDENTIFIER_TYPE_IBAN, MakeIban("GB", "ZZRF00" + Digits(4) + Digits(8)));
  }
  // No German bank code begins with 9.
  return Plain(IDENTIFIER_TYPE_IBAN, random_.Chance(800)
                                         ? MakeIban("DE", "9" + Digits(7) + Digits(10))
                                         : MakeIban("NL", "ZZRF" + Digits(10)));
}

Named Mint::Wallet() {
  const uint64_t number = wallets_given_++;
  const std::array<uint8_t, 20> hash = HashOf("wallet", seed_, number);
  Named named;
  switch (random_.Below(4)) {
    case 0:
      named = Plain(IDENTIFIER_TYPE_WALLET, Bech32Address(hash));
      named.scheme = "bitcoin";
      break;
    case 1:
      named = Plain(IDENTIFIER_TYPE_WALLET, Base58OfHash(0, hash, Base58Alphabet::kBitcoin));
      named.scheme = "bitcoin";
      break;
    case 2:
      named = Plain(IDENTIFIER_TYPE_WALLET, "0x" + Hex(hash));
      named.scheme = "ethereum";
      break;
    default:
      named = Plain(IDENTIFIER_TYPE_WALLET, Base58OfHash(0x41, hash, Base58Alphabet::kBitcoin));
      named.scheme = "tron";
  }
  return named;
}

std::string Mint::TaggedWallet() {
  return Base58OfHash(0, HashOf("exchange", seed_, wallets_given_++), Base58Alphabet::kRipple);
}

Named Mint::WithTag(const std::string& wallet) {
  Named named = Plain(IDENTIFIER_TYPE_WALLET, wallet);
  named.scheme = "ripple";
  named.sub_account = "1" + Digits(8);
  named.canonical = wallet + "#" + named.sub_account;
  return named;
}

Named Mint::Social() {
  return WithScheme(
      IDENTIFIER_TYPE_SOCIAL_HANDLE, random_.Pick(kPlatforms),
      fmt::format("{}_{}_{}", random_.Pick(kNames), random_.Pick(kHostWords), Suffix()));
}

Named Mint::Upi() {
  return Plain(IDENTIFIER_TYPE_UPI, fmt::format("{}.{}@{}", random_.Pick(kNames), Suffix(),
                                                random_.Pick(kUpiProviders)));
}

Named Mint::PaymentHandle() {
  return WithScheme(IDENTIFIER_TYPE_PAYMENT_HANDLE, "cashapp",
                    fmt::format("${}{}", random_.Pick(kNames), Suffix()));
}

Named Mint::GiftCard() { return Plain(IDENTIFIER_TYPE_GIFT_CARD, "RF" + Letters(4) + Digits(10)); }

std::optional<std::string> Mint::VictimPhone(std::string_view country) {
  return phones_.ForVictim(country);
}

std::string Mint::VictimEmail() {
  return fmt::format("{}.{}{}@mail.example", random_.Pick(kNames), random_.Pick(kSurnames),
                     ++victims_given_);
}

std::string Mint::VictimAccount(std::string_view country) {
  if (country == "DE") return MakeIban("DE", "9" + Digits(7) + Digits(10));
  if (country == "GB") return "00" + Digits(4) + Digits(8);
  return "77" + Digits(12);
}

std::string Mint::PaymentReference() { return fmt::format("FT{}{}", Digits(10), Letters(2)); }

}  // namespace ringfence::sample
