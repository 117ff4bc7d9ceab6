#include "services/runtime/rocks/library.h"

#include <rocksdb/version.h>

namespace rocksdb {

// A part of RocksDB that is there only where it was built without NDEBUG, and is in none of its
// installed headers; null where it is not there.
class SyncPoint {
 public:
  [[gnu::weak]] static SyncPoint* GetInstance();
};

}  // namespace rocksdb

namespace ringfence::runtime {

RocksLibrary LinkedRocks() {
  return {.version = rocksdb::GetRocksVersionAsString(),
          .has_assertions = &rocksdb::SyncPoint::GetInstance != nullptr};
}

}  // namespace ringfence::runtime
