#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/place.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "pipelines/dedupe/join_store.h"
#include "pipelines/dedupe/post.h"
#include "pipelines/dedupe/verdicts.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::dedupe {

// What a referral may know of a revision that neither it nor its report's standing keeps from it:
// nothing where it may never stand in one (REFERRAL_NEVER), or has nothing to do with the members.
// `revision` as it speaks (Verdicts::Decide), `partner` who sent it. A report counts where at
// `hold.at` a member bears its incident.
std::optional<internal::v1::ReferralReport> DescribeForReferral(
    const internal::v1::ReportRevision& revision, const std::string& partner,
    const core::Id& report, const core::Id& incident, const internal::v1::IncidentBearers& bearers,
    const internal::v1::ReferralHold& hold);

// Legal holds. A hold keeps a copy of each report behind a campaign as it stood when the hold
// reached it, whatever becomes of the report: it is revised, retracted, or expires as it would
// have. Copies change nothing that is published. Tells `cluster` of each, and that it has told all,
// in messages that publish makes packs of. A bounded number of reports at a time; it goes on by
// messages to itself.
//
// A hold is gone through once: what it froze follows from the mailbox alone, so that after a crash
// the same is taken at the same places. Holds must come in the order of their places, but for
// copies: one that was lifted does not come back, though it is forgotten after a while.
//
// Tables of the state, beside those of Dedupe:
//   'h' hold (16)               StoredHold
//   'k' hold (16) report (16)   StoredHeld
//   'v' hold (16)               nothing: it is at work on this one
//   'f'                         StoredHold with only the place of the last that was forgotten
class Holds {
 public:
  // All must outlive it.
  Holds(core::State& state, JoinStore& store, Post& post, const Verdicts& verdicts,
        uint32_t partition, size_t reports_max);

  // Older than what is held: nothing happens.
  void Apply(const internal::v1::ReferralHold& hold, core::Time now);
  void GoOn(core::Time now);

 private:
  void Put(const internal::v1::StoredHold& stored);
  std::optional<internal::v1::StoredHold> Find(std::string_view hold_id) const;
  void ForgetLifted(core::Time now);
  core::Place ForgottenUntil() const;
  // True once there is nothing left to do.
  bool TakeReports(internal::v1::StoredHold& stored, core::Time now);
  bool LetGo(internal::v1::StoredHold& stored);
  void Take(internal::v1::StoredHold& stored, const core::Id& id, core::Time now);

  core::State& state_;
  JoinStore& store_;
  Post& post_;
  const Verdicts& verdicts_;
  const uint32_t partition_;
  const size_t reports_max_;
};

}  // namespace ringfence::dedupe
