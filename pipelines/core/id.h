#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/numeric/int128.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::core {

// 16 bytes: an identifier id (canonical-forms, "Identifier id"), a report or an incident. Kept as
// big-endian halves, so that comparing halves compares bytes.
struct Id {
  uint64_t hi = 0;
  uint64_t lo = 0;

  auto operator<=>(const Id&) const = default;
  bool IsZero() const { return hi == 0 && lo == 0; }

  std::string Bytes() const;              // 16 bytes
  void AppendTo(std::string& out) const;  // the same, appended
  std::string Hex() const;                // 32 lower-case digits
  // `bytes` must hold at least 16 bytes.
  static Id FromBytes(std::string_view bytes);

  template <typename H>
  friend H AbslHashValue(H h, const Id& id) {
    return H::combine(std::move(h), id.hi, id.lo);
  }
};

using Sha256Digest = std::array<uint8_t, 32>;
Sha256Digest Sha256(std::string_view data);

// The type number, then the first 15 bytes of SHA-256(decimal type number || 0x00 || canonical
// value).
Id IdentifierId(v1::IdentifierType type, std::string_view canonical_value);
inline v1::IdentifierType TypeOf(const Id& id) {
  return static_cast<v1::IdentifierType>(id.hi >> 56);
}

// First 16 bytes of SHA-256(partner || 0x00 || report_id).
Id ReportKey(std::string_view partner, std::string_view report_id);

// The partition of a mailbox that `key` belongs to. Uses bytes that are uniformly distributed.
uint32_t PartitionOf(const Id& key, uint32_t partitions);

// UUIDv5 (RFC 9562) of `type`, `value` and `epoch` in the namespace of the deployment called
// `deployment`, as canonical-forms has it ("Indicator id"). The namespace costs a hash: keep the
// object.
class IndicatorNamespace {
 public:
  explicit IndicatorNamespace(std::string_view deployment);
  std::string IndicatorId(v1::IdentifierType type, std::string_view value, uint32_t epoch) const;
  // The deployment's own namespace, as text.
  std::string Uuid() const;

 private:
  std::array<uint8_t, 16> namespace_;
};

// Sums modulo 2^128 of the first 16 bytes of SHA-256 over members, order does not matter: set
// digests and campaign fingerprints.
class SetSum {
 public:
  void Add(std::string_view member);
  void Remove(std::string_view member);
  // All of a set that has no member in common with this one.
  void AddAll(const SetSum& other) { sum_ += other.sum_; }
  std::string Bytes() const;  // 16 bytes, big-endian
  std::string Hex() const;
  bool operator==(const SetSum&) const = default;
  static SetSum FromBytes(std::string_view bytes);
  // As one member of a set digest / of a campaign's fingerprint.
  static std::string DigestMember(std::string_view indicator_id, uint64_t revision);
  static std::string FingerprintMember(v1::IdentifierType type, std::string_view value);

 private:
  absl::uint128 sum_ = 0;
};

}  // namespace ringfence::core
