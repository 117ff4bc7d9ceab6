#pragma once

#include "services/runtime/metrics.h"

namespace ringfence::runtime {

// Says in the log and in a metric which release runs, and with which RocksDB. `name`: of the
// program.
void ReportBuild(const char* name, Metrics& metrics);

// "0.1.0".
const char* Release();

}  // namespace ringfence::runtime
