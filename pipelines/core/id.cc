#include "pipelines/core/id.h"

#include <openssl/evp.h>

#include <cstring>

#include "absl/strings/escaping.h"

namespace ringfence::core {
namespace {

uint64_t LoadBigEndian(const uint8_t* bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

void AppendBigEndian(uint64_t value, std::string& out) {
  char bytes[8];
  for (size_t i = 0; i < sizeof bytes; ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i));
  out.append(bytes, sizeof bytes);
}

std::string WithSeparators(std::string_view a, std::string_view b) {
  std::string joined(a);
  joined.push_back('\0');
  joined.append(b);
  return joined;
}

std::string ToHex(std::string_view bytes) {
  return std::string(absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size())));
}

// Fetching an algorithm and making a context cost more than hashing a short text does: both are
// kept.
struct Hasher {
  explicit Hasher(const char* name)
      : algorithm(EVP_MD_fetch(nullptr, name, nullptr)), context(EVP_MD_CTX_new()) {}
  ~Hasher() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void Digest(std::string_view data, uint8_t* digest) {
    EVP_DigestInit_ex2(context, algorithm, nullptr);
    EVP_DigestUpdate(context, data.data(), data.size());
    EVP_DigestFinal_ex(context, digest, nullptr);
  }

  EVP_MD* algorithm;
  EVP_MD_CTX* context;
};

std::array<uint8_t, 16> UuidV5(const std::array<uint8_t, 16>& space, std::string_view name) {
  std::string data(reinterpret_cast<const char*>(space.data()), space.size());
  data.append(name);
  thread_local Hasher sha1("SHA1");
  std::array<uint8_t, 20> digest;
  sha1.Digest(data, digest.data());
  std::array<uint8_t, 16> uuid;
  std::memcpy(uuid.data(), digest.data(), uuid.size());
  uuid[6] = static_cast<uint8_t>((uuid[6] & 0x0f) | 0x50);
  uuid[8] = static_cast<uint8_t>((uuid[8] & 0x3f) | 0x80);
  return uuid;
}

std::string UuidText(const std::array<uint8_t, 16>& uuid) {
  std::string text =
      ToHex(std::string_view(reinterpret_cast<const char*>(uuid.data()), uuid.size()));
  for (size_t position : {20u, 16u, 12u, 8u}) text.insert(position, "-");
  return text;
}

// The namespace of all deployments' namespaces: cef3cf10-3efe-5c85-a8ed-2dc5fe518417.
constexpr std::array<uint8_t, 16> kRingfenceNamespace = {
    0xce, 0xf3, 0xcf, 0x10, 0x3e, 0xfe, 0x5c, 0x85, 0xa8, 0xed, 0x2d, 0xc5, 0xfe, 0x51, 0x84, 0x17};

absl::uint128 First16(const Sha256Digest& digest) {
  return absl::MakeUint128(LoadBigEndian(digest.data()), LoadBigEndian(digest.data() + 8));
}

}  // namespace

std::string Id::Bytes() const {
  std::string bytes;
  bytes.reserve(16);
  AppendTo(bytes);
  return bytes;
}

void Id::AppendTo(std::string& out) const {
  AppendBigEndian(hi, out);
  AppendBigEndian(lo, out);
}

std::string Id::Hex() const { return ToHex(Bytes()); }

Id Id::FromBytes(std::string_view bytes) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  return {LoadBigEndian(data), LoadBigEndian(data + 8)};
}

Sha256Digest Sha256(std::string_view data) {
  thread_local Hasher sha256("SHA256");
  Sha256Digest digest;
  sha256.Digest(data, digest.data());
  return digest;
}

Id IdentifierId(v1::IdentifierType type, std::string_view canonical_value) {
  Sha256Digest digest =
      Sha256(WithSeparators(std::to_string(static_cast<int>(type)), canonical_value));
  std::string bytes(1, static_cast<char>(type));
  bytes.append(reinterpret_cast<const char*>(digest.data()), 15);
  return Id::FromBytes(bytes);
}

Id ReportKey(std::string_view partner, std::string_view report_id) {
  Sha256Digest digest = Sha256(WithSeparators(partner, report_id));
  return {LoadBigEndian(digest.data()), LoadBigEndian(digest.data() + 8)};
}

uint32_t PartitionOf(const Id& key, uint32_t partitions) {
  return static_cast<uint32_t>(key.lo % partitions);
}

IndicatorNamespace::IndicatorNamespace(std::string_view deployment)
    : namespace_(UuidV5(kRingfenceNamespace, deployment)) {}

std::string IndicatorNamespace::IndicatorId(v1::IdentifierType type, std::string_view value,
                                            uint32_t epoch) const {
  std::string name = WithSeparators(std::to_string(static_cast<int>(type)), value);
  return UuidText(UuidV5(namespace_, WithSeparators(name, std::to_string(epoch))));
}

std::string IndicatorNamespace::Uuid() const { return UuidText(namespace_); }

void SetSum::Add(std::string_view member) { sum_ += First16(Sha256(member)); }
void SetSum::Remove(std::string_view member) { sum_ -= First16(Sha256(member)); }

std::string SetSum::Bytes() const {
  std::string bytes;
  AppendBigEndian(absl::Uint128High64(sum_), bytes);
  AppendBigEndian(absl::Uint128Low64(sum_), bytes);
  return bytes;
}

std::string SetSum::Hex() const { return ToHex(Bytes()); }

SetSum SetSum::FromBytes(std::string_view bytes) {
  SetSum sum;
  Id halves = Id::FromBytes(bytes);
  sum.sum_ = absl::MakeUint128(halves.hi, halves.lo);
  return sum;
}

std::string SetSum::DigestMember(std::string_view indicator_id, uint64_t revision) {
  return WithSeparators(indicator_id, std::to_string(revision));
}

std::string SetSum::FingerprintMember(v1::IdentifierType type, std::string_view value) {
  return WithSeparators(std::to_string(static_cast<int>(type)), value);
}

}  // namespace ringfence::core
