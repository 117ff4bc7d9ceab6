#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "services/publish/http/http_api.h"
#include "services/publish/memory_log_testing.h"
#include "services/runtime/clock.h"
#include "tests/bench/subscribers_bench.h"

namespace ringfence::bench {
namespace {

constexpr int32_t kPartitions = 4;

// Numbers as they are given out: some blocks, dense in places.
std::string NumberAt(uint64_t place) {
  const uint64_t block = place / 100;
  const uint64_t area = 201 + (block * 2'654'435'761u) % 780;
  const uint64_t exchange = 200 + (block * 40'503u) % 800;
  return fmt::format("+1{:03}{:03}{:04}", area, exchange, (place * 7'919u) % 10'000);
}

struct Bench {
  publish::MemoryLog log{kPartitions};
  runtime::Metrics metrics;
  std::unique_ptr<publish::Publisher> publisher;
  core::Place place = 0;

  void Put(uint64_t number, bool removed) {
    campaigns::RecordSpec spec{.value = NumberAt(number), .place = ++place};
    log.Append(static_cast<int32_t>(number % kPartitions),
               removed ? campaigns::Removal(spec, "retracted") : campaigns::Upsert(spec));
  }
  void AwaitApplied() {
    for (;;) {
      const std::shared_ptr<const publish::Moment> moment = publisher->Latest();
      bool is_there = moment->complete;
      for (int32_t p = 0; p < kPartitions; ++p) {
        is_there = is_there && moment->offsets[static_cast<size_t>(p)] ==
                                   *log.EndOffset({std::string(runtime::kIndicatorsTopic), p});
      }
      if (is_there) return;
      publisher->AwaitOther(moment.get(), std::chrono::milliseconds(200));
    }
  }
};

struct Got {
  std::string body;
  std::string version;
};

Got Get(const publish::HttpApi& api, const std::string& path, const std::string& from) {
  runtime::HttpRequest request;
  request.method = "GET";
  request.path = path;
  request.remote_address = "127.0.0.1";
  request.headers.emplace("host", "127.0.0.1:1");
  if (!from.empty()) request.query.emplace("from", from);
  runtime::Caller consumer;
  consumer.is_local = true;
  consumer.max_tlp = v1::TLP_AMBER_STRICT;
  consumer.types = runtime::AllTypes();
  runtime::HttpResponse response = api.Answer(request, consumer);
  Got got{response.body, ""};
  for (const auto& [name, value] : response.headers) {
    if (name == "Ringfence-Version") got.version = value;
  }
  for (bool more = static_cast<bool>(response.next); more;) {
    std::string piece;
    const absl::StatusOr<bool> next = response.next(piece);
    more = next.ok() && *next;
    got.body += piece;
  }
  return got;
}

}  // namespace

int ListSizes(const std::vector<uint64_t>& sizes) {
  for (const uint64_t entries : sizes) {
    const std::string folder =
        std::filesystem::temp_directory_path() / ("list-sizes-bench-" + std::to_string(getpid()));
    {
      Bench bench;
      for (uint64_t i = 0; i < entries; ++i) bench.Put(i, false);
      publish::Publisher::Options options;
      options.state_dir = folder;
      options.placement = "bench";
      options.memory = runtime::MakeRocksMemory({});
      auto publisher = publish::Publisher::Start(options, bench.log, bench.metrics);
      if (!publisher.ok()) return 1;
      bench.publisher = *std::move(publisher);
      bench.AwaitApplied();
      publish::HttpApi::Options api_options;
      api_options.cursor_key = "key";
      api_options.clock = runtime::SystemNow;
      api_options.make_lists_every = {};
      const publish::HttpApi api(api_options, *bench.publisher);
      const Got phones = Get(api, "/v1/phones.bin", "");
      const Got prefixes = Get(api, "/v1/private.bin", "");
      const Got csv = Get(api, "/v1/phones.csv", "");
      // A two-hundredth goes, as many come.
      const uint64_t part = entries / 200;
      for (uint64_t i = 0; i < part; ++i) bench.Put(i * 199 + 3, true);
      for (uint64_t i = 0; i < part; ++i) bench.Put(entries + i * 13, false);
      bench.AwaitApplied();
      const Got phones_delta = Get(api, "/v1/phones.bin", phones.version);
      const Got prefixes_delta = Get(api, "/v1/private.bin", prefixes.version);
      const auto each = [](const Got& got, uint64_t of) {
        return fmt::format("{} B ({:.2f} B each)", got.body.size(),
                           static_cast<double>(got.body.size()) / static_cast<double>(of));
      };
      fmt::print(
          "{} numbers: phones.bin {}, phones.csv {}, private.bin {}; after {} changes: "
          "phones.bin {}, private.bin {}\n",
          entries, each(phones, entries), each(csv, entries), each(prefixes, entries), 2 * part,
          each(phones_delta, 2 * part), each(prefixes_delta, 2 * part));
      std::fflush(stdout);
    }
    std::filesystem::remove_all(folder);
  }
  return 0;
}

}  // namespace ringfence::bench
