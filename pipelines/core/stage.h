#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "pipelines/core/place.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::core {

enum class Mailbox { kDedupe, kCluster };

// One record of a log partition, as a stage sees it. Views are valid during the call.
struct Record {
  int64_t offset = 0;
  // The log's append time.
  Time append_time = 0;
  std::string_view key;
  std::string_view value;
};

// Where a stage's messages go. Messages to one partition keep their order. The runner sends what
// was written here and waits until the log has it before it keeps the state that caused it.
class Output {
 public:
  virtual ~Output() = default;

  // The envelope that is being filled for a partition of a mailbox; add messages to it. Valid until
  // the next call of any method: envelopes are closed when they are full.
  virtual internal::v1::Envelope& To(Mailbox mailbox, uint32_t partition) = 0;
  virtual uint32_t Partitions(Mailbox mailbox) const = 0;

  // A record of the stage's own partition of `indicators`.
  virtual void Indicator(std::string_view key, std::string_view value) = 0;
};

// A deterministic function over one partition of a mailbox: Apply(state, record) -> (state',
// messages). No clock, no threads, no I/O, no randomness: time comes from ticks and from records.
// Owned by one thread.
class Stage {
 public:
  virtual ~Stage() = default;

  // Applies the next record. An error is a bug or damage, never bad input of a partner's: the
  // runner stops the partition (kDataLoss, kInternal, kFailedPrecondition for an unknown format).
  virtual absl::Status Apply(const Record& record, Output& output) = 0;

  // The end of a batch of records: sends what was held back to go out once. Where batches end
  // changes nothing of what is finally known anywhere.
  virtual absl::Status EndBatch(Output& output) = 0;

  // After the end of any batch: writes all that changed since the last call to the state, which is
  // then that of the last record. Sends nothing. Called once for many batches, each entry that they
  // changed is written once.
  virtual absl::Status Store() = 0;

  // What the stage keeps in memory until it is stored, by an estimate. Its owner calls Store before
  // this grows large.
  virtual size_t UnstoredBytes() const = 0;

  // Time as the stage knows it: all that expires by then has expired.
  virtual Time AsOf() const = 0;

  // Something that an operator should know of, and how often it happened; the word is one of a few.
  struct Event {
    std::string_view word;
    uint64_t count = 0;
  };
  // What happened since the last call.
  virtual std::vector<Event> TakeEvents() { return {}; }
};

inline constexpr uint32_t kEnvelopeFormat = 1;

}  // namespace ringfence::core
