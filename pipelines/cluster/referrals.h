#pragma once

#include "pipelines/core/stage.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// Writes what dedupe has frozen for referrals into `indicators`, and removes what is let go. Keeps
// nothing of a hold that stands. Of one that is being lifted it remembers that for a while, so that
// late copies of messages bring nothing back, and so that what a late writer has left in
// `indicators` is removed once it is asked about. A lifted hold does not come back.
//
// Table of the state: 'l' hold (16)   StoredHold with only `forget_at`
void PassOnReferrals(const internal::v1::Envelope& messages, core::State& state, core::Time now,
                     core::Output& output);

}  // namespace ringfence::cluster
