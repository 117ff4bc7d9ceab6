// What publish's read model costs, on RocksDB: one thread, batches as publish makes them.
//
//   read_model_bench labels [ROWS...]
//       Labels that move a node with so many rows (1, 100, 10,000) from one campaign to another and
//       back: CPU and bytes written a record.
//   read_model_bench sample [REPORTS] [RECORDS]
//       The records that made-up reports cause (30,000), RECORDS in a batch (1,000): CPU a report,
//       and what is written for a record of a label alone and of an indicator, by table.
//   read_model_bench read [REPORTS]
//       Of the same set: the time to read all of it as for a subscriber, and all that changed.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "pipelines/campaigns/read_model.h"
#include "pipelines/campaigns/read_view.h"
#include "pipelines/campaigns/record_testing.h"
#include "pipelines/core/label_key.h"
#include "pipelines/intake/intake.h"
#include "services/publish/superseded.h"
#include "services/ringfence/replay/memory_pipeline.h"
#include "services/ringfence/sample/generator.h"
#include "services/runtime/rocks/memory.h"
#include "services/runtime/rocks/rocks_state.h"
#include "tests/bench/cpu_seconds.h"

namespace ringfence {
namespace {

using campaigns::ReadModel;
using runtime::LogRecord;

constexpr int32_t kPartitions = 2;

// Passes on, and adds up what would be written: of one key in a batch the last.
class CountingState : public core::State {
 public:
  CountingState(core::State& state, bool counts) : state_(state), counts_(counts) {}

  std::optional<std::string> Get(std::string_view key) override { return state_.Get(key); }
  void Put(std::string_view key, std::string_view value) override {
    if (counts_) written_[std::string(key)] = key.size() + value.size();
    state_.Put(key, value);
  }
  void Delete(std::string_view key) override {
    if (counts_) written_[std::string(key)] = key.size();
    state_.Delete(key);
  }
  void Scan(std::string_view from, std::string_view until, const Visitor& visit) override {
    state_.Scan(from, until, visit);
  }

  struct Sum {
    uint64_t entries = 0;
    uint64_t bytes = 0;
  };
  // By table, since the last call.
  std::map<char, Sum> Take() {
    std::map<char, Sum> sums;
    for (const auto& [key, bytes] : written_) {
      Sum& sum = sums[key[0]];
      ++sum.entries;
      sum.bytes += bytes;
    }
    written_.clear();
    return sums;
  }

 private:
  core::State& state_;
  const bool counts_;
  absl::flat_hash_map<std::string, size_t> written_;
};

// A state in a folder that goes with it.
class Folder {
 public:
  Folder()
      : dir_(std::filesystem::temp_directory_path() /
             ("read-model-bench-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(dir_);
    auto state = runtime::RocksState::Open({.dir = dir_,
                                            .placement = "bench",
                                            .memory = runtime::MakeRocksMemory({}),
                                            .format = campaigns::kReadModelFormat});
    if (!state.ok()) std::abort();
    state_ = *std::move(state);
  }
  ~Folder() {
    state_.reset();
    std::filesystem::remove_all(dir_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  runtime::RocksState& state() { return *state_; }

 private:
  const std::string dir_;
  std::unique_ptr<runtime::RocksState> state_;
};

void Expect(const absl::Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "{}\n", std::string(status.message()));
  std::exit(1);
}

int Labels(uint32_t rows) {
  constexpr int kLabels = 200;
  Folder folder;
  CountingState state(folder.state(), true);
  ReadModel model(state);
  int64_t offset = 0;
  int64_t batches = 0;
  const auto end_batch = [&] {
    model.EndBatch();
    Expect(folder.state().Commit(++batches));
  };
  constexpr v1::IdentifierType kHost = v1::IDENTIFIER_TYPE_DOMAIN;
  for (uint32_t i = 0; i < rows; ++i) {
    const campaigns::RecordSpec spec{.type = kHost,
                                     .value = fmt::format("h{}.x.example", i),
                                     .first_seen = campaigns::kNow - i * core::kSecond,
                                     .root = "a.example",
                                     .base = "x.example",
                                     .partner = "acme"};
    Expect(ApplyWritten(model, 0, offset, campaigns::Upsert(spec)).status());
    if (i % 1'000 == 999) end_batch();
  }
  for (const char* root : {"a.example", "b.example"}) {
    Expect(ApplyWritten(model, 0, offset,
                        campaigns::Upsert({.type = kHost, .value = root, .root = root}))
               .status());
  }
  end_batch();
  state.Take();
  const campaigns::Label node{core::IdentifierId(kHost, "x.example"), 0};
  CountingState::Sum all;
  const double start = CpuSeconds();
  for (int i = 0; i < kLabels; ++i) {
    const campaigns::Label root{core::IdentifierId(kHost, i % 2 == 0 ? "b.example" : "a.example"),
                                0};
    Expect(model
               .Apply(0, offset++, core::LabelKeyOf(node.root, node.day),
                      LabelRecord(node, root, static_cast<core::Place>(10 + i)).SerializeAsString())
               .status());
    end_batch();
    for (const auto& [table, sum] : state.Take()) {
      all.entries += sum.entries;
      all.bytes += sum.bytes;
    }
  }
  const double seconds = CpuSeconds() - start;
  fmt::print("{:6} rows: {:9.1f} us, {:8.1f} entries and {:9.0f} bytes a label\n", rows,
             seconds * 1e6 / kLabels, static_cast<double>(all.entries) / kLabels,
             static_cast<double>(all.bytes) / kLabels);
  return 0;
}

// What the reports of a sample cause, by partition.
std::vector<std::vector<LogRecord>> RecordsOf(uint64_t reports) {
  std::vector<std::vector<LogRecord>> records(kPartitions);
  const core::Time until = campaigns::kNow;
  core::Time now = 0;
  replay::MemoryPipeline pipeline(
      {.partitions = kPartitions},
      [&](uint32_t partition, std::string_view key, std::string_view value) {
        LogRecord& record = records[partition].emplace_back();
        record.offset = static_cast<int64_t>(records[partition].size()) - 1;
        record.append_time = now;
        record.key = key;
        record.value = value;
      });
  intake::Intake intake({{.id = "bench", .secret = {}}});
  sample::Generator generator({.seed = 3, .records = reports, .until = until});
  core::Day day = 0;
  for (uint64_t i = 1; const sample::Record* record = generator.Next(); ++i) {
    now = record->time;
    if (core::FloorDay(now) != day) {
      day = core::FloorDay(now);
      pipeline.Tick(core::StartOfDay(day));
      Expect(pipeline.RunUntilQuiet());
    }
    const auto result =
        intake.FromJson("partner-" + std::to_string(record->partner), record->json, record->time);
    if (result.revision_message) pipeline.Send(*result.revision_message);
    if (i % 100 == 0) Expect(pipeline.RunUntilQuiet());
  }
  Expect(pipeline.RunUntilQuiet());
  return records;
}

// Applies them in batches; `batch` is told what each wrote.
template <typename Visit>
void ApplyAll(const std::vector<std::vector<LogRecord>>& records, size_t per_batch,
              ReadModel& model, runtime::RocksState& state, const Visit& batch) {
  int64_t batches = 0;
  const size_t share = per_batch / kPartitions;
  for (size_t from = 0;; from += share) {
    bool more = false;
    for (size_t p = 0; p < records.size(); ++p) {
      if (from >= records[p].size()) continue;
      more = true;
      const std::span part =
          std::span(records[p]).subspan(from, std::min(share, records[p].size() - from));
      const publish::Superseded superseded(part);
      for (const LogRecord& record : part) {
        if (superseded.Contains(record)) continue;
        Expect(model
                   .Apply(static_cast<int32_t>(p), record.offset, record.key, record.value,
                          record.append_time)
                   .status());
        batch(record);
      }
      model.ReadTo(static_cast<int32_t>(p), part.back().offset + 1);
    }
    if (!more) return;
    model.EndBatch();
    Expect(state.Commit(++batches));
  }
}

int Sample(uint64_t reports, size_t per_batch) {
  const auto records = RecordsOf(reports);
  {
    Folder folder;
    ReadModel model(folder.state());
    uint64_t labels = 0;
    uint64_t others = 0;
    const double start = CpuSeconds();
    ApplyAll(records, per_batch, model, folder.state(),
             [&](const LogRecord& record) { ++(core::IsLabelKey(record.key) ? labels : others); });
    const double seconds = CpuSeconds() - start;
    fmt::print("{} reports: {:.1f} us a report, {:.2f} labels and {:.2f} others of it applied\n",
               reports, seconds * 1e6 / static_cast<double>(reports),
               static_cast<double>(labels) / static_cast<double>(reports),
               static_cast<double>(others) / static_cast<double>(reports));
  }
  Folder folder;
  CountingState state(folder.state(), true);
  ReadModel model(state);
  std::map<char, CountingState::Sum> of_labels, of_others;
  uint64_t labels = 0;
  uint64_t others = 0;
  ApplyAll(records, per_batch, model, folder.state(), [&](const LogRecord& record) {
    const bool is_label = core::IsLabelKey(record.key);
    ++(is_label ? labels : others);
    for (const auto& [table, sum] : state.Take()) {
      CountingState::Sum& all = (is_label ? of_labels : of_others)[table];
      all.entries += sum.entries;
      all.bytes += sum.bytes;
    }
  });
  const auto print = [](const char* what, uint64_t count, const auto& sums) {
    double bytes = 0;
    fmt::print("written for each {}, without what a batch holds back:", what);
    for (const auto& [table, sum] : sums) {
      fmt::print(" {} {:.2f} x {:.0f}", table,
                 static_cast<double>(sum.entries) / static_cast<double>(count),
                 static_cast<double>(sum.bytes) / static_cast<double>(sum.entries));
      bytes += static_cast<double>(sum.bytes);
    }
    fmt::print(": {:.0f} bytes\n", bytes / static_cast<double>(count));
  };
  print("label", labels, of_labels);
  print("other", others, of_others);
  return 0;
}

int Read(uint64_t reports) {
  const auto records = RecordsOf(reports);
  Folder folder;
  ReadModel model(folder.state());
  ApplyAll(records, 1'000, model, folder.state(), [](const LogRecord&) {});
  Expect(folder.state().Flush());
  const campaigns::CampaignNames names{campaigns::NamingKey{}};
  for (int round = 0; round < 3; ++round) {
    const auto state = folder.state().View();
    campaigns::ReadView view(*state, names);
    uint64_t rows = 0;
    double start = CpuSeconds();
    view.Rows({}, {~uint64_t{0}, 0}, [&](const core::Id& id, const campaigns::Row& row) {
      if (!row.removed && view.Lookup(id)) ++rows;
      return true;
    });
    const double whole = CpuSeconds() - start;
    uint64_t changes = 0;
    start = CpuSeconds();
    for (int32_t p = 0; p < kPartitions; ++p) {
      view.Changes(p, 0, [&](const core::Id&, const campaigns::Row&) {
        ++changes;
        return true;
      });
    }
    fmt::print("{} indicators: {:.2f} us each; {} changes: {:.2f} us each\n", rows,
               whole * 1e6 / static_cast<double>(rows), changes,
               (CpuSeconds() - start) * 1e6 / static_cast<double>(changes));
  }
  return 0;
}

int Main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  const auto number = [&](int at, uint64_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  if (what == "sample") return Sample(number(2, 30'000), number(3, 1'000));
  if (what == "read") return Read(number(2, 30'000));
  if (what != "labels") {
    fmt::print(stderr, "usage: read_model_bench labels|sample|read\n");
    return 2;
  }
  if (argc < 3) return Labels(1) + Labels(100) + Labels(10'000);
  for (int i = 2; i < argc; ++i) Labels(static_cast<uint32_t>(number(i, 1)));
  return 0;
}

}  // namespace
}  // namespace ringfence

int main(int argc, char** argv) { return ringfence::Main(argc, argv); }
