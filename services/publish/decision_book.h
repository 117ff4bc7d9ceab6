#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/core/id.h"
#include "ringfence/internal/v1/decision.pb.h"
#include "services/publish/override_table.h"
#include "services/runtime/clock.h"
#include "services/runtime/log/log.h"

namespace ringfence::publish {

// Operators' decisions: what stands in the topic of overrides, and the way from there into the
// mailboxes of dedupe and cluster. Reads the topic from its start, keeps what holds in memory, and
// passes on what has not been passed on by any book yet. A record's place is its offset, so that
// what two books, or one after a crash, pass on twice does nothing the second time.
//
// Thread-safe. One thread of its own, which ends with it.
class DecisionBook {
 public:
  struct Options {
    // Of the two mailboxes.
    uint32_t dedupe_partitions = 1;
    uint32_t cluster_partitions = 1;
    runtime::Clock clock;
  };
  // `log` must outlive it and hold the topic. Returns once all that the topic held is known.
  static absl::StatusOr<std::unique_ptr<DecisionBook>> Start(const Options& options,
                                                             runtime::Log& log);
  ~DecisionBook();

  // Durable, and in what List and Find give, when it returns. `record` holds one override,
  // canonical (override_check.h), or its removal.
  absl::Status Put(internal::v1::DecisionRecord record);
  absl::Status Retract(internal::v1::DecisionRecord record);
  // Nothing where the same list already holds.
  absl::Status SetOrganisations(internal::v1::Organisations organisations);
  // `policy` must be complete (policy_file.h). Nothing where the same already holds.
  absl::Status SetPolicy(internal::v1::Policy policy);
  // `record` holds a decision about held reports.
  absl::Status DecideHeld(internal::v1::DecisionRecord record);
  // The consumer takes the set from now on; nothing where that is known. kResourceExhausted where
  // there are too many.
  absl::Status NoteReceiver(const std::string& receiver);

  // Freezes a referral, whose hold's id is new: `chunks` hold its indicators.
  absl::Status Freeze(internal::v1::DecisionRecord record,
                      std::vector<internal::v1::ReferralMembers> chunks);
  // kNotFound where there is no such hold.
  absl::Status Lift(const std::string& hold_id, const std::string& by, const std::string& reason);

  // A referral that is frozen, without its members, and where it and its chunks stand in the topic.
  struct Referral {
    internal::v1::ReferralFreeze freeze;
    int64_t offset = 0;
    std::vector<int64_t> chunks;
  };
  // Those whose hold has not been lifted, in the order of the topic.
  std::vector<Referral> Referrals() const;
  std::optional<Referral> FindReferral(const std::string& hold_id) const;
  // Its indicators, from the topic.
  absl::StatusOr<std::vector<v1::Indicator>> MembersOf(const Referral& referral) const;

  // What holds now, by the id of (type, value); the first `max` behind `after`.
  std::vector<v1::Override> List(const std::optional<core::Id>& after, size_t max) const;
  // Those that cover an identifier: its own, and ranges that it is in. Looks through all.
  std::vector<v1::Override> Covering(v1::IdentifierType type, const std::string& value) const;
  std::optional<internal::v1::DecisionRecord> Find(const core::Id& id) const;
  // How many are `author`'s (Override.set_by): those that hold, and those that ended and have not
  // been forgotten.
  size_t CountOf(const std::string& author) const;
  internal::v1::Organisations organisations() const;
  // As it was set last; empty where none ever was, which stands for the default.
  internal::v1::Policy policy() const;
  // Names of consumers, and since when they take the set.
  std::map<std::string, core::Time> receivers() const;

 private:
  struct HeldReferral {
    Referral referral;
    core::Time appended_at = 0;
  };
  DecisionBook(const Options& options, runtime::Log& log);
  void Run(const std::stop_token& stop);
  absl::Status ReadOn();
  void Hold(const runtime::LogRecord& record, const internal::v1::DecisionRecord& decision);
  void Erase(const std::string& key);
  absl::Status AppendAll(std::vector<runtime::AppendRecord> records);
  absl::Status PassOn(const std::vector<runtime::LogRecord>& records);
  absl::Status Forget();
  absl::Status Append(std::string key, const internal::v1::DecisionRecord& record);
  static bool HoldsAt(const OverrideTable::Entry& held, core::Time now);

  const Options options_;
  runtime::Log& log_;
  // The thread's own.
  int64_t passed_on_ = 0;
  core::Time last_forgotten_ = 0;

  mutable absl::Mutex mutex_;
  // Up to this offset, exclusive, all is known.
  int64_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  OverrideTable overrides_ ABSL_GUARDED_BY(mutex_);
  // By the hold's id; those that are lifted too, until they are forgotten.
  std::map<std::string, HeldReferral> referrals_ ABSL_GUARDED_BY(mutex_);
  // Offsets of chunks whose referral has not been read yet.
  std::map<std::string, std::vector<int64_t>> chunks_ ABSL_GUARDED_BY(mutex_);
  internal::v1::Organisations organisations_ ABSL_GUARDED_BY(mutex_);
  internal::v1::Policy policy_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, core::Time> receivers_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace ringfence::publish
