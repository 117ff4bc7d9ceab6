#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "services/client/set.h"
#include "services/client/set_file.h"

namespace ringfence::client {

// Follows the published set: applies what comes, checks the digest wherever there is one, and
// subscribes again: with the cursor after an interruption, without one where the set turned out to
// be different. What it holds is replaced as a whole or not at all. Knows nothing of gRPC: that is
// Subscriber's. Owned by one thread; `lease_until` may be asked from any.
class Follower {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Options {
    // Without a cursor.
    v1::SubscribeRequest request;
    // Ends as soon as the set is known to be whole.
    bool once = false;
    // Keeps indicators whole, not only what the digest needs.
    bool keep_indicators = false;
    // How many sets in a row may be wrong, each of them fresh from the server.
    int mismatches_max = 3;
    // How long a server that is away is waited for before the set was whole once; then for ever.
    std::chrono::milliseconds retry_for{30'000};
  };
  struct World {
    // One stream: calls `visit` until it returns false.
    std::function<absl::Status(const v1::SubscribeRequest&,
                               const std::function<bool(const v1::SubscribeResponse&)>& visit)>
        stream;
    // False where there is no more time to wait.
    std::function<bool(std::chrono::milliseconds)> wait;
    // Every event, as it came, before it is applied.
    std::function<void(const v1::SubscribeResponse&)> show;
    // What is worth a line to a person: reconnections, digests that differ.
    std::function<void(const std::string&)> remark;
    // May be null, each of them. A snapshot has replaced the set; a delta was applied; all up to
    // the cursor has been applied.
    std::function<void(const Set&)> replaced;
    std::function<void(const v1::Delta&, const Set&)> changed;
    std::function<void(const std::string& cursor)> applied;
    // 0 to 1, evenly: spreads the reconnections of many. Null: waits are as long as can be.
    std::function<double()> chance;
    // Null: the clock of this machine.
    std::function<TimePoint()> now;
  };

  // `file` may be null; else it says what is held at the start.
  Follower(const Options& options, World world, SetFile* file);

  // Until `once` is reached (OK), `wait` returns false or the stream is cancelled (OK too), or an
  // error that does not pass.
  absl::Status Run();

  const Set& set() const { return content_.set; }
  // Past this, without a further bookmark, nothing that is held is more than a hint. A time long
  // ago before the first.
  TimePoint lease_until() const { return lease_until_; }

 private:
  enum class Next { kReadOn, kDone, kSubscribeAgain };

  // One event; `status_` says if it failed.
  Next Take(const v1::SubscribeResponse& event);
  Next TakeDelta(const v1::Delta& delta);
  Next EndSnapshot(const v1::SnapshotEnd& end);
  // Of a set that is the server's at `cursor`, for `valid_for`.
  Next TakeWhole(const std::string& cursor, const google::protobuf::Duration& valid_for);
  // The set is not the server's.
  Next TakeAnew(const v1::SetDigest& digest, size_t held);
  void Put(const v1::Indicator& indicator, Set& set) const;
  void Keep(const std::string& cursor);
  // What to do at the end of a stream; false to end.
  bool WaitBeforeNext(const absl::Status& ended, Next next);

  const Options options_;
  const World world_;
  SetFile* const file_;
  SetFile::Content content_;
  // Of a snapshot that has not ended.
  Set incoming_;
  bool in_snapshot_ = false;
  bool was_whole_ = false;
  int mismatches_ = 0;
  std::chrono::milliseconds pause_{0};
  std::chrono::milliseconds bye_pause_{0};
  std::chrono::milliseconds waited_{0};
  std::atomic<TimePoint> lease_until_{TimePoint::min()};
  absl::Status status_;
};

// Is it worth to try the same again a little later?
bool IsPassing(const absl::Status& status);

}  // namespace ringfence::client
