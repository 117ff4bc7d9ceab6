#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "services/ringfence/local_set.h"
#include "services/ringfence/subscription_file.h"

namespace ringfence::cli {

// Follows the published set: applies what comes, checks the digest wherever there is one, and
// subscribes again: with the cursor after an interruption, without one where the set turned out to
// be different. Owned by one thread.
class Subscriber {
 public:
  struct Options {
    // Without a cursor.
    v1::SubscribeRequest request;
    // Ends as soon as the set is known to be whole.
    bool once = false;
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
    // Every event, as it came.
    std::function<void(const v1::SubscribeResponse&)> show;
    // What is worth a line to a person: reconnections, digests that differ.
    std::function<void(const std::string&)> remark;
  };

  // `file` may be null.
  Subscriber(const Options& options, World world, SubscriptionFile* file);

  // Until `once` is reached (OK), `wait` returns false or the stream is cancelled (OK too), or an
  // error that does not pass.
  absl::Status Run();

  const LocalSet& set() const { return content_.set; }

 private:
  enum class Next { kReadOn, kDone, kSubscribeAgain };

  // One event; `status_` says if it failed.
  Next Take(const v1::SubscribeResponse& event);
  Next TakeDelta(const v1::Delta& delta);
  Next EndSnapshot(const v1::SnapshotEnd& end);
  Next Check(const v1::SetDigest& digest, const std::string& cursor);
  void Keep(const std::string& cursor);
  // What to do at the end of a stream; false to end.
  bool WaitBeforeNext(const absl::Status& ended, Next next);

  const Options options_;
  const World world_;
  SubscriptionFile* const file_;
  SubscriptionFile::Content content_;
  // Of a snapshot that has not ended.
  LocalSet incoming_;
  bool in_snapshot_ = false;
  bool was_whole_ = false;
  int mismatches_ = 0;
  std::chrono::milliseconds pause_{0};
  std::chrono::milliseconds bye_pause_{0};
  std::chrono::milliseconds waited_{0};
  absl::Status status_;
};

}  // namespace ringfence::cli
