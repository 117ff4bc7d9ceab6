#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// Check digits and checksums of made-up values.
namespace ringfence::sample {

// The IBAN of an account (`bban`: letters and digits, upper case) in `country`: check digits by
// ISO 7064, mod 97-10.
std::string MakeIban(std::string_view country, std::string_view bban);

// The ninth digit of an ABA routing number (weights 3, 7, 1).
char AbaCheckDigit(std::string_view eight_digits);

enum class Base58Alphabet { kBitcoin, kRipple };
// Base58Check: `payload` (version and hash) with the first four bytes of its double SHA-256.
std::string Base58Check(std::span<const uint8_t> payload, Base58Alphabet alphabet);

// The version 0 segregated witness address of a 20-byte program (BIP-173), prefix "bc".
std::string Bech32Address(std::span<const uint8_t, 20> program);

}  // namespace ringfence::sample
