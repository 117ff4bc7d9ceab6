#include "services/runtime/build_info.h"

#include "services/runtime/logging.h"
#include "services/runtime/rocks/library.h"

namespace ringfence::runtime {

void ReportBuild(const char* name, Metrics& metrics) {
  const RocksLibrary rocks = LinkedRocks();
  const char* assertions = rocks.has_assertions ? "on" : "off";
  metrics.Set(Metric::kBuildInfo,
              {{"version", RINGFENCE_VERSION},
               {"rocksdb", rocks.version},
               {"rocksdb_assertions", assertions}},
              1);
  LogLine(LogLevel::kInfo, "starting",
          {{"program", name},
           {"version", RINGFENCE_VERSION},
           {"rocksdb", rocks.version},
           {"rocksdb_assertions", assertions}});
}

const char* Release() { return RINGFENCE_VERSION; }

}  // namespace ringfence::runtime
