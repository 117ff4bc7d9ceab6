#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ringfence/v1/indicator_service.grpc.pb.h"
#include "services/publish/clearance.h"
#include "services/publish/consumers.h"
#include "services/publish/feed.h"
#include "services/publish/feedback.h"
#include "services/publish/publisher.h"
#include "services/publish/streams.h"
#include "services/publish/workers.h"
#include "services/runtime/identity/gate.h"
#include "services/runtime/metrics.h"

namespace ringfence::publish {

// gRPC's callback interface; Subscribe with bytes, so that streams can share what they send.
using IndicatorServiceBase = v1::IndicatorService::WithRawCallbackMethod_Subscribe<
    v1::IndicatorService::WithCallbackMethod_Acknowledge<
        v1::IndicatorService::WithCallbackMethod_Lookup<
            v1::IndicatorService::WithCallbackMethod_SubmitFeedback<
                v1::IndicatorService::WithCallbackMethod_GetCampaign<
                    v1::IndicatorService::WithCallbackMethod_ListCampaigns<
                        v1::IndicatorService::Service>>>>>>;

// Serves what a Publisher holds. Until that has read all that the log held when it began, streams
// wait and calls are UNAVAILABLE: nobody gets a short list.
//
// Whom it answers what the gate decides (runtime/identity/roles.cc), and what they see their
// Viewer.
//
// To end: CloseStreams, shut the server down, then destroy this, then the publisher.
class IndicatorService : public IndicatorServiceBase {
 public:
  // Ids of related campaigns that the viewer may see.
  using Related =
      std::function<std::vector<std::string>(const std::string& campaign_id, const Viewer& viewer)>;
  struct Options {
    Feed::Options feed;
    Streams::Options streams;
    // `clock` is taken from the feed's.
    Consumers::Options consumers;
    // `clock` is taken from the feed's.
    Feedback::Options feedback;
    int workers = 2;
    // For feedback, which may wait until the log has it: apart from what serves.
    int feedback_workers = 2;
    // Calls that may wait for a worker, and feedback for one of its own; more are UNAVAILABLE.
    size_t calls_max = 256;
    // For GetCampaign of analysts; null where nothing is known of ties.
    Related related;
  };

  // All must outlive it.
  IndicatorService(const Options& options, const Publisher& publisher, const runtime::Gate& gate,
                   runtime::Metrics& metrics);

  // Ends all streams with Bye; waits until they are gone, or `within`.
  void CloseStreams(std::chrono::milliseconds within) { streams_.CloseAll("shutdown", within); }

  // The caller is given the set, or a part of it, as lists.
  void NoteReceiver(const runtime::Caller& caller) {
    consumers_.NoteReceiver(runtime::ReceiverName(caller, ""));
  }

  // For AdminService.
  v1::ListConsumersResponse ListConsumers() const { return consumers_.List(); }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Subscribe(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* Lookup(grpc::CallbackServerContext* context,
                                   const v1::LookupRequest* request,
                                   v1::LookupResponse* response) override;
  grpc::ServerUnaryReactor* GetCampaign(grpc::CallbackServerContext* context,
                                        const v1::GetCampaignRequest* request,
                                        v1::GetCampaignResponse* response) override;
  grpc::ServerUnaryReactor* ListCampaigns(grpc::CallbackServerContext* context,
                                          const v1::ListCampaignsRequest* request,
                                          v1::ListCampaignsResponse* response) override;
  grpc::ServerUnaryReactor* Acknowledge(grpc::CallbackServerContext* context,
                                        const v1::AcknowledgeRequest* request,
                                        v1::AcknowledgeResponse* response) override;
  grpc::ServerUnaryReactor* SubmitFeedback(grpc::CallbackServerContext* context,
                                           const v1::SubmitFeedbackRequest* request,
                                           v1::SubmitFeedbackResponse* response) override;

 private:
  // Answers a call in a worker, from the latest moment.
  using Query = std::function<absl::Status(const Viewer& viewer, campaigns::ReadView& view)>;
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, Query query);
  absl::Status Ask(const Viewer& viewer, const Query& query) const;

  const Publisher& publisher_;
  const runtime::Gate& gate_;
  const Related related_;
  Feed feed_;
  Consumers consumers_;
  const Feedback feedback_;
  Workers workers_;
  Workers feedback_workers_;
  Streams streams_;
};

}  // namespace ringfence::publish
