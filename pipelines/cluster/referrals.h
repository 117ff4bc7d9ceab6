#pragma once

#include "pipelines/core/stage.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// Writes what dedupe has frozen for referrals into `indicators`, and removes what is let go. Keeps
// nothing.
void PassOnReferrals(const internal::v1::Envelope& messages, core::Output& output);

}  // namespace ringfence::cluster
