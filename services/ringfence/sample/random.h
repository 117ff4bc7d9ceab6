#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ringfence::sample {

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers for a seed on every machine, which the
// distributions of <random> do not promise. No floating point for the same reason.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  // 0 ... n-1; `n` from 1 to 2^32. What it prefers, by 1 in 2^32 / n, nobody sees.
  uint32_t Below(uint64_t n) { return static_cast<uint32_t>(((Next() >> 32) * n) >> 32); }
  // lowest ... highest, of any size.
  int64_t Between(int64_t lowest, int64_t highest) {
    return lowest + static_cast<int64_t>(Next() % static_cast<uint64_t>(highest - lowest + 1));
  }
  bool Chance(uint32_t permille) { return Below(1'000) < permille; }

  template <typename T, size_t kSize>
  const T& Pick(const T (&choices)[kSize]) {
    return choices[Below(kSize)];
  }
  template <typename T, size_t kSize>
  const T& Pick(const std::array<T, kSize>& choices) {
    return choices[Below(kSize)];
  }

  // An index, each as often as its weight says. The sum of the weights must be 1 to 2^32.
  size_t Weighted(std::span<const uint32_t> weights) {
    uint64_t sum = 0;
    for (uint32_t weight : weights) sum += weight;
    uint64_t left = Below(sum);
    size_t index = 0;
    while (left >= weights[index]) left -= weights[index++];
    return index;
  }

 private:
  uint64_t state_;
};

// All of 0 ... size-1 in an order that looks like none: number i of it is At(i). Needs no memory.
class Shuffled {
 public:
  // `size` from 1 to 2^32.
  Shuffled(uint64_t size, Random& random);

  uint64_t At(uint64_t index) const { return (index % size_ * factor_ + shift_) % size_; }
  uint64_t size() const { return size_; }

 private:
  uint64_t size_;
  // Below 2^31 and without a common divisor with the size: so that i -> i * factor is one to one.
  uint64_t factor_;
  uint64_t shift_;
};

}  // namespace ringfence::sample
