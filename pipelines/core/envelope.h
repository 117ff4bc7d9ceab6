#pragma once

#include "absl/status/statusor.h"
#include "google/protobuf/arena.h"
#include "pipelines/core/stage.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::core {

// The envelope in a record, made on the arena. kDataLoss where the bytes are none, or one that no
// stage sends (types that do not exist, times out of any range);
// kFailedPrecondition where another release wrote it in a format that is not known here.
absl::StatusOr<const internal::v1::Envelope*> ParseEnvelope(const Record& record,
                                                            google::protobuf::Arena& arena);

// So far at most a tick is ahead of its record's arrival. It is the clock of the partition's owner,
// the arrival is the log's: an owner whose clock is wrong must not make days expire.
inline constexpr Time kTickAheadMax = 60 * kSecond;

// A stage's time and whether it has sent itself a message to go on sweeping; both are part of its
// state (key 'm').
class StageClock {
 public:
  explicit StageClock(State& state);

  // To the time of a record with this tick, 0 for none. Time never goes back.
  void Advance(const Record& record, Time tick);
  Time now() const { return now_; }
  bool sweeping() const { return sweeping_; }
  void set_sweeping(bool sweeping);
  // Puts it into the state where it has changed.
  void Store();

 private:
  State& state_;
  Time now_ = kTimeMin;
  bool sweeping_ = false;
  bool dirty_ = false;
};

}  // namespace ringfence::core
