#include "pipelines/identifiers/wallet_chains.h"

#include <algorithm>

namespace ringfence::identifiers {
namespace {

using enum Family;

struct ChainName {
  std::string_view word;
  Chain chain;
};

constexpr ChainName kChains[] = {
    {"", {kUnknown, false}},
    {"unknown", {kUnknown, false}},
    {"other", {kUnknown, false}},
    {"crypto", {kUnknown, false}},
    {"none", {kUnknown, false}},
    {"ethereum", {kEvm, false}},
    {"eth", {kEvm, false}},
    {"ether", {kEvm, false}},
    {"erc20", {kEvm, false}},
    {"erc-20", {kEvm, false}},
    {"ethereum-classic", {kEvm, false}},
    {"etc", {kEvm, false}},
    {"polygon", {kEvm, false}},
    {"matic", {kEvm, false}},
    {"bsc", {kEvm, false}},
    {"bep20", {kEvm, false}},
    {"bep-20", {kEvm, false}},
    {"binance-smart-chain", {kEvm, false}},
    {"arbitrum", {kEvm, false}},
    {"optimism", {kEvm, false}},
    {"base", {kEvm, false}},
    {"fantom", {kEvm, false}},
    {"bitcoin", {kBase58, false}},
    {"btc", {kBase58, false}},
    {"xbt", {kBase58, false}},
    {"litecoin", {kBase58, false}},
    {"ltc", {kBase58, false}},
    {"dogecoin", {kBase58, false}},
    {"doge", {kBase58, false}},
    {"dash", {kBase58, false}},
    {"tron", {kBase58, false}},
    {"trx", {kBase58, false}},
    {"trc20", {kBase58, false}},
    {"trc-20", {kBase58, false}},
    {"ripple", {kBase58, true}},
    {"xrp", {kBase58, true}},
    {"xrpl", {kBase58, true}},
    {"stellar", {kOther, true}},
    {"xlm", {kOther, true}},
    {"ton", {kOther, true}},
    {"toncoin", {kOther, true}},
    {"eos", {kOther, true}},
    {"cosmos", {kOther, true}},
    {"atom", {kOther, true}},
    {"bitcoin-cash", {kCash, false}},
    {"bitcoincash", {kCash, false}},
    {"bch", {kCash, false}},
    {"cardano", {kOther, false}},
    {"ada", {kOther, false}},
    {"solana", {kOther, false}},
    {"sol", {kOther, false}},
    {"monero", {kOther, false}},
    {"xmr", {kOther, false}},
    {"zcash", {kOther, false}},
    {"zec", {kOther, false}},
    {"polkadot", {kOther, false}},
    {"dot", {kOther, false}},
    {"neo", {kOther, false}},
    {"bnb", {kOther, false}},
    {"zilliqa", {kOther, false}},
    {"zil", {kOther, false}},
    {"tezos", {kOther, false}},
    {"algorand", {kOther, false}},
    {"near", {kOther, false}},
    {"aptos", {kOther, false}},
    {"sui", {kOther, false}},
    {"lightning", {kOther, false}},
};

constexpr Bech32Prefix kBech32Prefixes[] = {
    {"bc", true, false},        {"tb", true, false},    {"bcrt", true, false},
    {"ltc", true, false},       {"tltc", true, false},  {"vtc", true, false},
    {"dgb", true, false},       {"grs", true, false},   {"cosmos", false, true},
    {"osmo", false, false},     {"juno", false, false}, {"inj", false, false},
    {"celestia", false, false}, {"sei", false, false},  {"terra", false, false},
    {"thor", false, false},     {"kava", false, false}, {"bnb", false, false},
    {"zil", false, false},      {"addr", false, false}, {"stake", false, false},
    {"one", false, false},      {"erd", false, false},
};

const ChainName* Find(std::string_view word) {
  const auto* row = std::find_if(std::begin(kChains), std::end(kChains),
                                 [word](const ChainName& known) { return known.word == word; });
  return row == std::end(kChains) ? nullptr : row;
}

}  // namespace

Chain ChainOf(std::string_view word) {
  const ChainName* row = Find(word);
  return row == nullptr ? Chain{kOther, false} : row->chain;
}

bool IsKnownChain(std::string_view word) {
  const ChainName* row = Find(word);
  return row != nullptr && row->chain.family != kUnknown;
}

const Bech32Prefix* FindBech32Prefix(std::string_view prefix) {
  const auto* row =
      std::find_if(std::begin(kBech32Prefixes), std::end(kBech32Prefixes),
                   [prefix](const Bech32Prefix& known) { return known.prefix == prefix; });
  return row == std::end(kBech32Prefixes) ? nullptr : row;
}

}  // namespace ringfence::identifiers
