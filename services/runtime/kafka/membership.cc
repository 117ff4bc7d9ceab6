#include "services/runtime/kafka/membership.h"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "services/runtime/kafka/call_thread.h"
#include "services/runtime/kafka/client.h"
#include "services/runtime/kafka/errors.h"
#include "services/runtime/logging.h"

namespace ringfence::runtime {
namespace {

constexpr int kPollMilliseconds = 100;
// Beyond the revoke timeout, until the group thinks that a member hangs.
constexpr std::chrono::milliseconds kHangMargin{10'000};

absl::Status Check(const Membership::Options& options) {
  const bool complete =
      !options.group.empty() && !options.instance.empty() && !options.topics.empty();
  if (!complete) {
    return absl::InvalidArgumentError("a member needs a group, topics and an instance name");
  }
  if (options.revoke_timeout.count() < 1) {
    return absl::InvalidArgumentError("the revoke timeout has to be positive");
  }
  return absl::OkStatus();
}

}  // namespace

class Membership::Impl {
 public:
  Impl(const Options& options, PartitionOwner& owner, Metrics* metrics)
      : options_(options), owner_(owner), metrics_(metrics) {}
  ~Impl();

  absl::Status Join();

 private:
  static void OnRebalance(rd_kafka_t* client, rd_kafka_resp_err_t code,
                          rd_kafka_topic_partition_list_t* partitions, void* opaque);

  // All of these: the polling thread's.
  void Poll(const std::stop_token& stop);
  void Assign(const std::vector<TopicPartition>& partitions);
  void Revoke(const std::vector<TopicPartition>& partitions, bool lost);
  void RevokeAll(bool lost);
  // True where it is over for good.
  bool CheckFatal();
  std::vector<TopicPartition> Named(const rd_kafka_topic_partition_list_t& partitions) const;

  const Options options_;
  PartitionOwner& owner_;
  Metrics* const metrics_;
  // The polling thread's.
  std::set<TopicPartition> owned_;
  std::unique_ptr<KafkaClient> client_;
  CallThread calls_;
  std::jthread poller_;
};

// The client's own opaque pointer is the KafkaClient; its setup's is this.
void Membership::Impl::OnRebalance(rd_kafka_t* client, rd_kafka_resp_err_t code,
                                   rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto& self = *static_cast<Impl*>(static_cast<KafkaClient*>(opaque)->setup().opaque);
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    // The group has given them to this member; nothing is to be fetched.
    const PartitionList nothing(rd_kafka_topic_partition_list_new(0));
    rd_kafka_assign(client, nothing.get());
    self.Assign(self.Named(*partitions));
    return;
  }
  if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    LogLine(LogLevel::kWarning, "kafka group gives no partitions",
            {{"error", std::string(rd_kafka_err2name(code))}});
  }
  self.Revoke(self.Named(*partitions), rd_kafka_assignment_lost(client) != 0);
  // Only now the group goes on.
  rd_kafka_assign(client, nullptr);
}

absl::Status Membership::Impl::Join() {
  if (absl::Status status = Check(options_); !status.ok()) return status;
  const KafkaOptions& kafka = options_.kafka;
  KafkaClient::Setup setup;
  setup.role = KafkaRole::kMember;
  setup.polls_itself = true;
  setup.rebalanced = OnRebalance;
  setup.opaque = this;
  setup.properties = {
      {"group.id", kafka.prefix + options_.group},
      {"group.instance.id", options_.instance},
      {"max.poll.interval.ms",
       std::to_string(
           std::max(kafka.session_timeout, options_.revoke_timeout + kHangMargin).count())},
  };
  absl::StatusOr<std::unique_ptr<KafkaClient>> client =
      KafkaClient::Make(kafka, std::move(setup), metrics_);
  if (!client.ok()) return client.status();
  client_ = *std::move(client);
  const PartitionList topics(
      rd_kafka_topic_partition_list_new(static_cast<int>(options_.topics.size())));
  for (const std::string& topic : options_.topics) {
    rd_kafka_topic_partition_list_add(topics.get(), (kafka.prefix + topic).c_str(),
                                      RD_KAFKA_PARTITION_UA);
  }
  if (const auto error = rd_kafka_subscribe(client_->get(), topics.get());
      error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return KafkaStatus(error, "joining " + options_.group);
  }
  poller_ = std::jthread([this](const std::stop_token& stop) { Poll(stop); });
  return absl::OkStatus();
}

Membership::Impl::~Impl() {
  poller_ = {};
  // Heartbeats go on until the client is gone.
  RevokeAll(false);
}

void Membership::Impl::Poll(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const MessageHandle message(rd_kafka_consumer_poll(client_->get(), kPollMilliseconds));
    if (CheckFatal()) return;
    if (message != nullptr && message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
        KafkaReactionTo(message->err) == KafkaReaction::kStop) {
      // Topics and rights may still come.
      LogLine(LogLevel::kWarning, "kafka group member has an error",
              {{"error", std::string(rd_kafka_err2name(message->err))}});
    }
  }
}

bool Membership::Impl::CheckFatal() {
  char text[512] = "";
  const rd_kafka_resp_err_t error = rd_kafka_fatal_error(client_->get(), text, sizeof(text));
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  const absl::Status why = KafkaStatus(error, "member " + options_.instance, text);
  RevokeAll(true);
  calls_.Post([this, why] { owner_.Failed(why); });
  return true;
}

std::vector<TopicPartition> Membership::Impl::Named(
    const rd_kafka_topic_partition_list_t& partitions) const {
  std::vector<TopicPartition> named;
  for (int i = 0; i < partitions.cnt; ++i) {
    const rd_kafka_topic_partition_t& each = partitions.elems[i];
    named.push_back({std::string(each.topic).substr(options_.kafka.prefix.size()), each.partition});
  }
  std::sort(named.begin(), named.end());
  return named;
}

void Membership::Impl::Assign(const std::vector<TopicPartition>& partitions) {
  if (partitions.empty()) {
    calls_.Post([this] { owner_.Assigned({}); });
    return;
  }
  owned_.insert(partitions.begin(), partitions.end());
  LogLine(LogLevel::kInfo, "partitions assigned",
          {{"group", options_.group}, {"partitions", int64_t(partitions.size())}});
  calls_.Post([this, partitions] { owner_.Assigned(partitions); });
}

void Membership::Impl::Revoke(const std::vector<TopicPartition>& partitions, bool lost) {
  std::vector<TopicPartition> revoked;
  for (const TopicPartition& partition : partitions) {
    if (owned_.erase(partition) != 0) revoked.push_back(partition);
  }
  if (revoked.empty()) return;
  LogLine(LogLevel::kInfo, "partitions revoked",
          {{"group", options_.group},
           {"partitions", int64_t(revoked.size())},
           {"lost", std::string(lost ? "yes" : "no")}});
  // Shared: a call that is too late may outlive the wait.
  const auto done = std::make_shared<absl::Notification>();
  calls_.Post([this, revoked, lost, done] {
    owner_.Revoked(revoked, lost);
    done->Notify();
  });
  if (!done->WaitForNotificationWithTimeout(absl::FromChrono(options_.revoke_timeout))) {
    LogLine(LogLevel::kError, "partitions were not given up in time, they go to others",
            {{"group", options_.group}, {"timeout_ms", int64_t{options_.revoke_timeout.count()}}});
  }
}

void Membership::Impl::RevokeAll(bool lost) {
  Revoke(std::vector<TopicPartition>(owned_.begin(), owned_.end()), lost);
}

absl::StatusOr<std::unique_ptr<Membership>> Membership::Join(const Options& options,
                                                             PartitionOwner& owner,
                                                             Metrics* metrics) {
  auto impl = std::make_unique<Impl>(options, owner, metrics);
  if (absl::Status status = impl->Join(); !status.ok()) return status;
  return std::unique_ptr<Membership>(new Membership(std::move(impl)));
}

Membership::Membership(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Membership::~Membership() = default;

}  // namespace ringfence::runtime
