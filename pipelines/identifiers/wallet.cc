#include <algorithm>
#include <utility>

#include "pipelines/identifiers/base58.h"
#include "pipelines/identifiers/bech32.h"
#include "pipelines/identifiers/cash_address.h"
#include "pipelines/identifiers/eip55.h"
#include "pipelines/identifiers/scheme.h"
#include "pipelines/identifiers/stellar_account.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"
#include "pipelines/identifiers/wallet_chains.h"

namespace ringfence::identifiers {
namespace {

constexpr std::string_view kChecksum = "wallet.checksum";
constexpr std::string_view kMalformed = "wallet.malformed";

// What a recogniser of one form says: nothing (it is another form), an address, or a problem.
struct Address {
  std::string value;
  std::string_view problem;
  // One address of the chain serves many customers by tag.
  bool by_tag = false;
};
using Recognised = std::optional<Address>;

Address Wrong(std::string_view problem) { return {"", problem}; }

Recognised AsEvm(std::string_view text, const Chain& chain) {
  constexpr std::string_view kMark = "0x";
  constexpr size_t kDigits = 40;
  bool has_mark = StartsWithNoCase(text, kMark);
  std::string_view digits = has_mark ? text.substr(kMark.size()) : text;
  bool has_form = digits.size() == kDigits && IsAllHex(digits);
  if (has_form && (has_mark || chain.family == Family::kEvm)) {
    if (!Eip55Holds(digits)) return Wrong(kChecksum);
    return Address{std::string(kMark) + AsciiLower(digits), ""};
  }
  // Longer numbers are accounts of other chains (Aptos, Sui), or transactions.
  if (has_mark && chain.family == Family::kEvm) return Wrong(kMalformed);
  return std::nullopt;
}

Recognised AsBech32(std::string_view text) {
  size_t separator = text.rfind('1');
  if (separator == std::string_view::npos) return std::nullopt;
  if (std::optional<Bech32> decoded = Bech32Decode(text)) {
    const Bech32Prefix* prefix = FindBech32Prefix(decoded->prefix);
    bool is_segwit = prefix != nullptr && prefix->is_segwit;
    if (is_segwit && !IsWitnessProgram(*decoded)) return Wrong(kMalformed);
    // All that is no witness program holds a hash of 20 bytes at least; "a12uel5l" is no address.
    constexpr size_t kDataMin = 20 * 8 / 5;
    if (!is_segwit && decoded->data.size() < kDataMin) return std::nullopt;
    return Address{AsciiLower(text), "", prefix != nullptr && prefix->by_tag};
  }
  // Of known prefixes none holds a "1": the first is the separator.
  constexpr size_t kCharactersMin = 32;
  if (text.size() >= kCharactersMin &&
      FindBech32Prefix(AsciiLower(text.substr(0, text.find('1')))) != nullptr) {
    return Wrong(kChecksum);
  }
  return std::nullopt;
}

Recognised AsBase58(std::string_view text) {
  // A version of one byte (Bitcoin-like, Tron), two (Zcash) or three (Tezos), and a hash of 20
  // bytes. Private keys have other lengths.
  constexpr size_t kPayloadMin = 21;
  constexpr size_t kPayloadMax = 23;
  auto payload = Base58CheckDecode(text, Base58Alphabet::kBitcoin);
  if (!payload || payload->size() < kPayloadMin || payload->size() > kPayloadMax) {
    return std::nullopt;
  }
  return Address{std::string(text), ""};
}

Recognised AsXrp(std::string_view text) {
  constexpr size_t kClassicBytes = 21;
  // X-addresses (XLS-5): two bytes of version, 20 of hash, a flag that a tag follows, the tag.
  constexpr size_t kExtendedBytes = 31;
  constexpr size_t kExtendedFlag = 22;
  auto payload = Base58CheckDecode(text, Base58Alphabet::kXrp);
  if (!payload) return std::nullopt;
  if (payload->size() == kClassicBytes && payload->front() == 0) {
    return Address{std::string(text), "", true};
  }
  if (payload->size() == kExtendedBytes) {
    return Address{std::string(text), "", (*payload)[kExtendedFlag] == 0};
  }
  return std::nullopt;
}

// Has `text` the looks of a Base58Check address, if no checksum that holds?
bool LooksLikeBase58(std::string_view text) {
  constexpr size_t kCharactersMin = 25;
  constexpr size_t kCharactersMax = 36;
  return text.size() >= kCharactersMin && text.size() <= kCharactersMax &&
         std::all_of(text.begin(), text.end(), IsAlphanumeric);
}

bool LooksLikeCashAddress(std::string_view text) {
  constexpr size_t kCharactersMin = 42;
  return text.size() >= kCharactersMin && std::all_of(text.begin(), text.end(), IsAlphanumeric);
}

// "as given" but for the case of hexadecimal numbers, which says nothing.
Address AsGiven(std::string_view text) {
  bool is_number = StartsWithNoCase(text, "0x") && IsAllHex(text.substr(2));
  return {is_number ? AsciiLower(text) : std::string(text), ""};
}

Address Unrecognised(std::string_view text, const Chain& chain) {
  constexpr std::string_view kFirstOfBase58 = "13Tr";
  switch (chain.family) {
    case Family::kUnknown: {
      bool is_likely = LooksLikeBase58(text) && kFirstOfBase58.find(text[0]) != text.npos;
      return Wrong(is_likely ? kChecksum : "wallet.unknown_format");
    }
    case Family::kOther:
      return AsGiven(text);
    case Family::kBase58:
      return Wrong(LooksLikeBase58(text) ? kChecksum : kMalformed);
    case Family::kCash:
      return Wrong(LooksLikeBase58(text) || LooksLikeCashAddress(text) ? kChecksum : kMalformed);
    case Family::kEvm:
      return Wrong(kMalformed);
  }
  return Wrong(kMalformed);
}

Address Recognise(std::string_view text, const Chain& chain) {
  if (Recognised evm = AsEvm(text, chain)) return *evm;
  if (Recognised bech32 = AsBech32(text)) return *bech32;
  if (Recognised base58 = AsBase58(text)) return *base58;
  if (Recognised xrp = AsXrp(text)) return *xrp;
  if (IsStellarAccount(text)) return {std::string(text), "", true};
  if (auto cash_address = CanonicalCashAddress(text)) return {*cash_address, ""};
  return Unrecognised(text, chain);
}

struct Parts {
  std::string address;
  std::string tag;
  Chain chain;
};

// "ethereum:pay-0x…@1/transfer" (EIP-681) names the address alone.
std::string_view WithoutEip681(std::string_view text) {
  constexpr std::string_view kPay = "pay-";
  if (StartsWithNoCase(text, kPay)) text.remove_prefix(kPay.size());
  return text.substr(0, text.find_first_of("@/"));
}

// "1BoatSLRHtKNngkdXEeobR76b53LETtpyT (btc)": a remark.
std::string_view WithoutRemark(std::string_view text) {
  size_t remark = text.find(" (");
  return remark != std::string_view::npos && text.ends_with(')') ? text.substr(0, remark) : text;
}

// "bitcoin:1Boat…" and "ethereum:0x…": the prefix off. It is the scheme where none was given, but
// for chains whose addresses would not be known again without it.
std::string WithoutUriPrefix(std::string_view text, std::string& scheme) {
  std::string address(text);
  const std::string given = scheme;
  for (size_t colon = address.find(':'); colon != std::string::npos; colon = address.find(':')) {
    std::string prefix = SchemeWord(std::string_view(address).substr(0, colon), {});
    if (!IsKnownChain(prefix) && (prefix.empty() || prefix != given)) break;
    std::string_view rest = std::string_view(address).substr(colon + 1);
    while (rest.starts_with('/')) rest.remove_prefix(1);
    if (prefix == "ethereum") rest = WithoutEip681(rest);
    address = TrimWhiteSpace(rest);
    bool is_missing = ChainOf(scheme).family == Family::kUnknown;
    if (is_missing && ChainOf(prefix).family != Family::kOther) scheme = std::move(prefix);
  }
  return address;
}

Parts Split(std::string_view text, const Hints& hints) {
  Parts parts;
  size_t end = std::min(text.find_first_of("?#"), text.size());
  if (end < text.size() && text[end] == '#') parts.tag = TrimWhiteSpace(text.substr(end + 1));
  std::string head = TrimWhiteSpace(WithoutRemark(TrimWhiteSpace(text.substr(0, end))));
  std::string scheme = SchemeWord(hints.scheme, {});
  parts.address = WithoutUriPrefix(head, scheme);
  parts.chain = ChainOf(scheme);
  return parts;
}

}  // namespace

Normalised NormaliseWallet(std::string_view text, const Hints& hints) {
  Parts parts = Split(text, hints);
  if (parts.address.empty()) return Refused("wallet.empty");
  if (parts.tag.empty()) {
    std::optional<std::string> given = CleanText(hints.sub_account);
    if (!given) return Refused("wallet.not_utf8");
    parts.tag = std::move(*given);
  }
  Address address = Recognise(parts.address, parts.chain);
  if (!address.problem.empty()) return Refused(address.problem);
  Canonical wallet;
  wallet.value = std::move(address.value);
  if (!parts.tag.empty()) {
    wallet.value += "#" + parts.tag;
  } else if (address.by_tag || parts.chain.by_tag) {
    wallet.standing = internal::v1::STANDING_UNTAGGED_WALLET;
  }
  return wallet;
}

}  // namespace ringfence::identifiers
