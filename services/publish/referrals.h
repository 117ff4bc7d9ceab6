#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/referral/dossier.h"
#include "ringfence/v1/admin_service.pb.h"
#include "services/publish/audit_sink.h"
#include "services/publish/decision_book.h"
#include "services/publish/publisher.h"
#include "services/runtime/clock.h"
#include "services/runtime/identity/caller.h"

namespace ringfence::publish {

// Referral packs and the legal holds that come with them (ops/referrals.md). A pack is frozen by a
// record in the topic of overrides, which is its position; dedupe answers it with what the reports
// behind the campaign say, through `indicators`; from both the pack is made, as often as it is
// asked for. Thread-safe.
//
// kInvalidArgument begins with the name of the field that is wrong.
class Referrals {
 public:
  struct Options {
    runtime::Clock clock;
    std::string deployment = "local";
    std::string release;
    // Of the deployment's names: aliases are made under a key that follows from it.
    campaigns::NamingKey key = {};
    uint32_t dedupe_partitions = 1;
    // May be null: acts are not written down.
    AuditSink* audit = nullptr;
    size_t indicators_max = 20'000;
    size_t holds_max = 200;
    // How long dedupe may take to answer.
    std::chrono::seconds gather_within{60};
  };
  // All must outlive it.
  Referrals(Options options, DecisionBook& book, const Publisher& publisher);

  struct Pack {
    std::string campaign_id;
    std::string position;
    // ZIP.
    std::string archive;
  };
  // Waits until the pack is whole, but no longer than `stopped` says no, which may be null:
  // kCancelled then. kNotFound where there is no such campaign, or no hold at the position, that
  // the caller may see; kResourceExhausted where too many holds stand or the campaign is too large;
  // kUnavailable where dedupe has not answered in time, or the set is not complete yet: the hold
  // stands in the first case, and the message has the position to ask for again.
  absl::StatusOr<Pack> Create(const v1::CreateReferralRequest& request,
                              const runtime::Caller& caller,
                              const std::function<bool()>& stopped = nullptr);
  v1::ListHoldsResponse List() const;
  absl::Status Lift(const v1::LiftHoldRequest& request, const std::string& who);

 private:
  absl::StatusOr<DecisionBook::Referral> Freeze(const v1::CreateReferralRequest& request,
                                                const runtime::Caller& caller);
  absl::StatusOr<DecisionBook::Referral> Find(const v1::CreateReferralRequest& request,
                                              const runtime::Caller& caller) const;
  absl::StatusOr<referral::Dossier> Gather(const DecisionBook::Referral& held,
                                           const std::function<bool()>& stopped) const;
  absl::Status WriteDown(const std::string& who, const std::string& what,
                         const std::string& subject, const std::string& why,
                         const std::string& reference);

  const Options options_;
  DecisionBook& book_;
  const Publisher& publisher_;
  const referral::Aliases aliases_;
};

}  // namespace ringfence::publish
