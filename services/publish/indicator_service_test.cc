// Over real connections: what gRPC adds to subscriptions and queries.
#include "services/publish/indicator_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "services/publish/admin_service.h"
#include "services/publish/consumer_testing.h"
#include "services/publish/memory_log_testing.h"
#include "services/publish/publisher_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::kNow;
using campaigns::Removal;
using campaigns::Upsert;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::chrono::seconds kPatience{30};

// A subscriber over the wire.
class Listener {
 public:
  Listener(v1::IndicatorService::Stub& stub, const std::string& cursor = "",
           const std::string& consumer_name = "test") {
    context_.set_deadline(std::chrono::system_clock::now() + kPatience);
    v1::SubscribeRequest request;
    request.set_consumer(consumer_name);
    request.set_cursor(cursor);
    reader_ = stub.Subscribe(&context_, request);
  }
  // The next event; false at the end.
  bool Read() {
    v1::SubscribeResponse event;
    if (!reader_->Read(&event)) return false;
    consumer.Take(event);
    return true;
  }
  // Reads on until an event of this kind; false at the end.
  bool ReadUntil(v1::SubscribeResponse::EventCase kind) {
    while (Read()) {
      if (consumer.Last().event_case() == kind) return true;
    }
    return false;
  }
  bool ReadSnapshot() { return ReadUntil(v1::SubscribeResponse::kSnapshotEnd); }
  grpc::Status Finish() {
    while (Read()) {
    }
    return reader_->Finish();
  }
  void Cancel() { context_.TryCancel(); }

  Consumer consumer;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> reader_;
};

class IndicatorServiceTest : public testing::Test {
 protected:
  IndicatorServiceTest() {
    options_.feed.cursor_key = "key";
    options_.feed.clock = [] { return kNow; };
    options_.feed.bookmark_every = std::chrono::milliseconds(200);
  }
  ~IndicatorServiceTest() override { End(); }

  void Start() {
    ASSERT_TRUE(publisher_.Start().ok());
    gate_ = runtime::Gate::OnThisMachine(publisher_.metrics);
    service_ =
        std::make_unique<IndicatorService>(options_, *publisher_, *gate_, publisher_.metrics);
    admin_ = std::make_unique<AdminService>(
        *gate_,
        [this] {
          v1::GetStatusResponse response;
          for (const runtime::Progress& progress : publisher_->progress())
            response.add_stages()->set_stage(progress.stage);
          return response;
        },
        nullptr, [this] { return service_->ListConsumers(); });
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(service_.get());
    builder.RegisterService(admin_.get());
    server_ = builder.BuildAndStart();
    channel_ = Connect({});
    stub_ = v1::IndicatorService::NewStub(channel_);
  }
  // A connection of its own.
  std::shared_ptr<grpc::Channel> Connect(grpc::ChannelArguments arguments) const {
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port_),
                                     grpc::InsecureChannelCredentials(), arguments);
  }
  void End() {
    if (!server_) return;
    service_->CloseStreams(kPatience);
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
    server_->Wait();
    server_.reset();
    service_.reset();
    publisher_.End();
  }

  MemoryLog log_{2};
  PublisherUnderTest publisher_{log_};
  IndicatorService::Options options_;
  std::unique_ptr<runtime::Gate> gate_;
  std::unique_ptr<IndicatorService> service_;
  std::unique_ptr<AdminService> admin_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::IndicatorService::Stub> stub_;
};

TEST_F(IndicatorServiceTest, StreamsTheSetThenChangesThenBookmarks) {
  log_.Append(0, Upsert({.value = "+1"}));
  Start();
  Listener listener(*stub_);
  ASSERT_TRUE(listener.ReadSnapshot());
  EXPECT_THAT(listener.consumer.Values(), ElementsAre("+1"));
  log_.Append(1, Upsert({.value = "+2"}));
  ASSERT_TRUE(listener.ReadUntil(v1::SubscribeResponse::kDelta));
  EXPECT_THAT(listener.consumer.Values(), ElementsAre("+1", "+2"));
  log_.Append(0, Removal({.value = "+1", .place = 2}, "retracted"));
  ASSERT_TRUE(listener.ReadUntil(v1::SubscribeResponse::kDelta));
  EXPECT_THAT(listener.consumer.Values(), ElementsAre("+2"));
  ASSERT_TRUE(listener.ReadUntil(v1::SubscribeResponse::kBookmark));
}

TEST_F(IndicatorServiceTest, BookmarksComeThoughNothingHappens) {
  Start();
  Listener listener(*stub_);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(listener.ReadUntil(v1::SubscribeResponse::kBookmark));
}

TEST_F(IndicatorServiceTest, ACursorGoesOnAfterARestart) {
  log_.Append(0, Upsert({.value = "+1"}));
  Start();
  Consumer held;
  {
    Listener listener(*stub_);
    ASSERT_TRUE(listener.ReadSnapshot());
    held = listener.consumer;
  }
  End();
  log_.Append(0, Upsert({.value = "+2"}));
  Start();
  Listener listener(*stub_, held.cursor);
  listener.consumer = held;
  ASSERT_TRUE(listener.ReadUntil(v1::SubscribeResponse::kBookmark));
  EXPECT_THAT(listener.consumer.Values(), ElementsAre("+1", "+2"));
  for (const v1::SubscribeResponse& event : listener.consumer.events)
    EXPECT_EQ(event.snapshot_begin().reason() == "stale", false);
}

TEST_F(IndicatorServiceTest, ShutdownSaysGoodbyeToEverybody) {
  log_.Append(0, Upsert({.value = "+1"}));
  Start();
  std::vector<std::unique_ptr<Listener>> listeners;
  for (int i = 0; i < 20; ++i) {
    listeners.push_back(std::make_unique<Listener>(*stub_));
    ASSERT_TRUE(listeners.back()->ReadSnapshot());
  }
  std::thread closing([this] { service_->CloseStreams(kPatience); });
  for (const auto& listener : listeners) {
    EXPECT_TRUE(listener->Finish().ok());
    EXPECT_TRUE(listener->consumer.Last().has_bye());
  }
  closing.join();
  Listener late(*stub_);
  EXPECT_EQ(late.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(IndicatorServiceTest, AnOldStreamSaysGoodbyeWithACursorThatGoesOn) {
  options_.streams.age_max = std::chrono::milliseconds(300);
  log_.Append(0, Upsert({.value = "+1"}));
  Start();
  Listener listener(*stub_);
  EXPECT_TRUE(listener.Finish().ok());
  ASSERT_TRUE(listener.consumer.Last().has_bye());
  EXPECT_EQ(listener.consumer.Last().bye().reason(), "age");
  Listener again(*stub_, listener.consumer.cursor);
  again.consumer = listener.consumer;
  ASSERT_TRUE(again.Read());
  EXPECT_FALSE(again.consumer.Last().has_snapshot_begin());
}

TEST_F(IndicatorServiceTest, HundredsOfSubscribersGetEveryChange) {
  Start();
  std::vector<std::unique_ptr<Listener>> listeners;
  for (int i = 0; i < 300; ++i) listeners.push_back(std::make_unique<Listener>(*stub_));
  for (const auto& listener : listeners) ASSERT_TRUE(listener->ReadSnapshot());
  EXPECT_THAT(publisher_.metrics.Text(), HasSubstr("ringfence_subscribers 300"));
  for (int i = 0; i < 5; ++i) {
    log_.Append(i % 2, Upsert({.value = "+" + std::to_string(i)}));
    for (const auto& listener : listeners)
      ASSERT_TRUE(listener->ReadUntil(v1::SubscribeResponse::kDelta));
  }
  for (const auto& listener : listeners) {
    EXPECT_EQ(listener->consumer.set.size(), 5u);
    listener->Cancel();
  }
}

TEST_F(IndicatorServiceTest, OneThatDoesNotReadHoldsNobodyUpAndIsCut) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP()
      << "a reader is as slow as one that does not read: gRPC's buffers are suppressed one "
         "byte after the other";
#endif
  options_.streams.write_within = std::chrono::milliseconds(1'500);
  // More than a connection holds that does not probe for more.
  grpc::ChannelArguments narrow;
  narrow.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  for (int i = 0; i < 3'000; ++i) {
    internal::v1::IndicatorRecord record = Upsert({.value = "v" + std::to_string(i)});
    record.mutable_indicator()->mutable_explanation()->add_rules(std::string(4'000, 'r'));
    log_.Append(0, record);
  }
  Start();
  publisher_.AwaitApplied();
  const auto stub = v1::IndicatorService::NewStub(Connect(narrow));
  Listener stuck(*stub);
  ASSERT_TRUE(stuck.Read());
  Listener other(*stub_);
  ASSERT_TRUE(other.ReadSnapshot());
  EXPECT_EQ(other.consumer.set.size(), 3'000u);
  ASSERT_TRUE(other.ReadUntil(v1::SubscribeResponse::kBookmark));
  while (publisher_.metrics.Text().find("ringfence_subscribers 2") != std::string::npos)
    ASSERT_TRUE(other.ReadUntil(v1::SubscribeResponse::kBookmark));
  EXPECT_EQ(stuck.Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(IndicatorServiceTest, ThereMayNotBeTooManyStreams) {
  options_.streams.streams_max = 2;
  Start();
  Listener first(*stub_);
  Listener second(*stub_);
  ASSERT_TRUE(first.ReadSnapshot());
  ASSERT_TRUE(second.ReadSnapshot());
  Listener third(*stub_);
  EXPECT_EQ(third.Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(IndicatorServiceTest, RefusesWithTheFieldsName) {
  Start();
  Listener nameless(*stub_, "", "");
  const grpc::Status status = nameless.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("consumer"));
}

TEST_F(IndicatorServiceTest, AnswersQuestions) {
  log_.Append(0, Upsert({.value = "+12125550123", .first_seen = kNow - 9, .root = "x"}));
  log_.Append(1, Upsert({.value = "+12125550124", .first_seen = kNow - 5, .root = "x"}));
  Start();
  publisher_.AwaitApplied();
  v1::LookupRequest lookup;
  v1::Identifier& identifier = *lookup.add_identifiers();
  identifier.set_type(v1::IDENTIFIER_TYPE_PHONE);
  identifier.set_value("tel:+1-212-555-0124");
  v1::LookupResponse found;
  grpc::ClientContext lookup_context;
  ASSERT_TRUE(stub_->Lookup(&lookup_context, lookup, &found).ok());
  const std::string name = publisher_->names().NameOf(campaigns::IdOf({.value = "+12125550123"}));
  EXPECT_EQ(found.results(0).indicator().campaign_id(), name);

  v1::GetCampaignRequest get;
  get.set_campaign_id(name);
  get.set_max_indicators(10);
  v1::GetCampaignResponse campaign;
  grpc::ClientContext get_context;
  ASSERT_TRUE(stub_->GetCampaign(&get_context, get, &campaign).ok());
  EXPECT_EQ(campaign.indicators_size(), 2);

  v1::ListCampaignsResponse list;
  grpc::ClientContext list_context;
  ASSERT_TRUE(stub_->ListCampaigns(&list_context, {}, &list).ok());
  EXPECT_EQ(list.campaigns_size(), 1);

  get.set_campaign_id("nonsense");
  grpc::ClientContext missing_context;
  EXPECT_EQ(stub_->GetCampaign(&missing_context, get, &campaign).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(IndicatorServiceTest, QuestionsAreNotAnsweredFromHalfASet) {
  log_.Append(0, Upsert({.value = "+12125550123"}));
  log_.FailReads(absl::StatusCode::kUnavailable);
  Start();
  v1::ListCampaignsResponse list;
  grpc::ClientContext context;
  EXPECT_EQ(stub_->ListCampaigns(&context, {}, &list).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(IndicatorServiceTest, FeedbackIsCheckedAndHitsAreCounted) {
  Start();
  v1::SubmitFeedbackRequest request;
  v1::SubmitFeedbackResponse response;
  {
    grpc::ClientContext context;
    const grpc::Status status = stub_->SubmitFeedback(&context, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(status.error_message(), "type: no known type");
  }
  request.set_type(v1::IDENTIFIER_TYPE_PHONE);
  request.set_value("+1 212 555 0123");
  request.set_kind(v1::SubmitFeedbackRequest::KIND_HIT);
  request.set_count(3);
  {
    grpc::ClientContext context;
    EXPECT_TRUE(stub_->SubmitFeedback(&context, request, &response).ok());
  }
  EXPECT_THAT(publisher_.metrics.Text(), HasSubstr("ringfence_hits_total{type=\"phone\"} 3"));
  request.set_kind(v1::SubmitFeedbackRequest::KIND_CLOSED);
  grpc::ClientContext context;
  EXPECT_EQ(stub_->SubmitFeedback(&context, request, &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(IndicatorServiceTest, WhatIsNotThereSaysSo) {
  Start();
  const auto admin = v1::AdminService::NewStub(channel_);
  grpc::ClientContext context;
  v1::PutOverrideResponse response;
  EXPECT_EQ(admin->PutOverride(&context, {}, &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(IndicatorServiceTest, OperatorsSeeWhoAcknowledgedWhat) {
  log_.Append(0, Upsert({.value = "+1"}));
  Start();
  Listener listener(*stub_, "", "telco");
  ASSERT_TRUE(listener.ReadSnapshot());
  v1::AcknowledgeRequest request;
  request.set_consumer("telco");
  request.set_cursor(listener.consumer.cursor);
  v1::AcknowledgeResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->Acknowledge(&context, request, &response).ok());
  log_.Append(0, Removal({.value = "+1", .place = 2}, "retracted"));
  ASSERT_TRUE(listener.ReadUntil(v1::SubscribeResponse::kDelta));
  const auto admin = v1::AdminService::NewStub(channel_);
  v1::ListConsumersResponse list;
  grpc::ClientContext list_context;
  ASSERT_TRUE(admin->ListConsumers(&list_context, {}, &list).ok());
  ASSERT_EQ(list.consumers_size(), 1);
  EXPECT_EQ(list.consumers(0).consumer(), "telco");
  EXPECT_EQ(list.consumers(0).streams(), 1u);
  EXPECT_EQ(list.consumers(0).unacknowledged_revocations(), 1u);
  request.set_cursor("nonsense");
  grpc::ClientContext bad_context;
  EXPECT_EQ(stub_->Acknowledge(&bad_context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(IndicatorServiceTest, StatusIsWhatTheWiringSays) {
  Start();
  const auto admin = v1::AdminService::NewStub(channel_);
  grpc::ClientContext context;
  v1::GetStatusResponse response;
  ASSERT_TRUE(admin->GetStatus(&context, {}, &response).ok());
  ASSERT_EQ(response.stages_size(), 2);
  EXPECT_EQ(response.stages(0).stage(), "publish");
}

TEST_F(IndicatorServiceTest, FeedbackThatWaitsForTheLogHoldsUpNobody) {
  absl::Notification log_answers;
  options_.feedback.find = [](v1::IdentifierType, const std::string&) { return std::nullopt; };
  options_.feedback.put = [&](const v1::Override&, const std::string&) {
    log_answers.WaitForNotification();
    return absl::OkStatus();
  };
  options_.calls_max = 100;
  log_.Append(0, Upsert({.value = "+1"}));
  Start();
  v1::SubmitFeedbackRequest feedback;
  feedback.set_type(v1::IDENTIFIER_TYPE_PHONE);
  feedback.set_value("+12125550123");
  feedback.set_kind(v1::SubmitFeedbackRequest::KIND_FALSE_POSITIVE);
  // More than gRPC has threads.
  std::atomic<int> taken = 0;
  std::vector<std::thread> custodians;
  for (int i = 0; i < 20; ++i) {
    custodians.emplace_back([&] {
      grpc::ClientContext context;
      v1::SubmitFeedbackResponse response;
      if (stub_->SubmitFeedback(&context, feedback, &response).ok()) ++taken;
    });
  }
  {
    Listener listener(*stub_);
    EXPECT_TRUE(listener.ReadSnapshot());
    // As many as come in the meantime wait.
    for (int i = 0; i < 3; ++i) {
      log_.Append(1, Upsert({.value = "more" + std::to_string(i)}));
      EXPECT_TRUE(listener.ReadUntil(v1::SubscribeResponse::kDelta));
    }
    EXPECT_EQ(taken, 0);
    log_answers.Notify();
    listener.Cancel();
  }
  for (std::thread& custodian : custodians) custodian.join();
  EXPECT_EQ(taken, 20);
}

}  // namespace
}  // namespace ringfence::publish
