#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ringfence/v1/indicator_service.grpc.pb.h"
#include "services/publish/indicator_service.h"
#include "services/publish/memory_log_testing.h"
#include "services/publish/publisher.h"
#include "services/runtime/clock.h"
#include "tests/bench/subscribers_bench.h"

namespace ringfence::bench {
namespace {

constexpr int kStreamsPerChannel = 20;
// Values that change again and again: the set does not grow.
constexpr int kValues = 5'000;

// Reads as fast as can be, or not at all.
class Reader : public grpc::ClientReadReactor<v1::SubscribeResponse> {
 public:
  struct Totals {
    std::atomic<uint64_t> indicators{0};
    std::atomic<int> whole{0};
    std::mutex mutex;
    std::vector<float> seconds_late;
  };

  Reader(v1::IndicatorService::Stub& stub, bool reads, const std::string& name, Totals& totals)
      : reads_(reads), totals_(totals) {
    request_.set_consumer(name);
    stub.async()->Subscribe(&context_, &request_, this);
    StartRead(&event_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (event_.has_snapshot_end()) ++totals_.whole;
    if (event_.has_delta()) {
      const core::Time now = runtime::SystemNow();
      totals_.indicators += static_cast<uint64_t>(event_.delta().upserts_size());
      const std::scoped_lock lock(totals_.mutex);
      for (const v1::Indicator& indicator : event_.delta().upserts()) {
        totals_.seconds_late.push_back(
            static_cast<float>(now - core::FromProto(indicator.last_seen())) * 1e-9f);
      }
    }
    if (reads_) StartRead(&event_);
  }
  void OnDone(const grpc::Status&) override { done_ = true; }
  void Cancel() { context_.TryCancel(); }
  bool done() const { return done_; }

 private:
  const bool reads_;
  Totals& totals_;
  grpc::ClientContext context_;
  v1::SubscribeRequest request_;
  v1::SubscribeResponse event_;
  std::atomic<bool> done_{false};
};

// The subscribers' process: "r" when all have the set, results when its input ends.
[[noreturn]] void RunReaders(int input, int output, int subscribers, int stuck) {
  std::string address(64, '\0');
  address.resize(static_cast<size_t>(std::max<ssize_t>(0, read(input, address.data(), 64))));
  Reader::Totals totals;
  std::vector<std::unique_ptr<v1::IndicatorService::Stub>> stubs;
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < subscribers; ++i) {
    const bool reads = i >= stuck;
    // Who does not read has a connection of its own: another would share its window.
    if (!reads || i % kStreamsPerChannel == 0 || i == stuck) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
      stubs.push_back(v1::IndicatorService::NewStub(
          grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
    }
    readers.push_back(
        std::make_unique<Reader>(*stubs.back(), reads, "reader-" + std::to_string(i), totals));
  }
  while (totals.whole < subscribers - stuck) usleep(10'000);
  char byte = 'r';
  if (write(output, &byte, 1) != 1) _exit(1);
  while (read(input, &byte, 1) > 0) {
  }
  std::string result = fmt::format("{} ", totals.indicators.load());
  {
    const std::scoped_lock lock(totals.mutex);
    std::sort(totals.seconds_late.begin(), totals.seconds_late.end());
    const auto at = [&](double part) {
      const auto place =
          static_cast<size_t>(static_cast<double>(totals.seconds_late.size()) * part);
      return totals.seconds_late.empty()
                 ? 0.f
                 : totals.seconds_late[std::min(place, totals.seconds_late.size() - 1)];
    };
    result += fmt::format("{:.4f} {:.4f} {:.4f}", at(0.5), at(0.99), at(1));
  }
  if (write(output, result.data(), result.size()) < 0) _exit(1);
  _exit(0);
}

internal::v1::IndicatorRecord ChangeOf(int number, core::Place place) {
  return campaigns::Upsert({.type = v1::IDENTIFIER_TYPE_DOMAIN,
                            .value = "host-" + std::to_string(number % kValues) + ".example",
                            .place = place,
                            .last_seen = runtime::SystemNow()});
}

}  // namespace

int Fanout(int subscribers, int stuck, int changes_per_second, int seconds) {
  int to_child[2];
  int from_child[2];
  if (pipe(to_child) != 0 || pipe(from_child) != 0) return 1;
  // Before gRPC has threads.
  const pid_t child = fork();
  if (child == 0) {
    close(to_child[1]);
    RunReaders(to_child[0], from_child[1], subscribers, stuck);
  }
  close(to_child[0]);
  close(from_child[1]);

  const std::string folder =
      std::filesystem::temp_directory_path() / ("fanout-bench-" + std::to_string(getpid()));
  publish::MemoryLog log(4);
  core::Place place = 0;
  for (int i = 0; i < kValues; ++i) log.Append(i % 4, ChangeOf(i, ++place));
  runtime::Metrics metrics;
  publish::Publisher::Options options;
  options.state_dir = folder;
  options.placement = "bench";
  options.memory = runtime::MakeRocksMemory({});
  auto publisher = publish::Publisher::Start(options, log, metrics);
  if (!publisher.ok()) return 1;
  publish::IndicatorService::Options service_options;
  service_options.feed.cursor_key = "key";
  service_options.feed.clock = runtime::SystemNow;
  service_options.streams.streams_max = static_cast<size_t>(subscribers) + 10;
  const std::unique_ptr<runtime::Gate> gate = runtime::Gate::OnThisMachine(metrics);
  publish::IndicatorService service(service_options, **publisher, *gate, metrics);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  char byte = 0;
  if (write(to_child[1], address.data(), address.size()) < 0 || read(from_child[0], &byte, 1) != 1)
    return 1;
  fmt::print("{} subscribers have {} indicators, {} read nothing more; {:.0f} MiB resident\n",
             subscribers, kValues, stuck, ResidentMib());

  const double cpu_before = CpuSeconds();
  const double memory_before = ResidentMib();
  const auto began = std::chrono::steady_clock::now();
  const int changes = changes_per_second * seconds;
  double memory_half = 0;
  for (int i = 0; i < changes; ++i) {
    log.Append(i % 4, ChangeOf(i, ++place));
    std::this_thread::sleep_until(
        began + std::chrono::microseconds(int64_t{1'000'000} * (i + 1) / changes_per_second));
    if (i == changes / 2) memory_half = ResidentMib();
  }
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const double cpu = CpuSeconds() - cpu_before;
  const double memory_after = ResidentMib();
  close(to_child[1]);
  std::string result(256, '\0');
  result.resize(static_cast<size_t>(std::max<ssize_t>(0, read(from_child[0], result.data(), 256))));
  waitpid(child, nullptr, 0);
  uint64_t indicators = 0;
  double p50 = 0;
  double p99 = 0;
  double greatest = 0;
  if (std::sscanf(result.c_str(), "%lu %lf %lf %lf", &indicators, &p50, &p99, &greatest) != 4)
    return 1;
  const auto wanted = static_cast<uint64_t>(changes) * static_cast<uint64_t>(subscribers - stuck);
  fmt::print(
      "{} changes at {} a second: {} of {} deliveries, {:.0f} a core-second of the server "
      "({:.1f} CPU s)\n",
      changes, changes_per_second, indicators, wanted, static_cast<double>(indicators) / cpu, cpu);
  fmt::print("append to receipt: p50 {:.0f} ms, p99 {:.0f} ms, greatest {:.0f} ms\n", p50 * 1e3,
             p99 * 1e3, greatest * 1e3);
  fmt::print("resident: {:.0f} MiB before, {:.0f} half way, {:.0f} after\n", memory_before,
             memory_half, memory_after);
  service.CloseStreams(std::chrono::seconds(5));
  server->Shutdown(std::chrono::system_clock::now());
  server->Wait();
  publisher->reset();
  std::filesystem::remove_all(folder);
  return indicators == wanted ? 0 : 1;
}

}  // namespace ringfence::bench
