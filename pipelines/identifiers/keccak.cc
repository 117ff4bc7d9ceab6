#include "pipelines/identifiers/keccak.h"

#include <bit>
#include <cstddef>

namespace ringfence::identifiers {
namespace {

// FIPS 202, section 3: 25 lanes of 64 bits, lane (x, y) at x + 5 y.
using State = std::array<uint64_t, 25>;

constexpr size_t kRateBytes = 136;

constexpr uint64_t kRoundConstants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

void Theta(State& state) {
  uint64_t parity[5];
  for (size_t x = 0; x < 5; ++x) {
    parity[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
  }
  for (size_t x = 0; x < 5; ++x) {
    uint64_t change = parity[(x + 4) % 5] ^ std::rotl(parity[(x + 1) % 5], 1);
    for (size_t y = 0; y < 25; y += 5) state[x + y] ^= change;
  }
}

// The lanes moved along one cycle of 24, each turned by the triangular numbers.
void RhoAndPi(State& state) {
  size_t x = 1;
  size_t y = 0;
  uint64_t lane = state[x];
  for (int t = 0; t < 24; ++t) {
    size_t next = (2 * x + 3 * y) % 5;
    x = y;
    y = next;
    uint64_t displaced = state[x + 5 * y];
    state[x + 5 * y] = std::rotl(lane, (t + 1) * (t + 2) / 2 % 64);
    lane = displaced;
  }
}

void Chi(State& state) {
  for (size_t y = 0; y < 25; y += 5) {
    uint64_t row[5];
    for (size_t x = 0; x < 5; ++x) row[x] = state[x + y];
    for (size_t x = 0; x < 5; ++x) state[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
  }
}

void Permute(State& state) {
  for (uint64_t constant : kRoundConstants) {
    Theta(state);
    RhoAndPi(state);
    Chi(state);
    state[0] ^= constant;
  }
}

void AddByte(State& state, size_t at, uint8_t byte) {
  state[at / 8] ^= static_cast<uint64_t>(byte) << (8 * (at % 8));
}

}  // namespace

std::array<uint8_t, 32> Keccak256(std::string_view data) {
  State state{};
  size_t at = 0;
  for (char c : data) {
    AddByte(state, at, static_cast<uint8_t>(c));
    if (++at == kRateBytes) {
      Permute(state);
      at = 0;
    }
  }
  AddByte(state, at, 0x01);
  AddByte(state, kRateBytes - 1, 0x80);
  Permute(state);
  std::array<uint8_t, 32> digest;
  for (size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<uint8_t>(state[i / 8] >> (8 * (i % 8)));
  }
  return digest;
}

}  // namespace ringfence::identifiers
