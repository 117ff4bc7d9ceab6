#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/core/format.h"
#include "pipelines/core/state.h"
#include "services/runtime/rocks/memory.h"

namespace ringfence::runtime {

// What is committed, as of one moment. Put and Delete must not be called. Owned by one thread; must
// not outlive the state.
class StateView : public core::State {
 public:
  // The first error that a read met: what was read since is worth nothing.
  virtual absl::Status status() const = 0;
};

// What a state says of itself.
struct StateHeader {
  uint32_t format = 0;
  std::string placement;
  int64_t next_offset = 0;
};
// Of the state in `dir`, which nobody may have open and which stays as it is. kNotFound where there
// is none.
absl::StatusOr<StateHeader> ReadStateHeader(const std::string& dir);
// Whether there is a state in `dir`, whole or not.
bool HasState(const std::string& dir);

// A stage's state on RocksDB, without write-ahead log: what is put stands in an overlay until
// `Commit` writes it together with the next offset, and becomes durable when RocksDB flushes. After
// a crash the state is exactly that of some committed offset; the log replays the rest.
//
// Owned by one thread, but for `FlushedOffset`, `View`, `Checkpoint` and `broken`. An error that
// RocksDB meets in the background (a full disk, a broken one) makes the state `broken`: it takes
// nothing more and has to be opened again, which goes back to what was flushed.
class RocksState : public core::State {
 public:
  struct Options {
    std::string dir;
    // What decides placement (public suffix list, shared hosts): state made with another one is
    // refused.
    std::string placement;
    std::shared_ptr<RocksMemory> memory;
    // How the keys and values lie: state in another format is refused.
    uint32_t format = core::kStateFormat;
    // Of the log that the state follows (Log::Incarnation): kept by a state that has none yet.
    // Empty: nothing is kept.
    std::string log_incarnation = {};
  };

  // kFailedPrecondition where the state has another format or placement, with the way out in the
  // message.
  static absl::StatusOr<std::unique_ptr<RocksState>> Open(const Options& options);
  ~RocksState() override;

  std::optional<std::string> Get(std::string_view key) override;
  void Put(std::string_view key, std::string_view value) override;
  void Delete(std::string_view key) override;
  void Scan(std::string_view from, std::string_view until, const Visitor& visit) override;

  // Makes what was put part of the state as of `next_offset`, at once. An error of this or of an
  // earlier read: nothing was written, and what was put since the last commit is gone; it comes
  // again until Discard.
  absl::Status Commit(int64_t next_offset);
  // Ok, or the first error that a read met, or a commit, since the last Discard: what was computed
  // from it is worth nothing, and must not be sent.
  const absl::Status& read_error() const;
  // Goes back to the last commit, and forgets errors.
  void Discard();
  // Of the log whose offsets it holds: where it is not that of the options, they mean nothing.
  // Empty where none was ever given.
  const std::string& log_incarnation() const { return log_incarnation_; }
  // Where to read on; 0 in a new state.
  int64_t NextOffset() const { return next_offset_; }
  // As NextOffset, of what would survive a crash; 0 where that cannot be read.
  int64_t FlushedOffset() const;
  // Makes all that is committed durable, and waits for it.
  absl::Status Flush();

  // Writes the state as of some moment of the call to `dir`, which must not be there: files that
  // are never changed again, shared with the state where they can be. Flushes, but does not hold up
  // commits. The state must not be closed meanwhile.
  absl::Status Checkpoint(const std::string& dir);
  // Ok, or what RocksDB met in the background.
  absl::Status background_error() const;
  bool broken() const { return !background_error().ok(); }

  // Stays as it is while it lives, whatever is committed meanwhile. It keeps old versions on disk:
  // do not hold it for long.
  std::unique_ptr<StateView> View() const;

 private:
  struct Impl;
  explicit RocksState(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
  std::string log_incarnation_;
  int64_t next_offset_ = 0;
};

}  // namespace ringfence::runtime
