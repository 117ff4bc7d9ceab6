#pragma once

#include <cstddef>
#include <memory>

namespace ringfence::runtime {

// Memory that all databases of a process share: blocks that were read, and what has not been
// flushed yet.
class RocksMemory;

struct MemoryBudget {
  size_t cache_bytes = size_t{96} << 20;
  size_t memtable_bytes = size_t{128} << 20;
};

// Databases keep it alive as long as they need it.
std::shared_ptr<RocksMemory> MakeRocksMemory(const MemoryBudget& budget);

}  // namespace ringfence::runtime
