#include "services/client/subscriber.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "ringfence/v1/indicator_service.grpc.pb.h"
#include "services/client/acknowledger.h"
#include "services/client/channel.h"
#include "services/client/follower.h"

namespace ringfence::client {
namespace {

constexpr int kFirstReconnectMilliseconds = 100;
constexpr int kLastReconnectMilliseconds = 5'000;
constexpr std::chrono::seconds kAcknowledgeWithin{10};
// How exactly the end of a lease is seen.
constexpr std::chrono::milliseconds kLookEvery{100};

}  // namespace

struct Subscriber::Impl {
  Impl(Options given, Handler& to_call) : options(std::move(given)), handler(to_call) {
    for (const auto& channel : options.channels)
      stubs.push_back(v1::IndicatorService::NewStub(channel));
  }

  absl::Status Stream(const v1::SubscribeRequest& request, const std::stop_token& stop,
                      const std::function<bool(const v1::SubscribeResponse&)>& visit) {
    v1::IndicatorService::Stub& stub = *stubs[current];
    grpc::ClientContext context;
    const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
    const auto stream = stub.Subscribe(&context, request);
    v1::SubscribeResponse event;
    bool enough = false;
    while (!enough && stream->Read(&event)) enough = !visit(event);
    if (enough) context.TryCancel();
    const grpc::Status status = stream->Finish();
    if (enough) return absl::OkStatus();
    current = (current + 1) % stubs.size();
    return stop.stop_requested() ? absl::CancelledError("stopped") : FromGrpc(status);
  }

  void Acknowledge(const std::string& cursor, const std::stop_token& stop) {
    v1::AcknowledgeRequest request;
    request.set_consumer(options.consumer);
    request.set_cursor(cursor);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kAcknowledgeWithin);
    const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
    v1::AcknowledgeResponse response;
    (void)stubs[current]->Acknowledge(&context, request, &response);
  }

  void WatchLease(const std::stop_token& stop, const Follower& follower) {
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      lock.unlock();
      TellLease(follower);
      lock.lock();
      woken.wait_for(lock, stop, kLookEvery, [&] { return stop.stop_requested(); });
    }
  }

  void TellLease(const Follower& follower) {
    const bool holds = std::chrono::steady_clock::now() < follower.lease_until();
    const std::scoped_lock lock(calling);
    if (holds != std::exchange(lease_holds, holds)) handler.OnLease(holds);
  }

  Options options;
  Handler& handler;
  std::vector<std::unique_ptr<v1::IndicatorService::Stub>> stubs;
  std::atomic<size_t> current{0};
  std::minstd_rand random{std::random_device()()};

  // Held while the handler is called.
  std::mutex calling;
  bool lease_holds = false;

  std::mutex mutex;
  std::condition_variable_any woken;
};

Subscriber::Subscriber(Options options, Handler& handler)
    : impl_(std::make_unique<Impl>(std::move(options), handler)) {}
Subscriber::~Subscriber() = default;

absl::Status Subscriber::Run(const std::stop_token& stop) {
  Impl& impl = *impl_;
  if (impl.stubs.empty()) return absl::InvalidArgumentError("channels: at least one");
  std::optional<SetFile> file;
  Follower::Options options;
  options.request.set_consumer(impl.options.consumer);
  *options.request.mutable_filter() = impl.options.filter;
  options.once = impl.options.once;
  options.keep_indicators = impl.options.keep_indicators;
  if (!impl.options.file.empty()) {
    // A set is good for one filter only, and without its indicators for no handler.
    const std::string asked = impl.options.filter.ShortDebugString() +
                              (options.keep_indicators ? " whole" : " revisions");
    absl::StatusOr<SetFile> opened = SetFile::Open(impl.options.file, asked);
    if (!opened.ok()) return opened.status();
    file = *std::move(opened);
  }
  Follower::World world;
  world.stream = [&](const v1::SubscribeRequest& request,
                     const std::function<bool(const v1::SubscribeResponse&)>& visit) {
    return impl.Stream(request, stop, visit);
  };
  world.wait = [&](std::chrono::milliseconds time) {
    std::unique_lock lock(impl.mutex);
    impl.woken.wait_for(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
  };
  world.show = [](const v1::SubscribeResponse&) {};
  world.remark = [&](const std::string& remark) {
    const std::scoped_lock lock(impl.calling);
    impl.handler.OnRemark(remark);
  };
  world.replaced = [&](const Set& set) {
    const std::scoped_lock lock(impl.calling);
    impl.handler.OnSet(set);
  };
  world.changed = [&](const v1::Delta& delta, const Set& set) {
    const std::scoped_lock lock(impl.calling);
    impl.handler.OnDelta(delta, set);
  };
  world.chance = [&] {
    return static_cast<double>(impl.random()) / static_cast<double>(std::minstd_rand::max());
  };
  std::optional<Acknowledger> acknowledger;
  if (impl.options.acknowledge) {
    acknowledger.emplace([&](const std::string& cursor, const std::stop_token& end) {
      impl.Acknowledge(cursor, end);
    });
    world.applied = [&](const std::string& cursor) { acknowledger->Put(cursor); };
  }
  Follower follower(options, std::move(world), file ? &*file : nullptr);
  if (follower.set().size() > 0) {
    const std::scoped_lock lock(impl.calling);
    impl.handler.OnSet(follower.set());
  }
  absl::Status status;
  {
    const std::jthread lease([&](const std::stop_token& end) { impl.WatchLease(end, follower); });
    status = follower.Run();
    impl.TellLease(follower);
  }
  return status;
}

}  // namespace ringfence::client
