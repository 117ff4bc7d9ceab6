#pragma once

#include <string>
#include <vector>

#include "services/runtime/config/config.h"

namespace ringfence::runtime {

struct Breach {
  std::string setting;
  std::string why;
};

// What no setting says alone: which must be there for `service`, and which do not go together.
std::vector<Breach> BrokenRules(const Config& config, Service service);

}  // namespace ringfence::runtime
