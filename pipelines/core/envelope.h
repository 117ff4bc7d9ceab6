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

// A stage's time and whether it has sent itself a message to go on sweeping; both are part of its
// state (key 'm').
class StageClock {
 public:
  explicit StageClock(State& state);

  // Time never goes back.
  void Advance(Time time);
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
