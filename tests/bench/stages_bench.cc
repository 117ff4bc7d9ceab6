// Times dedupe and cluster alone: one thread, state and mailboxes in memory, reports of four
// identifiers of which 55 % are new. Prints reports per second of CPU and what the stages send per
// report.
//
//   stages_bench [REPORTS] [PARTITIONS] [HUB]
//
// HUB: every so manieth report names one more identifier, that of no call centre; 0, none does.
#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>
#include <string>

#include "pipelines/core/id.h"
#include "services/ringfence/replay/memory_pipeline.h"
#include "tests/bench/cpu_seconds.h"

namespace ringfence {
namespace {

// A few call centres whose identifiers rotate: each report takes its new ones into its call
// centre's pool.
class Reports {
 public:
  explicit Reports(uint64_t hub) : hub_(hub) {}

  internal::v1::ReportRevision Next() {
    const uint64_t number = count_++;
    internal::v1::ReportRevision revision;
    revision.set_partner("partner-" + std::to_string(random_() % 4));
    revision.set_report_id("r-" + std::to_string(number));
    revision.set_content_hash(std::string(32, 'h'));
    const core::Time now = kStart + static_cast<core::Time>(number) * core::kSecond;
    revision.set_arrival(now);
    revision.set_occurred_at(now);
    revision.set_reported_at(now);
    revision.set_country("GB");
    revision.set_tlp(v1::TLP_AMBER);
    const uint64_t skew = random_() % kCentres;
    std::deque<std::string>& pool = pools_[(skew * (random_() % kCentres)) / kCentres];
    for (int i = 0; i < 4; ++i) {
      if (pool.empty() || random_() % 100 < 55) {
        pool.push_back("+44" + std::to_string(1'000'000'000 + next_++));
        if (pool.size() > 20) pool.pop_front();
        Name(revision, pool.back(), now);
      } else {
        Name(revision, pool[random_() % pool.size()], now);
      }
    }
    if (hub_ != 0 && number % hub_ == 0) Name(revision, "+442000000000", now);
    return revision;
  }

 private:
  static constexpr core::Time kStart = 20'000 * core::kDay;
  static constexpr uint64_t kCentres = 500;

  static void Name(internal::v1::ReportRevision& revision, const std::string& value,
                   core::Time now) {
    internal::v1::NamedIdentifier& named = *revision.add_identifiers();
    named.set_type(v1::IDENTIFIER_TYPE_PHONE);
    named.set_value(value);
    named.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
    named.set_observed_at(now);
  }

  const uint64_t hub_;
  std::mt19937_64 random_{1};
  uint64_t count_ = 0;
  uint64_t next_ = 0;
  std::deque<std::string> pools_[kCentres];
};

long PeakMebibytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

int Run(uint64_t reports, uint32_t partitions, uint64_t hub) {
  uint64_t indicators = 0;
  uint64_t bytes = 0;
  replay::MemoryPipeline pipeline({.partitions = partitions},
                                  [&](uint32_t, std::string_view, std::string_view value) {
                                    ++indicators;
                                    bytes += value.size();
                                  });
  Reports source(hub);
  const double start = CpuSeconds();
  for (uint64_t i = 0; i < reports; ++i) {
    pipeline.Send(source.Next());
    if (i % 500 != 499) continue;
    if (absl::Status status = pipeline.RunUntilQuiet(); !status.ok()) {
      std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
      return 1;
    }
  }
  const double seconds = CpuSeconds() - start;
  const auto per_report = static_cast<double>(reports);
  std::printf(
      "%llu reports, %u partitions: %.0f reports per CPU second, %.2f indicators a report of %.0f "
      "bytes, %ld MiB at most\n",
      static_cast<unsigned long long>(reports), partitions, per_report / seconds,
      static_cast<double>(indicators) / per_report,
      static_cast<double>(bytes) / static_cast<double>(indicators), PeakMebibytes());
  return 0;
}

}  // namespace
}  // namespace ringfence

int main(int argc, char** argv) {
  const uint64_t reports = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  const auto partitions = static_cast<uint32_t>(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2);
  const uint64_t hub = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0;
  return ringfence::Run(reports, partitions, hub);
}
