#include "services/ringfence/sample/checksums.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace ringfence::sample {
namespace {

template <size_t kSize>
std::array<uint8_t, kSize> Bytes(std::string_view hex) {
  std::array<uint8_t, kSize> bytes{};
  for (size_t i = 0; i < kSize; ++i) {
    bytes[i] = static_cast<uint8_t>(std::stoi(std::string(hex.substr(2 * i, 2)), nullptr, 16));
  }
  return bytes;
}

TEST(Checksums, IbansOfTheRegistry) {
  EXPECT_EQ(MakeIban("GB", "WEST12345698765432"), "GB82WEST12345698765432");
  EXPECT_EQ(MakeIban("DE", "370400440532013000"), "DE89370400440532013000");
  EXPECT_EQ(MakeIban("NL", "ABNA0417164300"), "NL91ABNA0417164300");
}

TEST(Checksums, RoutingNumbers) {
  EXPECT_EQ(AbaCheckDigit("02100002"), '1');
  EXPECT_EQ(AbaCheckDigit("11100002"), '5');
}

TEST(Checksums, BitcoinsFirstAddress) {
  EXPECT_EQ(Base58Check(Bytes<21>("0062e907b15cbf27d5425399ebf6f0fb50ebb88f18"),
                        Base58Alphabet::kBitcoin),
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa");
}

TEST(Checksums, RipplesAccountZero) {
  EXPECT_EQ(
      Base58Check(Bytes<21>("000000000000000000000000000000000000000000"), Base58Alphabet::kRipple),
      "rrrrrrrrrrrrrrrrrrrrrhoLvTp");
}

TEST(Checksums, WitnessAddressOfBip173) {
  EXPECT_EQ(Bech32Address(Bytes<20>("751e76e8199196d454941c45d1b3a323f1433bd6")),
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4");
}

}  // namespace
}  // namespace ringfence::sample
