#include "services/ringfence/sample/random.h"

#include <numeric>

namespace ringfence::sample {

Shuffled::Shuffled(uint64_t size, Random& random) : size_(size), shift_(random.Below(size)) {
  do {
    factor_ = random.Below(uint64_t{1} << 31) | 1;
  } while (std::gcd(factor_, size_) != 1);
}

}  // namespace ringfence::sample
