#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <random>
#include <vector>

namespace ringfence::sim {

// Everything random in a simulation comes from one of these: the same seed gives the same run with
// every standard library.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // Below `end`, which must be above 0. The bias of a modulo of 64 bits does not matter here.
  uint64_t Below(uint64_t end) { return engine_() % end; }
  // Both ends included.
  int64_t Between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(Below(static_cast<uint64_t>(most - least + 1)));
  }
  bool Chance(double probability) { return Unit() < probability; }
  // In [0, 1).
  double Unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  template <typename T>
  T Pick(std::initializer_list<T> values) {
    return *std::next(values.begin(), static_cast<std::ptrdiff_t>(Below(values.size())));
  }
  template <typename T>
  const T& Pick(const std::vector<T>& values) {
    return values[Below(values.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace ringfence::sim
