#pragma once

#include <vector>

#include "pipelines/intake/occurrences.h"
#include "pipelines/intake/reading.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::intake {

// What the report's payments say, in their order, with those payees and references that are among
// `usable`. A payment of which neither payee, reference nor amount can be used is left out.
std::vector<internal::v1::PaymentFact> ReadPaymentFacts(const std::vector<Occurrence>& usable,
                                                        Reading& reading);

}  // namespace ringfence::intake
