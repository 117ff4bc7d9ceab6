#pragma once

#include <string_view>

namespace ringfence::identifiers {

enum class Family {
  kUnknown,  // no chain named
  kEvm,      // 0x and 40 hexadecimal digits
  kBase58,   // Base58Check, or Bech32: Bitcoin-like, Tron, XRP
  kCash,     // CashAddr, or Base58Check: Bitcoin Cash
  kOther,    // a form that is not checked here
};

struct Chain {
  Family family = Family::kUnknown;
  // Exchanges serve all customers at one address, by destination tag or memo.
  bool by_tag = false;
};

// The chain that a scheme means, in the words and tickers that people write; `word` is in lower
// case with hyphens. Words that say nothing ("", "unknown") are kUnknown, all others kOther.
Chain ChainOf(std::string_view word);
bool IsKnownChain(std::string_view word);

struct Bech32Prefix {
  std::string_view prefix;
  // Its data are witness programs.
  bool is_segwit;
  bool by_tag;
};

// nullptr: not one of the well known.
const Bech32Prefix* FindBech32Prefix(std::string_view prefix);

}  // namespace ringfence::identifiers
