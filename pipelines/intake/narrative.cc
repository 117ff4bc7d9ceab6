#include "pipelines/intake/narrative.h"

#include <array>
#include <bit>
#include <deque>
#include <string>

#include "absl/strings/ascii.h"
#include "pipelines/core/id.h"

namespace ringfence::intake {
namespace {

constexpr size_t kWordsOfShingle = 3;
constexpr std::string_view kDomain = "ringfence-narrative-v1";

// Bytes beyond ASCII are parts of letters; a full stop within is that of a host or an amount.
bool IsOfWord(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '@' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool Counts(std::string_view word) {
  for (char c : word) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '@') return false;
  }
  return !word.empty();
}

uint64_t ReadLittleEndian(std::string_view bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < bytes.size() && i < 8; ++i) {
    number |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return number;
}

}  // namespace

NarrativeFingerprints::NarrativeFingerprints(const TokenKey& key) {
  std::string text(kDomain);
  text.push_back('\0');
  text.append(reinterpret_cast<const char*>(key.secret.data()), key.secret.size());
  const core::Sha256Digest digest = core::Sha256(text);
  const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
  key_[0] = ReadLittleEndian(bytes);
  key_[1] = ReadLittleEndian(bytes.substr(8));
}

// SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012).
uint64_t NarrativeFingerprints::Hash(std::string_view shingle) const {
  uint64_t v0 = key_[0] ^ 0x736f6d6570736575;
  uint64_t v1 = key_[1] ^ 0x646f72616e646f6d;
  uint64_t v2 = key_[0] ^ 0x6c7967656e657261;
  uint64_t v3 = key_[1] ^ 0x7465646279746573;
  auto rounds = [&](int count) {
    for (; count > 0; --count) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  };
  const size_t size = shingle.size();
  for (size_t i = 0; i + 8 <= size; i += 8) {
    const uint64_t block = ReadLittleEndian(shingle.substr(i, 8));
    v3 ^= block;
    rounds(2);
    v0 ^= block;
  }
  const uint64_t last =
      ReadLittleEndian(shingle.substr(size - size % 8)) | static_cast<uint64_t>(size) << 56;
  v3 ^= last;
  rounds(2);
  v0 ^= last;
  v2 ^= 0xff;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}

uint64_t NarrativeFingerprints::Of(std::string_view narrative) const {
  std::array<int, 64> balance{};
  std::deque<std::string> words;
  int shingles = 0;
  size_t at = 0;
  while (at < narrative.size()) {
    size_t end = at;
    while (end < narrative.size() && IsOfWord(narrative[end])) ++end;
    const std::string_view word = narrative.substr(at, end - at);
    at = end + 1;
    if (!Counts(word)) continue;
    words.push_back(absl::AsciiStrToLower(absl::string_view(word.data(), word.size())));
    if (words.size() > kWordsOfShingle) words.pop_front();
    if (words.size() < kWordsOfShingle) continue;
    const uint64_t hash = Hash(words[0] + ' ' + words[1] + ' ' + words[2]);
    ++shingles;
    for (size_t bit = 0; bit < balance.size(); ++bit) balance[bit] += hash >> bit & 1 ? 1 : -1;
  }
  if (shingles < kShinglesMin) return 0;
  uint64_t fingerprint = 0;
  for (size_t bit = 0; bit < balance.size(); ++bit) {
    if (balance[bit] > 0) fingerprint |= uint64_t{1} << bit;
  }
  return fingerprint;
}

}  // namespace ringfence::intake
