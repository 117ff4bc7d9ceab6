#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "ringfence/v1/report_service.grpc.pb.h"
#include "services/gateway/receiver.h"

namespace ringfence::gateway {

// The edge for partners without Kafka. Requests wait in a bounded queue for a fixed number of
// threads, each with a Receiver of its own; what finds no place is answered UNAVAILABLE, to be sent
// again a little later.
//
// Errors of a call: INVALID_ARGUMENT, UNAUTHENTICATED (see PartnerOf), RESOURCE_EXHAUSTED (no room
// in the log), UNAVAILABLE, INTERNAL. None quotes anything of a report.
class ReportService : public v1::ReportService::CallbackService {
 public:
  // What the server's builder is to be told (SetMaxReceiveMessageSize): gRPC itself refuses a
  // larger message. A call of 500 reports of the usual size has 250 KiB.
  static constexpr int kRequestBytesMax = 16 << 20;

  struct Options {
    Receiver::Options receiver;
    // Threads. Each waits for the log's syncs, which they share.
    int workers = 4;
    size_t waiting_max = 64;
    size_t waiting_bytes_max = size_t{64} << 20;
  };

  // `log` and `metrics` must outlive it.
  ReportService(const Options& options, runtime::Log& log, runtime::Metrics& metrics);
  // Answers all that waits. The server must be shut down before.
  ~ReportService() override;

  grpc::ServerUnaryReactor* SubmitReports(grpc::CallbackServerContext* context,
                                          const v1::SubmitReportsRequest* request,
                                          v1::SubmitReportsResponse* response) override;

 private:
  // A call that waits. All are gRPC's, and stay until the reactor finishes.
  struct Call {
    grpc::CallbackServerContext* context = nullptr;
    const v1::SubmitReportsRequest* request = nullptr;
    v1::SubmitReportsResponse* response = nullptr;
    grpc::ServerUnaryReactor* reactor = nullptr;
    std::string partner;
    size_t bytes = 0;
  };

  // False where there is no place.
  bool Enqueue(Call call) ABSL_LOCKS_EXCLUDED(mutex_);
  void Work() ABSL_LOCKS_EXCLUDED(mutex_);
  grpc::Status Answer(Receiver& receiver, const Call& call);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !waiting_.empty();
  }

  const Options options_;
  runtime::Log& log_;
  runtime::Metrics& metrics_;

  absl::Mutex mutex_;
  std::deque<Call> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> workers_;
};

}  // namespace ringfence::gateway
