#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "tests/bench/cpu_seconds.h"

namespace ringfence::bench {

// Each prints what it found; arguments in main.
int Fanout(int subscribers, int stuck, int changes_per_second, int seconds);
int Removals(int rounds);
int ListSizes(const std::vector<uint64_t>& sizes);

inline double ResidentMib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

}  // namespace ringfence::bench
