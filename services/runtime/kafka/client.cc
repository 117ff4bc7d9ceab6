#include "services/runtime/kafka/client.h"

#include <array>
#include <string_view>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "services/runtime/kafka/errors.h"
#include "services/runtime/kafka/statistics.h"
#include "services/runtime/logging.h"

namespace ringfence::runtime {
namespace {

constexpr int kPollMilliseconds = 100;
constexpr size_t kErrorTextMax = 512;

const char* RoleWord(KafkaRole role) {
  switch (role) {
    case KafkaRole::kProducer:
      return "producer";
    case KafkaRole::kReader:
      return "reader";
    case KafkaRole::kAsker:
      return "asker";
    case KafkaRole::kMember:
      return "member";
  }
  return "reader";
}

const char* ReactionWordOf(KafkaReaction reaction) {
  switch (reaction) {
    case KafkaReaction::kRetry:
      return "retry";
    case KafkaReaction::kRecreate:
      return "recreate";
    case KafkaReaction::kStop:
      return "stop";
  }
  return "stop";
}

// From any thread of librdkafka's. Levels are syslog's: 4 is a warning, and a broker that is away
// is a 3.
void OnLog(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  if (level > 4) return;
  LogLine(level < 3 ? LogLevel::kError : LogLevel::kWarning, "kafka client",
          {{"client", std::string(client == nullptr ? "" : rd_kafka_name(client))},
           {"facility", std::string(facility)},
           {"text", std::string(text)}});
}

absl::Status SetAll(rd_kafka_conf_t* conf, const KafkaProperties& properties) {
  std::array<char, kErrorTextMax> text{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) ==
        RD_KAFKA_CONF_OK) {
      continue;
    }
    // librdkafka's text quotes the value.
    const bool is_secret = name.find("password") != std::string::npos;
    return absl::InvalidArgumentError("kafka: " + name + ": " +
                                      (is_secret ? "not taken" : std::string(text.data())));
  }
  return absl::OkStatus();
}

}  // namespace

KafkaClient::KafkaClient(const KafkaOptions& options, Setup setup, Metrics* metrics)
    : options_(options), setup_(std::move(setup)), metrics_(metrics) {}

absl::StatusOr<std::unique_ptr<KafkaClient>> KafkaClient::Make(const KafkaOptions& options,
                                                               Setup setup, Metrics* metrics) {
  absl::StatusOr<KafkaProperties> properties = MakeKafkaProperties(options, setup.role);
  if (!properties.ok()) return properties.status();
  for (const auto& [name, value] : setup.properties) (*properties)[name] = value;
  std::unique_ptr<KafkaClient> made(new KafkaClient(options, std::move(setup), metrics));
  if (absl::Status status = made->Create(*properties); !status.ok()) return status;
  return made;
}

absl::Status KafkaClient::Create(const KafkaProperties& properties) {
  std::unique_ptr<rd_kafka_conf_t, KafkaDeleter<rd_kafka_conf_destroy>> conf(rd_kafka_conf_new());
  if (absl::Status status = SetAll(conf.get(), properties); !status.ok()) return status;
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_log_cb(conf.get(), OnLog);
  rd_kafka_conf_set_error_cb(conf.get(), OnError);
  rd_kafka_conf_set_stats_cb(conf.get(), OnStatistics);
  if (setup_.delivered != nullptr) rd_kafka_conf_set_dr_msg_cb(conf.get(), setup_.delivered);
  if (setup_.rebalanced != nullptr) {
    rd_kafka_conf_set_rebalance_cb(conf.get(), setup_.rebalanced);
  }
  const bool produces = setup_.role == KafkaRole::kProducer;
  std::array<char, kErrorTextMax> text{};
  client_ = rd_kafka_new(produces ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf.get(), text.data(),
                         text.size());
  if (client_ == nullptr) {
    return absl::InvalidArgumentError("kafka: no client can be made: " + std::string(text.data()));
  }
  static_cast<void>(conf.release());  // the client owns it
  if (HasGroup()) rd_kafka_poll_set_consumer(client_);
  if (!setup_.polls_itself) {
    poller_ = std::jthread([this](const std::stop_token& stop) { Poll(stop); });
  }
  return absl::OkStatus();
}

KafkaClient::~KafkaClient() {
  StopPolling();
  if (client_ == nullptr) return;
  rd_kafka_t* client = std::exchange(client_, nullptr);
  // From here on nobody polls, so no callback comes to what is gone.
  const bool closed = CloseWithin(options_.close_timeout, [client] {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  });
  if (!closed) {
    LogLine(LogLevel::kWarning, "kafka client did not close in time",
            {{"client", std::string(RoleWord(setup_.role))},
             {"timeout_ms", int64_t{options_.close_timeout.count()}}});
  }
}

void KafkaClient::Poll(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (!HasGroup()) {
      rd_kafka_poll(client_, kPollMilliseconds);
      continue;
    }
    const MessageHandle message(rd_kafka_consumer_poll(client_, kPollMilliseconds));
    if (message != nullptr && setup_.unexpected) setup_.unexpected(*message);
  }
}

int KafkaClient::OnStatistics(rd_kafka_t*, char* json, size_t size, void* opaque) {
  const auto& self = *static_cast<KafkaClient*>(opaque);
  if (self.metrics_ == nullptr) return 0;
  const absl::StatusOr<KafkaStatistics> read = ReadKafkaStatistics(std::string_view(json, size));
  if (read.ok()) ReportKafkaStatistics(*read, RoleWord(self.setup_.role), *self.metrics_);
  return 0;  // the library frees the text
}

// What passes, the library logs by itself.
void KafkaClient::OnError(rd_kafka_t* client, int code, const char*, void* opaque) {
  auto& self = *static_cast<KafkaClient*>(opaque);
  auto error = static_cast<rd_kafka_resp_err_t>(code);
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    self.is_fatal_ = true;
    std::array<char, kErrorTextMax> text{};
    error = rd_kafka_fatal_error(client, text.data(), text.size());
    LogLine(LogLevel::kError, "kafka client is done for",
            {{"client", std::string(RoleWord(self.setup_.role))},
             {"error", std::string(rd_kafka_err2name(error))},
             {"text", std::string(text.data())}});
  }
  if (self.metrics_ != nullptr) {
    self.metrics_->Add(Metric::kKafkaErrors,
                       {{"client", RoleWord(self.setup_.role)},
                        {"reaction", ReactionWordOf(self.is_fatal_ ? KafkaReaction::kRecreate
                                                                   : KafkaReactionTo(error))}});
  }
}

bool CloseWithin(std::chrono::milliseconds timeout, std::function<void()> close) {
  // Shared: whoever of the two is later frees it.
  const auto done = std::make_shared<absl::Notification>();
  std::thread([done, close = std::move(close)] {
    close();
    done->Notify();
  }).detach();
  return done->WaitForNotificationWithTimeout(absl::FromChrono(timeout));
}

absl::StatusOr<EventHandle> AskKafka(
    rd_kafka_t* client, rd_kafka_admin_op_t operation, std::chrono::milliseconds timeout,
    rd_kafka_event_type_t expected, const std::string& tried,
    const std::function<void(const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>& send) {
  const std::unique_ptr<rd_kafka_AdminOptions_t, KafkaDeleter<rd_kafka_AdminOptions_destroy>>
      options(rd_kafka_AdminOptions_new(client, operation));
  std::array<char, kErrorTextMax> text{};
  rd_kafka_resp_err_t error = rd_kafka_AdminOptions_set_request_timeout(
      options.get(), static_cast<int>(timeout.count()), text.data(), text.size());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaStatus(error, tried, text.data());
  const QueueHandle queue(rd_kafka_queue_new(client));
  send(options.get(), queue.get());
  // The library answers by the timeout, or a little later.
  constexpr int kLater = 5'000;
  EventHandle event(rd_kafka_queue_poll(queue.get(), static_cast<int>(timeout.count()) + kLater));
  if (event == nullptr) return KafkaStatus(RD_KAFKA_RESP_ERR__TIMED_OUT, tried);
  if (error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return KafkaStatus(error, tried, rd_kafka_event_error_string(event.get()));
  }
  if (rd_kafka_event_type(event.get()) != expected) {
    return absl::InternalError("kafka: " + tried + ": an answer to something else");
  }
  return event;
}

}  // namespace ringfence::runtime
