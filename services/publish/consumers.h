#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/core/time.h"
#include "ringfence/v1/admin_service.pb.h"
#include "services/publish/cursor.h"
#include "services/publish/filter.h"
#include "services/publish/publisher.h"
#include "services/runtime/metrics.h"

namespace ringfence::publish {

// Who takes the set, by the names that consumers give themselves: what streams have sent them, what
// they say that they have applied, and how long revocations took to reach them.
//
// A replica knows of the streams and acknowledgements that came to it. Acknowledgements survive a
// restart, but for those of the last seconds before a crash; times of revocations do not, so that
// after a restart only later ones count. Thread-safe.
class Consumers {
 public:
  struct Options {
    // Where acknowledgements are kept; empty: nowhere.
    std::string path;
    std::chrono::milliseconds keep_every{5'000};
    std::chrono::milliseconds report_every{1'000};
    // Who was heard of longest ago is forgotten where there are more; nobody with a stream is.
    size_t consumers_max = 1'000;
    // As many have metrics of their own; the others share those of "other".
    size_t named_max = 100;
    // Told, from a thread of its own, of each receiver (NoteReceiver) once; again until that is
    // ok. Null: nobody is told.
    std::function<absl::Status(const std::string& receiver)> note = nullptr;
    // Nanoseconds since the Unix epoch, as the log's append times.
    std::function<core::Time()> clock;
  };

  // One stream's part: says how far it is. Ends with the last who holds it.
  class Stream {
   public:
    ~Stream();
    // `phase`: a word of ours. `sent`: null where nothing is known to be whole there.
    void Note(const char* phase, const Offsets* sent) ABSL_LOCKS_EXCLUDED(mutex_);

   private:
    friend class Consumers;
    Stream(Consumers& consumers, std::string name)
        : consumers_(consumers), name_(std::move(name)) {}

    Consumers& consumers_;
    const std::string name_;
    mutable absl::Mutex mutex_;
    const char* phase_ ABSL_GUARDED_BY(mutex_) = "opening";
    std::optional<Offsets> sent_ ABSL_GUARDED_BY(mutex_);
  };

  // All must outlive it. What `path` holds and cannot be used is logged, and left out.
  Consumers(const Options& options, const Publisher& publisher, const Cursors& cursors,
            runtime::Metrics& metrics);
  // All streams must have ended.
  ~Consumers();

  // A stream of this consumer begins. Must not outlive this.
  std::shared_ptr<Stream> Begin(const std::string& name, const Filter& filter)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // It has applied all up to the cursor. kInvalidArgument names the field. An older cursor than the
  // last with the same filter changes nothing: calls may overtake each other.
  absl::Status Acknowledge(const std::string& name, const std::string& cursor)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Somebody whose own reports are known under this name (runtime::ReceiverName) is given the set,
  // or a part of it. No more than `consumers_max` wait to be noted.
  void NoteReceiver(const std::string& receiver) ABSL_LOCKS_EXCLUDED(mutex_);

  // By name.
  v1::ListConsumersResponse List() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Entry {
    std::optional<Filter> filter;
    std::map<const Stream*, core::Time> streams;
    core::Time heard_at = 0;
    // Of the last acknowledgement; empty where there was none.
    std::string cursor;
    std::optional<Cursor> acknowledged;
    core::Time acknowledged_at = 0;
    bool named = false;
  };
  struct Unacknowledged {
    uint64_t revocations = 0;
    core::Time oldest = 0;
  };

  Entry& EntryOf(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetOne() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const Stream& stream) ABSL_LOCKS_EXCLUDED(mutex_);
  std::string_view LabelOf(const std::string& name, const Entry& entry) const;
  Unacknowledged UnacknowledgedOf(const Entry& entry, const Offsets& until) const;
  void Run(const std::stop_token& stop);
  void Report() ABSL_LOCKS_EXCLUDED(mutex_);
  void NoteNew() ABSL_LOCKS_EXCLUDED(mutex_);
  void Keep() ABSL_LOCKS_EXCLUDED(mutex_);
  void Restore() ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;
  const Publisher& publisher_;
  const Cursors& cursors_;
  runtime::Metrics& metrics_;

  mutable absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  size_t named_ ABSL_GUARDED_BY(mutex_) = 0;
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;
  // Whether `note` knows of them.
  std::map<std::string, bool> receivers_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;
};

// kInvalidArgument where it is not 1 to 64 characters of UTF-8.
absl::Status CheckConsumerName(const std::string& name);

}  // namespace ringfence::publish
