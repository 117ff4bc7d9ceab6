#pragma once

#include "services/runtime/interrupt.h"

namespace ringfence::cli {

using runtime::Interrupt;

}  // namespace ringfence::cli
