#include "services/publish/indicator_service.h"

#include <memory>
#include <optional>
#include <utility>

#include "pipelines/campaigns/read_view.h"
#include "services/publish/queries.h"
#include "services/publish/subscription.h"
#include "services/publish/unary_call.h"
#include "services/runtime/grpc/grpc_caller.h"

namespace ringfence::publish {
namespace {

using runtime::CallerOf;
using runtime::Quota;
using runtime::ToGrpc;

grpc::ServerUnaryReactor* Finished(grpc::CallbackServerContext* context, grpc::Status status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(std::move(status));
  return reactor;
}

Consumers::Options ConsumersOptions(const IndicatorService::Options& options) {
  Consumers::Options consumers = options.consumers;
  consumers.clock = options.feed.clock;
  return consumers;
}

Feedback::Options FeedbackOptions(const IndicatorService::Options& options) {
  Feedback::Options feedback = options.feedback;
  feedback.clock = options.feed.clock;
  return feedback;
}

// Moves what a query gave to where gRPC wants it.
template <typename Response>
absl::Status Give(absl::StatusOr<Response> answer, Response* response) {
  if (answer.ok()) *response = *std::move(answer);
  return answer.status();
}

}  // namespace

IndicatorService::IndicatorService(const Options& options, const Publisher& publisher,
                                   const runtime::Gate& gate, runtime::Metrics& metrics)
    : publisher_(publisher),
      gate_(gate),
      related_(options.related),
      feed_(options.feed, publisher, metrics),
      consumers_(ConsumersOptions(options), publisher, feed_.cursors(), metrics),
      feedback_(FeedbackOptions(options), metrics),
      workers_(options.workers, options.calls_max),
      feedback_workers_(options.feedback_workers, options.calls_max),
      streams_(options.streams, publisher, consumers_, workers_, metrics) {}

grpc::ServerWriteReactor<grpc::ByteBuffer>* IndicatorService::Subscribe(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  const absl::StatusOr<runtime::Caller> caller = CallerOf(gate_, *context);
  if (!caller.ok()) return Refusing(ToGrpc(caller.status()));
  grpc::ByteBuffer bytes(*request);
  v1::SubscribeRequest parsed;
  if (!grpc::SerializationTraits<v1::SubscribeRequest>::Deserialize(&bytes, &parsed).ok())
    return Refusing({grpc::StatusCode::INVALID_ARGUMENT, "the request cannot be parsed"});
  absl::StatusOr<std::unique_ptr<Subscription>> subscription =
      Subscription::Open(parsed, ViewerOf(*caller), feed_);
  if (!subscription.ok()) return Refusing(ToGrpc(subscription.status()));
  const std::shared_ptr<const runtime::Meter::Held> place =
      gate_.meter().Hold(*caller, Quota::kStreams);
  if (!place)
    return Refusing(runtime::PastQuota(*context, Quota::kStreams, runtime::kRetryHeldAfter));
  (*subscription)->AskForSnapshots([this, who = *caller] {
    return gate_.meter().Hold(who, Quota::kSnapshots);
  });
  consumers_.NoteReceiver(runtime::ReceiverName(*caller, parsed.consumer()));
  // The place goes with the stream.
  return streams_.Begin(context, *std::move(subscription),
                        [this, place, who = *caller] { return gate_.StillHolds(who); });
}

grpc::ServerUnaryReactor* IndicatorService::Lookup(grpc::CallbackServerContext* context,
                                                   const v1::LookupRequest* request,
                                                   v1::LookupResponse* response) {
  const absl::StatusOr<runtime::Caller> caller = CallerOf(gate_, *context);
  if (!caller.ok()) return Finished(context, ToGrpc(caller.status()));
  if (const auto retry_after = gate_.meter().Take(*caller, Quota::kLookups, CostOf(*request)))
    return Finished(context, runtime::PastQuota(*context, Quota::kLookups, *retry_after));
  return Answer(context, [=](const Viewer& viewer, campaigns::ReadView& view) {
    return Give(publish::Lookup(*request, viewer, view), response);
  });
}

grpc::ServerUnaryReactor* IndicatorService::GetCampaign(grpc::CallbackServerContext* context,
                                                        const v1::GetCampaignRequest* request,
                                                        v1::GetCampaignResponse* response) {
  return Answer(context, [=, this](const Viewer& viewer, campaigns::ReadView& view) {
    const absl::Status status = Give(publish::GetCampaign(*request, viewer, view), response);
    if (!status.ok() || !related_ || !viewer.is_analyst) return status;
    v1::Campaign& campaign = *response->mutable_campaign();
    for (std::string& id : related_(campaign.campaign_id(), viewer)) {
      campaign.add_related_campaign_ids(std::move(id));
    }
    return status;
  });
}

grpc::ServerUnaryReactor* IndicatorService::ListCampaigns(grpc::CallbackServerContext* context,
                                                          const v1::ListCampaignsRequest* request,
                                                          v1::ListCampaignsResponse* response) {
  return Answer(context, [=, this](const Viewer& viewer, campaigns::ReadView& view) {
    return Give(publish::ListCampaigns(*request, viewer, publisher_.names(), view), response);
  });
}

grpc::ServerUnaryReactor* IndicatorService::Acknowledge(grpc::CallbackServerContext* context,
                                                        const v1::AcknowledgeRequest* request,
                                                        v1::AcknowledgeResponse*) {
  const absl::StatusOr<runtime::Caller> caller = CallerOf(gate_, *context);
  if (!caller.ok()) return Finished(context, ToGrpc(caller.status()));
  return Finished(context, ToGrpc(consumers_.Acknowledge(request->consumer(), request->cursor())));
}

grpc::ServerUnaryReactor* IndicatorService::SubmitFeedback(grpc::CallbackServerContext* context,
                                                           const v1::SubmitFeedbackRequest* request,
                                                           v1::SubmitFeedbackResponse*) {
  const absl::StatusOr<runtime::Caller> caller = CallerOf(gate_, *context);
  if (!caller.ok()) return Finished(context, ToGrpc(caller.status()));
  return AnswerIn(feedback_workers_, context, [=, this, who = *caller] {
    const Feedback::Sender sender{who.name,
                                  [&who](v1::IdentifierType type, const std::string& value) {
                                    return who.IsCustodianOf(type, value);
                                  }};
    return feedback_.Take(*request, sender);
  });
}

grpc::ServerUnaryReactor* IndicatorService::Answer(grpc::CallbackServerContext* context,
                                                   Query query) {
  const absl::StatusOr<runtime::Caller> caller = CallerOf(gate_, *context);
  if (!caller.ok()) return Finished(context, ToGrpc(caller.status()));
  return AnswerIn(workers_, context, [this, viewer = ViewerOf(*caller), query = std::move(query)] {
    return Ask(viewer, query);
  });
}

absl::Status IndicatorService::Ask(const Viewer& viewer, const Query& query) const {
  if (!publisher_.Health().ok())
    return absl::UnavailableError("the set is not kept up to date here any more");
  const std::shared_ptr<const Moment> moment = publisher_.Latest();
  if (!moment->complete) return absl::UnavailableError("the set is still being read");
  campaigns::ReadView view(*moment->state, publisher_.names());
  return query(viewer, view);
}

}  // namespace ringfence::publish
