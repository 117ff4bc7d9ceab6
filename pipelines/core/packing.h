#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ringfence::core {

// Numbers packed one after the other, for what is sent and stored so often that a protobuf's
// objects would cost more than its contents do. Who reads must know what was written: there are no
// tags. Small numbers take one byte, hashes eight.
class Packer {
 public:
  // Appends to `out`, which must outlive it.
  explicit Packer(std::string& out) : out_(out) {}

  void Byte(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void Number(uint64_t value) {
    while (value >= 0x80) {
      Byte(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    Byte(static_cast<uint8_t>(value));
  }
  // Small ones take one byte, whatever their sign.
  void Signed(int64_t value) {
    Number((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  // Little-endian.
  void Hash(uint64_t value) {
    char bytes[sizeof value];
    for (size_t i = 0; i < sizeof value; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
    out_.append(bytes, sizeof value);
  }

 private:
  std::string& out_;
};

// Reads what a Packer wrote. Of damaged bytes it reads zeroes from where they end on, and `ok` is
// false: to be asked before anything is done with what was read.
class Unpacker {
 public:
  // A view: the bytes must outlive it.
  explicit Unpacker(std::string_view bytes) : left_(bytes) {}

  bool ok() const { return ok_; }
  // All has been read, or the bytes are damaged.
  bool empty() const { return left_.empty(); }

  uint8_t Byte() {
    if (left_.empty()) return Fail();
    const auto value = static_cast<uint8_t>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }
  // As Number; what does not fit is damage.
  uint32_t Number32() {
    const uint64_t value = Number();
    return value <= UINT32_MAX ? static_cast<uint32_t>(value) : Fail();
  }
  int64_t Signed() {
    const uint64_t bits = Number();
    return static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
  }
  int32_t Signed32() {
    const int64_t value = Signed();
    return value == static_cast<int32_t>(value) ? static_cast<int32_t>(value) : Fail();
  }
  uint64_t Hash() {
    uint64_t value = 0;
    if (left_.size() < sizeof value) return Fail();
    for (size_t i = 0; i < sizeof value; ++i) {
      value |= static_cast<uint64_t>(static_cast<uint8_t>(left_[i])) << (8 * i);
    }
    left_.remove_prefix(sizeof value);
    return value;
  }

  // What was read is none of what is written: as if the bytes ended.
  uint8_t Fail() {
    ok_ = false;
    left_ = {};
    return 0;
  }

 private:
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace ringfence::core
