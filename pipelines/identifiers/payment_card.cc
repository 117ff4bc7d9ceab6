#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {

// Known by its token only: a raw number is never stored.
Normalised NormalisePaymentCard(std::string_view, const Hints&) {
  return Refused("payment_card.raw_refused");
}

}  // namespace ringfence::identifiers
