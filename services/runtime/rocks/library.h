#pragma once

#include <string>

namespace ringfence::runtime {

// The RocksDB that is linked.
struct RocksLibrary {
  std::string version;
  // Its own checks are compiled in, as in Debian's package: built without NDEBUG.
  bool has_assertions = false;
};
RocksLibrary LinkedRocks();

}  // namespace ringfence::runtime
