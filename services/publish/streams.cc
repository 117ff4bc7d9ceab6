#include "services/publish/streams.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <variant>

#include "absl/time/time.h"
#include "services/runtime/grpc/grpc_caller.h"

namespace ringfence::publish {
namespace {

using runtime::ToGrpc;
using Clock = std::chrono::steady_clock;

// How exactly bookmarks are on time.
constexpr std::chrono::milliseconds kLookEvery{100};

// Spread evenly over nine to eleven tenths, whatever comes after each other.
Clock::duration AgeOf(uint64_t number, std::chrono::milliseconds age_max) {
  constexpr double kGoldenRatio = 0.6180339887498949;
  const double place = static_cast<double>(number) * kGoldenRatio;
  const double factor = 0.9 + 0.2 * (place - std::floor(place));
  return std::chrono::duration_cast<Clock::duration>(age_max * factor);
}

class RefusingReactor : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit RefusingReactor(grpc::Status status) { Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* Refusing(grpc::Status status) {
  return new RefusingReactor(std::move(status));
}

// One stream. At most one worker is in Run at any time; gRPC's calls only note what happened and
// ask for a turn. The subscription and the end of the stream are Run's alone.
class Streams::Stream : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                        public std::enable_shared_from_this<Stream> {
 public:
  Stream(Streams& streams, grpc::CallbackServerContext* context,
         std::unique_ptr<Subscription> subscription, Clock::time_point retires_at,
         std::function<bool()> may_go_on)
      : streams_(streams),
        context_(context),
        retires_at_(retires_at),
        may_go_on_(std::move(may_go_on)),
        following_(streams.consumers_.Begin(subscription->consumer(), subscription->filter())),
        subscription_(std::move(subscription)) {}

  // Asks for a turn.
  void Schedule() ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(&mutex_);
      if (finished_ || queued_) return;
      if (running_) {
        again_ = true;
        return;
      }
      queued_ = true;
    }
    Submit();
  }

  // The same, where it waits for something that may have come by now.
  void ScheduleIfDue(Clock::time_point now, bool has_news) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(&mutex_);
      const bool is_stuck = writing_ && now - write_began_ > streams_.options_.write_within;
      const bool is_due = !writing_ && (has_news || now >= wait_until_ || now >= retires_at_);
      if (!is_stuck && !is_due) return;
    }
    Schedule();
  }

  void Close(const std::string& reason) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(&mutex_);
      close_reason_ = reason;
    }
    Schedule();
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
      if (!ok) broken_ = true;
    }
    Schedule();
  }

  void OnCancel() override {
    {
      absl::MutexLock lock(&mutex_);
      broken_ = true;
    }
    Schedule();
  }

  void OnDone() override { streams_.Remove(this); }

 private:
  void Submit() {
    streams_.workers_.SubmitStream([self = shared_from_this()] { self->Run(); });
  }

  void Run() ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      absl::MutexLock lock(&mutex_);
      queued_ = false;
      running_ = true;
      again_ = false;
    }
    Turn();
    {
      absl::MutexLock lock(&mutex_);
      running_ = false;
      if (!again_ || finished_) return;
      queued_ = true;
    }
    Submit();
  }

  void Turn() ABSL_LOCKS_EXCLUDED(mutex_) {
    bool broken = false;
    {
      absl::MutexLock lock(&mutex_);
      if (finished_) return;
      if (writing_) {
        const bool is_stuck = Clock::now() - write_began_ > streams_.options_.write_within;
        if (!is_stuck || cut_) return;
        cut_ = true;
      } else if (close_reason_) {
        subscription_->Close(*std::exchange(close_reason_, std::nullopt));
      }
      broken = broken_;
    }
    // Only a turn finishes: the context is there.
    if (cut_) context_->TryCancel();
    if (!broken && !cut_ && !may_go_on_())
      return End({{}, absl::PermissionDeniedError("the caller's identity has changed")});
    if (!broken && !cut_) {
      const Clock::time_point now = Clock::now();
      if (now >= retires_at_) subscription_->CloseWhenLive("age");
      Subscription::Step step = subscription_->Next(now);
      following_->Note(subscription_->phase(), subscription_->sent());
      return Take(std::move(step));
    }
    if (broken) End({{}, absl::CancelledError("cancelled")});
  }

  void Take(Subscription::Step step) ABSL_LOCKS_EXCLUDED(mutex_) {
    if (auto* send = std::get_if<Subscription::Send>(&step)) {
      message_ = std::move(send->message);
      {
        absl::MutexLock lock(&mutex_);
        writing_ = true;
        write_began_ = Clock::now();
      }
      StartWrite(&message_);
    } else if (auto* wait = std::get_if<Subscription::Wait>(&step)) {
      absl::MutexLock lock(&mutex_);
      wait_until_ = wait->until;
      if (wait->until <= Clock::now()) again_ = true;
    } else {
      End(std::get<Subscription::End>(std::move(step)));
    }
  }

  void End(Subscription::End end) ABSL_LOCKS_EXCLUDED(mutex_) {
    // What it holds of the state is not needed until gRPC is done with it.
    subscription_.reset();
    following_.reset();
    {
      absl::MutexLock lock(&mutex_);
      finished_ = true;
    }
    if (end.last) {
      message_ = *std::move(end.last);
      StartWriteAndFinish(&message_, grpc::WriteOptions(), ToGrpc(end.status));
    } else {
      Finish(ToGrpc(end.status));
    }
  }

  Streams& streams_;
  grpc::CallbackServerContext* const context_;
  const Clock::time_point retires_at_;
  const std::function<bool()> may_go_on_;

  // A turn's own.
  std::shared_ptr<Consumers::Stream> following_;
  std::unique_ptr<Subscription> subscription_;
  grpc::ByteBuffer message_;
  bool cut_ = false;

  absl::Mutex mutex_;
  bool queued_ ABSL_GUARDED_BY(mutex_) = false;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool again_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  Clock::time_point write_began_ ABSL_GUARDED_BY(mutex_);
  Clock::time_point wait_until_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::string> close_reason_ ABSL_GUARDED_BY(mutex_);
};

Streams::Streams(const Options& options, const Publisher& publisher, Consumers& consumers,
                 Workers& workers, runtime::Metrics& metrics)
    : options_(options),
      publisher_(publisher),
      consumers_(consumers),
      workers_(workers),
      metrics_(metrics) {
  dispatcher_ = std::jthread([this](std::stop_token stop) { Dispatch(std::move(stop)); });
}

Streams::~Streams() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &Streams::IsEmpty));
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* Streams::Begin(
    grpc::CallbackServerContext* context, std::unique_ptr<Subscription> subscription,
    std::function<bool()> may_go_on) {
  std::shared_ptr<Stream> stream;
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return Refusing({grpc::StatusCode::UNAVAILABLE, "the server is going away"});
    if (streams_.size() >= options_.streams_max)
      return Refusing({grpc::StatusCode::RESOURCE_EXHAUSTED, "too many streams are open"});
    stream = std::make_shared<Stream>(*this, context, std::move(subscription),
                                      Clock::now() + AgeOf(begun_++, options_.age_max),
                                      std::move(may_go_on));
    streams_.emplace(stream.get(), stream);
    metrics_.Set(runtime::Metric::kSubscribers, {}, static_cast<double>(streams_.size()));
  }
  stream->Schedule();
  return stream.get();
}

void Streams::Remove(const Stream* stream) {
  std::shared_ptr<Stream> last;
  absl::MutexLock lock(&mutex_);
  auto found = streams_.find(stream);
  last = std::move(found->second);
  streams_.erase(found);
  metrics_.Set(runtime::Metric::kSubscribers, {}, static_cast<double>(streams_.size()));
}

std::vector<std::shared_ptr<Streams::Stream>> Streams::All() const {
  std::vector<std::shared_ptr<Stream>> all;
  absl::MutexLock lock(&mutex_);
  for (const auto& [key, stream] : streams_) all.push_back(stream);
  return all;
}

void Streams::Dispatch(std::stop_token stop) {
  std::shared_ptr<const Moment> known;
  while (!stop.stop_requested()) {
    const Moment* before = known.get();
    std::shared_ptr<const Moment> latest = publisher_.AwaitOther(before, kLookEvery);
    // Marks alone are told with the next bookmark.
    const bool has_news = known == nullptr || latest->changes != known->changes ||
                          latest->complete != known->complete;
    known = std::move(latest);
    for (const std::shared_ptr<Stream>& stream : All())
      stream->ScheduleIfDue(Clock::now(), has_news);
  }
}

void Streams::CloseAll(const std::string& reason, std::chrono::milliseconds within) {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  for (const std::shared_ptr<Stream>& stream : All()) stream->Close(reason);
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &Streams::IsEmpty), absl::FromChrono(within));
}

}  // namespace ringfence::publish
