#pragma once

#include "pipelines/cluster/base.h"
#include "pipelines/core/place.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// Compares what stands in `indicators` with what the base, brought up to date to `now`, knows.
// Marks the listing to be sent again, at `place`, where its last version is later, or where only
// one of the two has it in the set; an identifier that nothing is known of gets a listing to be
// sent as a removal. True if there is something to send.
bool Recheck(Base& base, const internal::v1::Recheck& recheck, core::Time now, core::Place place,
             core::State& state);

}  // namespace ringfence::cluster
