// Times the embedded log and Kafka side by side: appends of one writer and of several, and reading
// all of it from the beginning by a log that was opened anew.
//
//   log_bench DIR [BROKERS] [RECORDS] [VALUE_BYTES]
//
// DIR takes the embedded log. A broker for it: ops/dev/kafka start. With one replica, Kafka
// acknowledges from memory, where the embedded log has synced the disk.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "services/runtime/clock.h"
#include "services/runtime/kafka/kafka_log.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/rocks/memory.h"

namespace ringfence::runtime {
namespace {

constexpr int kWriters = 8;
// As a runner's batches have them.
constexpr int64_t kBatch = 500;
// Of the appends of one record each, so many: each waits for the log.
constexpr int64_t kSingles = 500;

using Open = std::function<absl::StatusOr<std::unique_ptr<Log>>()>;

[[noreturn]] void Die(const absl::Status& status) {
  std::fprintf(stderr, "log_bench: %s\n", std::string(status.message()).c_str());
  std::exit(1);
}

std::unique_ptr<Log> OpenOrDie(const Open& open) {
  auto log = open();
  if (!log.ok()) Die(log.status());
  return *std::move(log);
}

double Seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Append(Log& log, int64_t records, int64_t batch, size_t value_bytes) {
  for (int64_t done = 0; done < records; done += batch) {
    std::vector<AppendRecord> appended;
    for (int64_t i = 0; i < std::min(batch, records - done); ++i) {
      std::string value(value_bytes, 'x');
      for (size_t b = 0; b < value.size(); b += 7)
        value[b] = static_cast<char>('a' + (done + i) % 26);
      appended.push_back({{"bench", 0}, std::to_string(done + i), std::move(value)});
    }
    if (auto offsets = log.Append(std::move(appended)); !offsets.ok()) Die(offsets.status());
  }
}

int64_t ReadAll(Log& log) {
  const auto end = log.EndOffset({"bench", 0});
  if (!end.ok()) Die(end.status());
  int64_t next = 0;
  int64_t count = 0;
  while (next < *end) {
    const auto records = log.Read({"bench", 0}, next, 500, size_t{4} << 20);
    if (!records.ok()) Die(records.status());
    if (records->empty()) break;
    count += static_cast<int64_t>(records->size());
    next = records->back().offset + 1;
  }
  return count;
}

void Run(const char* name, const Open& open, int64_t records, size_t value_bytes) {
  std::unique_ptr<Log> log = OpenOrDie(open);
  if (absl::Status made = log->CreateTopic("bench", {}); !made.ok()) Die(made);
  Append(*log, kBatch, kBatch, value_bytes);  // the first opens connections
  const double singles = Seconds([&] { Append(*log, kSingles, 1, value_bytes); });
  const double batches = Seconds([&] { Append(*log, records, kBatch, value_bytes); });
  const double many = Seconds([&] {
    std::vector<std::jthread> writers;
    for (int w = 0; w < kWriters; ++w) {
      writers.emplace_back([&] { Append(*log, records / kWriters, kBatch, value_bytes); });
    }
  });
  log.reset();
  log = OpenOrDie(open);
  int64_t read = 0;
  const double reading = Seconds([&] { read = ReadAll(*log); });
  const auto rate = [](auto count, double seconds) { return static_cast<double>(count) / seconds; };
  std::printf("%-9s %14.2f %16.0f %18.0f %14.0f\n", name, 1e3 * singles / kSingles,
              rate(records, batches), rate(records / kWriters * kWriters, many),
              rate(read, reading));
}

int Main(int argc, char** argv) {
  const std::string dir = argv[1];
  const int64_t records = argc > 3 ? std::atoll(argv[3]) : 200'000;
  const auto value_bytes = static_cast<size_t>(argc > 4 ? std::atoll(argv[4]) : 400);
  std::printf("%-9s %14s %16s %18s %14s\n", "log", "ms/append of 1", "rec/s 1x500", "rec/s 8x500",
              "read rec/s");
  const auto memory = MakeRocksMemory({});
  const Open embedded = [&]() -> absl::StatusOr<std::unique_ptr<Log>> {
    EmbeddedLog::Options options;
    options.dir = dir;
    options.clock = SystemNow;
    options.memory = memory;
    return EmbeddedLog::Open(options);
  };
  Run("embedded", embedded, records, value_bytes);
  if (argc < 3 || argv[2][0] == '\0') return 0;
  KafkaOptions options;
  options.brokers = argv[2];
  options.prefix = "bench-" + std::to_string(SystemNow()) + ".";
  Run(
      "kafka",
      [&]() -> absl::StatusOr<std::unique_ptr<Log>> { return KafkaLog::Open(options, nullptr); },
      records, value_bytes);
  return 0;
}

}  // namespace
}  // namespace ringfence::runtime

int main(int argc, char** argv) {
  if (argc >= 2) return ringfence::runtime::Main(argc, argv);
  std::fprintf(stderr, "usage: log_bench DIR [BROKERS] [RECORDS] [VALUE_BYTES]\n");
  return 2;
}
