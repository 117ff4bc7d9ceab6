// Vectors of BIP-173, BIP-350, EIP-55, EIP-681, CashAddr, SEP-23, XLS-5 and of the chains' own
// documents.
#include <gtest/gtest.h>

#include "pipelines/identifiers/base58.h"
#include "pipelines/identifiers/bech32.h"
#include "pipelines/identifiers/eip55.h"
#include "pipelines/identifiers/keccak.h"
#include "pipelines/identifiers/normalise_testing.h"
#include "pipelines/identifiers/shared_values.h"
#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

using internal::v1::STANDING_NORMAL;
using internal::v1::STANDING_SHARED_HOST;
using internal::v1::STANDING_UNTAGGED_WALLET;

std::string Wallet(std::string_view raw, const Hints& hints = {}) {
  return Outcome(v1::IDENTIFIER_TYPE_WALLET, raw, hints);
}

internal::v1::Standing StandingOf(std::string_view raw, const Hints& hints = {}) {
  return Taken(v1::IDENTIFIER_TYPE_WALLET, raw, hints).standing;
}

std::string Hex(const std::array<uint8_t, 32>& bytes) {
  std::string hex;
  for (uint8_t byte : bytes) {
    hex.push_back("0123456789abcdef"[byte >> 4]);
    hex.push_back("0123456789abcdef"[byte & 0xf]);
  }
  return hex;
}

TEST(Keccak256, GivesThePublishedDigests) {
  EXPECT_EQ(Hex(Keccak256("")), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  EXPECT_EQ(Hex(Keccak256("abc")),
            "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
  EXPECT_EQ(Hex(Keccak256("The quick brown fox jumps over the lazy dog")),
            "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15");
}

TEST(Keccak256, TakesBlocksOfTheSizeOfItsRate) {
  EXPECT_EQ(Hex(Keccak256(std::string(135, 'a'))),
            "34367dc248bbd832f4e3e69dfaac2f92638bd0bbd18f2912ba4ef454919cf446");
  EXPECT_EQ(Hex(Keccak256(std::string(136, 'a'))),
            "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e");
  EXPECT_EQ(Hex(Keccak256(std::string(300, 'a'))),
            "5b7e0e47a96f32a88b4f14ca177982790807c40e1a105742ba0fc1babe1ef826");
}

TEST(Eip55, HoldsForTheVectorsOfTheStandard) {
  for (std::string_view address :
       {"52908400098527886E0F7030069857D2E4169EE7", "8617E340B3D01FA5F11F306F4090FD50E238070D",
        "de709f2102306220921060314715629080e2fb77", "27b1fdb04752bbc536007a920d24acb045561c26",
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "D1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"}) {
    EXPECT_TRUE(Eip55Holds(address)) << address;
    EXPECT_EQ(Wallet("0x" + std::string(address)), "0x" + AsciiLower(address));
    EXPECT_EQ(Wallet("ethereum:0x" + std::string(address)), "0x" + AsciiLower(address));
  }
  EXPECT_FALSE(Eip55Holds("5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
}

TEST(Evm, IsWrittenInManyWays) {
  constexpr std::string_view kAddress = "0x27b1fdb04752bbc536007a920d24acb045561c26";
  EXPECT_EQ(Wallet("ethereum:pay-0x27b1fdb04752bbc536007a920d24acb045561c26@1/transfer?value=1"),
            kAddress);
  EXPECT_EQ(Wallet("0X27B1FDB04752BBC536007A920D24ACB045561C26"), kAddress);
  EXPECT_EQ(Wallet("27b1fdb04752bbc536007a920d24acb045561c26", Scheme("ETH")), kAddress);
  EXPECT_EQ(Wallet("27b1fdb04752bbc536007a920d24acb045561c26"), "wallet.unknown_format");
  EXPECT_EQ(Wallet(kAddress, Scheme("vechain")), kAddress);
  EXPECT_EQ(Wallet("0x27b1fdb04752bbc536007a920d24acb045561c2", Scheme("ethereum")),
            "wallet.malformed");
  EXPECT_EQ(Wallet("0x27b1fdb04752bbc536007a920d24acb045561c26ab"), "wallet.unknown_format");
}

TEST(Bech32, TakesTheValidStringsOfTheBips) {
  for (std::string_view text :
       {"A12UEL5L", "a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "?1ezyfcl"}) {
    std::optional<Bech32> decoded = Bech32Decode(text);
    ASSERT_TRUE(decoded.has_value()) << text;
    EXPECT_EQ(decoded->variant, Bech32Variant::kBech32) << text;
  }
  for (std::string_view text :
       {"A1LQFN3A", "a1lqfn3a", "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
        "split1checkupstagehandshakeupstreamerranterredcaperredlc445v", "?1v759aa"}) {
    std::optional<Bech32> decoded = Bech32Decode(text);
    ASSERT_TRUE(decoded.has_value()) << text;
    EXPECT_EQ(decoded->variant, Bech32Variant::kBech32m) << text;
  }
  for (std::string_view text : {"pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3",
                                "A1G7SGD8", "10a06t8", "1qzzfhee", "a12UEL5L", "", "1"}) {
    EXPECT_FALSE(Bech32Decode(text).has_value()) << text;
  }
}

TEST(Bech32, TakesTheValidAddressesOfTheBips) {
  for (std::string_view address :
       {"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
        "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
        "BC1SW50QGDZ25J", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs",
        "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy",
        "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"}) {
    EXPECT_EQ(Wallet(address), AsciiLower(address));
  }
}

TEST(Bech32, RefusesTheInvalidAddressesOfTheBips) {
  struct Invalid {
    std::string_view address;
    std::string_view code;
  };
  constexpr Invalid kInvalid[] = {
      // Another variant than that of its version.
      {"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "wallet.malformed"},
      {"tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf", "wallet.malformed"},
      {"BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL", "wallet.malformed"},
      {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", "wallet.malformed"},
      {"tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47", "wallet.malformed"},
      // A character, a version, lengths, padding, the case.
      {"bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4", "wallet.checksum"},
      {"BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R", "wallet.malformed"},
      {"bc1pw5dgrnzv", "wallet.malformed"},
      {"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
       "wallet.malformed"},
      {"BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P", "wallet.malformed"},
      {"tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq", "wallet.checksum"},
      {"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf", "wallet.malformed"},
      {"tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j", "wallet.malformed"},
      {"bc1gmk9yu", "wallet.malformed"},
      // BIP-173.
      {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "wallet.checksum"},
      {"tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sL5k7", "wallet.checksum"},
  };
  for (const Invalid& invalid : kInvalid) {
    EXPECT_EQ(Wallet(invalid.address), invalid.code) << invalid.address;
    EXPECT_EQ(Wallet(invalid.address, Scheme("bitcoin")), invalid.code) << invalid.address;
  }
}

TEST(Bech32, TakesAddressesOfOtherChains) {
  constexpr std::string_view kCardano =
      "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2w"
      "ywfgse35a3x";
  EXPECT_EQ(Wallet(kCardano), kCardano);
  EXPECT_EQ(Wallet(std::string(kCardano.substr(0, kCardano.size() - 1)) + "q"), "wallet.checksum");
}

TEST(Base58Check, TakesAddressesOfManyChains) {
  for (std::string_view address :
       {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "1111111111111111111114oLvT2",
        "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "LZF8mWMwJy3ijZSgi4AmTDBNkGKKxgPTqq",
        "t1KAedN3mupcum5ffF7DF5KNz27vRB9pYnr", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"}) {
    EXPECT_EQ(Wallet(address), address);
    EXPECT_EQ(Wallet("bitcoin:" + std::string(address) + "?amount=1&label=x#y"), address);
    EXPECT_EQ(Wallet(std::string(address) + " (btc)", Scheme("bitcoin")), address);
    const bool shared = IsSharedValue(v1::IDENTIFIER_TYPE_WALLET, address);
    EXPECT_EQ(StandingOf(address), shared ? STANDING_SHARED_HOST : STANDING_NORMAL);
  }
}

TEST(Base58Check, IsHeldToItsChecksum) {
  EXPECT_EQ(Wallet("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"), "wallet.checksum");
  EXPECT_EQ(Wallet("LZF8mWMwJy3ijZSgi4AmTDBNkGKKxgPTqr", Scheme("ltc")), "wallet.checksum");
  EXPECT_EQ(Wallet("1A1zP1eP5QGefi2DMPTfTL5SLmv7Divf0O", Scheme("btc")), "wallet.checksum");
  EXPECT_EQ(Wallet("not an address", Scheme("btc")), "wallet.malformed");
}

TEST(Base58Check, PrivateKeysAreNoAddresses) {
  EXPECT_EQ(Wallet("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"), "wallet.unknown_format");
}

TEST(Base58, LeadingZeroBytesAreLeadingOnes) {
  EXPECT_EQ(Base58Decode("11", Base58Alphabet::kBitcoin), (std::vector<uint8_t>{0, 0}));
  EXPECT_EQ(Base58Decode("12", Base58Alphabet::kBitcoin), (std::vector<uint8_t>{0, 1}));
  EXPECT_EQ(Base58Decode("5R", Base58Alphabet::kBitcoin), (std::vector<uint8_t>{1, 0}));
  EXPECT_EQ(Base58Decode("rp", Base58Alphabet::kXrp), (std::vector<uint8_t>{0, 1}));
  EXPECT_EQ(Base58Decode("0", Base58Alphabet::kBitcoin), std::nullopt);
  EXPECT_EQ(Base58Decode(std::string(65, '1'), Base58Alphabet::kBitcoin), std::nullopt);
}

TEST(ByTag, XrpAddressesNeedATagToStandForOne) {
  for (std::string_view address : {"rrrrrrrrrrrrrrrrrrrrrhoLvTp", "rrrrrrrrrrrrrrrrrrrrBZbvji",
                                   "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"}) {
    EXPECT_EQ(Wallet(address), address);
    EXPECT_EQ(StandingOf(address), STANDING_UNTAGGED_WALLET);
    EXPECT_EQ(Wallet(address, Scheme("xrp", " 4711 ")), std::string(address) + "#4711");
    EXPECT_EQ(StandingOf(address, Scheme("xrp", "4711")), STANDING_NORMAL);
    EXPECT_EQ(Wallet(std::string(address) + "#4711"), std::string(address) + "#4711");
    EXPECT_EQ(Wallet(std::string(address) + "#4711", Scheme("xrp", "5")),
              std::string(address) + "#4711");
  }
  EXPECT_EQ(Wallet("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTi"), "wallet.checksum");
  EXPECT_EQ(Wallet("rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTi", Scheme("ripple")), "wallet.checksum");
}

TEST(ByTag, XAddressesHoldTheirTag) {
  EXPECT_EQ(StandingOf("XVLhHMPHU98es4dbozjVtdWzVrDjtV5fdx1mHp98tDMoQXb"),
            STANDING_UNTAGGED_WALLET);
  EXPECT_EQ(Wallet("XVLhHMPHU98es4dbozjVtdWzVrDjtV8AqEL4xcZj5whKbmc"),
            "XVLhHMPHU98es4dbozjVtdWzVrDjtV8AqEL4xcZj5whKbmc");
  EXPECT_EQ(StandingOf("XVLhHMPHU98es4dbozjVtdWzVrDjtV8AqEL4xcZj5whKbmc"), STANDING_NORMAL);
}

TEST(ByTag, ChainsAreKnownBySchemeOrForm) {
  constexpr std::string_view kStellar = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ";
  constexpr std::string_view kCosmos = "cosmos1fl48vsnmsdzcv85q5d2q4z5ajdha8yu34mf0eh";
  for (std::string_view address : {kStellar, kCosmos}) {
    EXPECT_EQ(Wallet(address), address);
    EXPECT_EQ(StandingOf(address), STANDING_UNTAGGED_WALLET) << address;
    EXPECT_EQ(StandingOf(std::string(address) + "#1"), STANDING_NORMAL) << address;
  }
  for (std::string_view scheme :
       {"ripple", "XRP", "stellar", "xlm", "ton", "eos", "cosmos", "ATOM"}) {
    std::string_view address =
        scheme == "ripple" || scheme == "XRP" ? "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh" : "anything";
    EXPECT_EQ(Wallet(address, Scheme(scheme)), address) << scheme;
    EXPECT_EQ(StandingOf(address, Scheme(scheme)), STANDING_UNTAGGED_WALLET) << scheme;
    EXPECT_EQ(Wallet(address, Scheme(scheme, "m 1")), std::string(address) + "#m 1") << scheme;
    EXPECT_EQ(StandingOf(address, Scheme(scheme, "m 1")), STANDING_NORMAL) << scheme;
  }
}

TEST(OtherChains, AddressesAreAsGiven) {
  EXPECT_EQ(Wallet(" AbsW4eYQ4PMgrQipKE8jaHGyHzNtcyKstoWGurmB2a2B ", Scheme("solana")),
            "AbsW4eYQ4PMgrQipKE8jaHGyHzNtcyKstoWGurmB2a2B");
  EXPECT_EQ(Wallet("AbsW4eYQ4PMgrQipKE8jaHGyHzNtcyKstoWGurmB2a2B"), "wallet.unknown_format");
  EXPECT_EQ(Wallet("kaspa:qAbc", Scheme("kaspa")), "qAbc");
  EXPECT_EQ(Wallet("0xABCDEF", Scheme("aptos")), "0xabcdef");
  EXPECT_EQ(Wallet("hello", Scheme("unknown")), "wallet.unknown_format");
}

TEST(Bech32, OfFewBytesIsNoAddress) {
  EXPECT_EQ(Wallet("A12UEL5L"), "wallet.unknown_format");
  EXPECT_EQ(Wallet("a1lqfn3a"), "wallet.unknown_format");
}

TEST(OtherChains, CashAddressesAreKnownByTheirChecksum) {
  constexpr std::string_view kAddress = "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a";
  EXPECT_EQ(Wallet("bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"), kAddress);
  EXPECT_EQ(Wallet("BITCOINCASH:QPM2QSZNHKS23Z7629MMS6S4CWEF74VCWVY22GDX6A"), kAddress);
  EXPECT_EQ(Wallet(kAddress, Scheme("bch")), kAddress);
  constexpr std::string_view kChanged = "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6q";
  EXPECT_EQ(Wallet(kChanged), "wallet.unknown_format");
  EXPECT_EQ(Wallet("bitcoincash:" + std::string(kChanged)), "wallet.checksum");
  EXPECT_EQ(Wallet(kChanged, Scheme("bitcoin-cash")), "wallet.checksum");
  EXPECT_EQ(Wallet("ask me", Scheme("bitcoin-cash")), "wallet.malformed");
  EXPECT_EQ(Wallet("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Scheme("bitcoin-cash")),
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa");
}

TEST(Wallets, ATagMayBeText) {
  EXPECT_EQ(Wallet("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Scheme("bitcoin", "a#b?c")),
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa#a#b?c");
  EXPECT_EQ(Wallet("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa#a#b?c"),
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa#a#b?c");
  EXPECT_EQ(Wallet("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Scheme("", "\xff")), "wallet.not_utf8");
  EXPECT_EQ(Wallet("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Scheme("", std::string(2048, 'a'))),
            "wallet.too_long");
  EXPECT_EQ(Wallet("bitcoin:"), "wallet.empty");
}

}  // namespace
}  // namespace ringfence::identifiers
