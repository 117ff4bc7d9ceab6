#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/publish/consumers.h"
#include "services/publish/publisher.h"
#include "services/publish/subscription.h"
#include "services/publish/workers.h"
#include "services/runtime/metrics.h"

namespace ringfence::publish {

// All open streams of Subscribe: gives each its turn in the workers when the publisher has
// something new, when a write is done and when a bookmark is due. No stream ever has a thread.
class Streams {
 public:
  struct Options {
    size_t streams_max = 1'000;
    // A write that takes longer is of a consumer that is not there any more: its stream is cut, and
    // comes back with the last cursor that it got.
    std::chrono::milliseconds write_within{60'000};
    // A stream that is older says Bye once it has sent all there is, so that consumers spread over
    // the replicas that there are by then. Each a little earlier or later, by a tenth at most.
    std::chrono::milliseconds age_max{3'600'000};
  };

  // All must outlive it.
  Streams(const Options& options, const Publisher& publisher, Consumers& consumers,
          Workers& workers, runtime::Metrics& metrics);
  // All streams must be done: the server shut down.
  ~Streams();

  // Begins a stream; the reactor belongs to gRPC until it is done. One that ends at once where
  // there are too many (RESOURCE_EXHAUSTED), or after CloseAll (UNAVAILABLE). `may_go_on` is asked
  // before each message, by any thread; once it says no the stream ends with PERMISSION_DENIED.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Begin(grpc::CallbackServerContext* context,
                                                    std::unique_ptr<Subscription> subscription,
                                                    std::function<bool()> may_go_on);

  // Ends all streams with Bye, and those to come; waits until they are done, or `within`.
  void CloseAll(const std::string& reason, std::chrono::milliseconds within);

 private:
  class Stream;

  void Dispatch(std::stop_token stop);
  std::vector<std::shared_ptr<Stream>> All() const ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(const Stream* stream) ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsEmpty() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return streams_.empty(); }

  const Options options_;
  const Publisher& publisher_;
  Consumers& consumers_;
  Workers& workers_;
  runtime::Metrics& metrics_;

  mutable absl::Mutex mutex_;
  // Shared: gRPC is done with a stream while a worker may still look at it.
  std::unordered_map<const Stream*, std::shared_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t begun_ ABSL_GUARDED_BY(mutex_) = 0;
  std::jthread dispatcher_;
};

// A reactor that ends its stream with `status`, and itself.
grpc::ServerWriteReactor<grpc::ByteBuffer>* Refusing(grpc::Status status);

}  // namespace ringfence::publish
