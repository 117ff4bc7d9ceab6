#pragma once

#include <string>

namespace ringfence::gateway {

// openapi.json beside this, as it was when this was built.
std::string OpenApi();

}  // namespace ringfence::gateway
