// Two replicas behind real gRPC, and subscribers of ringfence::client that follow them: while
// streams are ended for their age, replicas restart, are cut off and lose their disks, each keeps
// what the model says of all that was published.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/client/subscriber.h"
#include "services/publish/indicator_service.h"
#include "services/publish/memory_log_testing.h"
#include "services/publish/publisher_testing.h"
#include "tests/subscribers/model.h"
#include "tests/subscribers/replica_log.h"

namespace ringfence::subscribers {
namespace {

using publish::Filter;

constexpr std::chrono::seconds kPatience{60};
constexpr int kRounds = 120;

class Server {
 public:
  explicit Server(runtime::Log& log) : log_(log), publisher_(log_) { Start(); }
  ~Server() { Stop(/*says_goodbye=*/true); }

  void Restart(bool says_goodbye, bool loses_state) {
    Stop(says_goodbye);
    if (loses_state) publisher_.LoseState();
    Start();
  }
  std::shared_ptr<grpc::Channel> NewChannel() const {
    grpc::ChannelArguments arguments = client::ChannelArguments();
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    return grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
  }
  v1::ListConsumersResponse Consumers() const { return service_->ListConsumers(); }

 private:
  void Start() {
    ASSERT_TRUE(publisher_.Start().ok());
    publish::IndicatorService::Options options;
    options.feed.cursor_key = "key";
    options.feed.clock = [] { return campaigns::kNow; };
    options.feed.bookmark_every = std::chrono::milliseconds(100);
    options.feed.live_changes_max = 12;
    options.feed.message_bytes_max = 2'000;
    options.streams.age_max = std::chrono::milliseconds(700);
    gate_ = runtime::Gate::OnThisMachine(publisher_.metrics);
    service_ = std::make_unique<publish::IndicatorService>(options, *publisher_, *gate_,
                                                           publisher_.metrics);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(address_, grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    address_ = "127.0.0.1:" + std::to_string(port);
  }
  void Stop(bool says_goodbye) {
    if (says_goodbye) service_->CloseStreams(kPatience);
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
    service_.reset();
    publisher_.End();
  }

  ReplicaLog log_;
  publish::PublisherUnderTest publisher_;
  // With its port, once it has one.
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<runtime::Gate> gate_;
  std::unique_ptr<publish::IndicatorService> service_;
  std::unique_ptr<grpc::Server> server_;
};

// Applies what it is told, as an application would, and holds the library's set against it.
class Application : public client::Handler {
 public:
  void OnSet(const client::Set& set) override {
    const absl::MutexLock lock(&mutex_);
    held_.clear();
    set.ForEach([this](const v1::Indicator& indicator) ABSL_NO_THREAD_SAFETY_ANALYSIS {
      held_[indicator.indicator_id()] = indicator;
      return true;
    });
    ++sets_;
    EXPECT_EQ(held_.size(), set.size());
  }
  void OnDelta(const v1::Delta& delta, const client::Set& set) override {
    const absl::MutexLock lock(&mutex_);
    for (const v1::Removal& removal : delta.removals()) held_.erase(removal.indicator_id());
    for (const v1::Indicator& indicator : delta.upserts())
      held_[indicator.indicator_id()] = indicator;
    EXPECT_EQ(held_.size(), set.size());
  }
  void OnLease(bool holds) override {
    const absl::MutexLock lock(&mutex_);
    lease_holds_ = holds;
  }

  // Waits until it holds this, campaigns aside.
  bool Await(const std::map<std::string, v1::Indicator>& expected) {
    const auto is_there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      if (held_.size() != expected.size()) return false;
      for (const auto& [id, indicator] : expected) {
        const auto held = held_.find(id);
        if (held == held_.end()) return false;
        v1::Indicator without_campaign = held->second;
        without_campaign.clear_campaign_id();
        if (without_campaign.SerializeAsString() != indicator.SerializeAsString()) return false;
      }
      return true;
    };
    const absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&is_there), absl::FromChrono(kPatience));
  }
  // What a file held has no lease until a server has said that it is still so.
  bool AwaitLease() {
    const absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&lease_holds_), absl::FromChrono(kPatience));
  }
  bool LeaseHolds() {
    const absl::MutexLock lock(&mutex_);
    return lease_holds_;
  }
  int Sets() {
    const absl::MutexLock lock(&mutex_);
    return sets_;
  }

 private:
  absl::Mutex mutex_;
  std::map<std::string, v1::Indicator> held_ ABSL_GUARDED_BY(mutex_);
  bool lease_holds_ ABSL_GUARDED_BY(mutex_) = false;
  int sets_ ABSL_GUARDED_BY(mutex_) = 0;
};

struct Follower {
  client::Subscriber::Options options;
  Application application;
  absl::Status ended;
  std::jthread thread;

  void Start() {
    thread = std::jthread([this](const std::stop_token& stop) {
      ended = client::Subscriber(options, application).Run(stop);
    });
  }
  void Stop() {
    thread.request_stop();
    thread.join();
    EXPECT_TRUE(ended.ok()) << ended;
  }
};

class TwoReplicas : public testing::Test {
 protected:
  TwoReplicas() : model_(7) {
    for (int i = 0; i < 2; ++i) servers_.push_back(std::make_unique<Server>(log_));
    for (size_t i = 0; i < 4; ++i) {
      followers_.push_back(std::make_unique<Follower>());
      client::Subscriber::Options& options = followers_.back()->options;
      // Half of them begin with the one, half with the other.
      for (size_t s = 0; s < 2; ++s)
        options.channels.push_back(servers_[(s + i) % 2]->NewChannel());
      options.consumer = "consumer-" + std::to_string(i);
      options.file = folder_.path() + "/" + options.consumer;
    }
    followers_[1]->options.filter.set_min_action(v1::ACTION_MONITOR);
    followers_[2]->options.filter.add_types(v1::IDENTIFIER_TYPE_DOMAIN);
    followers_[2]->options.filter.set_min_action(v1::ACTION_BLOCK);
    followers_[3]->options.filter.set_min_score(500);
  }
  void Append(uint32_t records) {
    for (uint32_t i = 0; i < records; ++i) {
      int32_t partition = 0;
      const internal::v1::IndicatorRecord record = model_.Next(partition);
      model_.Appended(partition, log_.Append(partition, record), record);
    }
  }
  std::map<std::string, v1::Indicator> Expected(const Follower& follower) {
    publish::Offsets end;
    for (int32_t p = 0; p < kPartitions; ++p)
      end.push_back(*log_.EndOffset({std::string(runtime::kIndicatorsTopic), p}));
    return model_.SetAt(
        end, *publish::MakeFilter(follower.options.filter, {v1::TLP_AMBER_STRICT, true}));
  }
  // By either replica's knowledge.
  bool HaveAllAcknowledged() {
    std::map<std::string, bool> acknowledged;
    for (const auto& server : servers_) {
      const v1::ListConsumersResponse list = server->Consumers();
      for (const v1::ConsumerStatus& status : list.consumers()) {
        const bool has_all =
            status.has_acknowledged_at() && status.acknowledged_records_behind() == 0;
        acknowledged[status.consumer()] = acknowledged[status.consumer()] || has_all;
      }
    }
    return acknowledged.size() == followers_.size() &&
           std::all_of(acknowledged.begin(), acknowledged.end(),
                       [](const auto& consumer) { return consumer.second; });
  }

  publish::MemoryLog log_{kPartitions};
  Model model_;
  runtime::TemporaryFolder folder_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::unique_ptr<Follower>> followers_;
};

TEST_F(TwoReplicas, SubscribersKeepAllThatIsPublishedWhateverHappensToTheReplicas) {
  Append(50);
  for (const auto& follower : followers_) follower->Start();
  for (int round = 0; round < kRounds && !HasFailure(); ++round) {
    Append(model_.OneIn(10) ? 40 : model_.Below(6));
    if (model_.OneIn(15)) servers_[model_.Below(2)]->Restart(model_.OneIn(2), model_.OneIn(3));
    Follower& follower = *followers_[model_.Below(4)];
    if (model_.OneIn(20)) {
      follower.Stop();
      follower.Start();
    }
    if (model_.OneIn(8)) {
      EXPECT_TRUE(follower.application.Await(Expected(follower))) << "round " << round;
      EXPECT_TRUE(follower.application.AwaitLease());
    }
  }
  for (const auto& follower : followers_)
    EXPECT_TRUE(follower->application.Await(Expected(*follower)));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  bool all = false;
  while (!all && std::chrono::steady_clock::now() < deadline) {
    all = HaveAllAcknowledged();
    if (!all) log_.WaitForAny({}, std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(all);
  // Without a server: what the file holds is there at once, and is no more than a hint.
  for (const auto& follower : followers_) follower->Stop();
  const std::map<std::string, v1::Indicator> last = Expected(*followers_[0]);
  servers_.clear();
  Follower again;
  again.options = followers_[0]->options;
  again.Start();
  EXPECT_TRUE(again.application.Await(last));
  EXPECT_FALSE(again.application.LeaseHolds());
  again.Stop();
}

// Ends the first stream as a server or a proxy may that goes away; then gives an empty set.
class CancelsFirst : public v1::IndicatorService::Service {
 public:
  grpc::Status Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest*,
                         grpc::ServerWriter<v1::SubscribeResponse>* stream) override {
    if (++calls == 1) return {grpc::StatusCode::CANCELLED, "going away"};
    v1::SubscribeResponse begin;
    begin.mutable_snapshot_begin()->set_reason("none");
    v1::SubscribeResponse end;
    end.mutable_snapshot_end()->set_cursor("1");
    end.mutable_snapshot_end()->mutable_digest()->set_sum(std::string(16, '\0'));
    stream->Write(begin);
    stream->Write(end);
    while (!context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return grpc::Status::OK;
  }

  std::atomic<int> calls = 0;
};

TEST(Subscriber, AStreamThatTheOtherEndCancelsIsNotTheEnd) {
  CancelsFirst service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  client::Subscriber::Options options;
  options.channels.push_back(client::Connect({.address = "127.0.0.1:" + std::to_string(port)}));
  options.consumer = "blocker";
  options.once = true;
  Application application;
  const absl::Status ended = client::Subscriber(options, application).Run({});
  EXPECT_TRUE(ended.ok()) << ended;
  EXPECT_EQ(service.calls, 2);
  EXPECT_EQ(application.Sets(), 1);
}

}  // namespace
}  // namespace ringfence::subscribers
