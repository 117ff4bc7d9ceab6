// What joining reports of one incident costs: dedupe and cluster in one thread, state and mailboxes
// in memory.
//
//   incident_bench cost [REPORTS]
//       CPU seconds with victims' tokens and payments in the reports, of which 5 % are of an
//       incident that another company reported before; and without any, where nothing is compared.
//   incident_bench flood [REPORTS...]
//       CPU seconds that dedupe takes for so many reports of one victim's token by one company,
//       each naming one number that all name and two of its own; and how many incidents they are.
//   incident_bench campaign [REPORTS...]
//       The same with cluster, where that number and the incident's bearer have all the others as
//       neighbours.
//   incident_bench shared [REPORTS...]
//       CPU seconds that dedupe takes for a thousand reports and more, so many of which each time
//       share all of 48 blocks and match; and what it sends itself for each.
//   incident_bench grid [REPORTS...]
//       The same for so many reports of 48 blocks each that hold up to 61, no two of which share
//       more than one: as many others as there can be.
//
// Exit status 1 where a flood, or what shares all, is not one incident.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/stage.h"
#include "pipelines/core/time.h"
#include "pipelines/dedupe/dedupe.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/indicator.pb.h"
#include "services/ringfence/replay/memory_pipeline.h"
#include "tests/bench/cpu_seconds.h"

namespace ringfence {
namespace {

using internal::v1::ReportRevision;

constexpr core::Time kStart = 20'000 * core::kDay;
constexpr int kPerBatch = 500;
constexpr char kCommonNumber[] = "+442000000000";

ReportRevision NewReport(const std::string& partner, uint64_t number) {
  ReportRevision revision;
  revision.set_partner(partner);
  revision.set_report_id("r-" + std::to_string(number));
  revision.set_content_hash(std::string(32, 'h'));
  const core::Time now = kStart + static_cast<core::Time>(number) * core::kSecond;
  revision.set_arrival(now);
  revision.set_occurred_at(now);
  revision.set_reported_at(now);
  revision.set_country("GB");
  revision.set_tlp(v1::TLP_AMBER);
  return revision;
}

void Name(const std::string& number, ReportRevision& revision) {
  internal::v1::NamedIdentifier& named = *revision.add_identifiers();
  named.set_type(v1::IDENTIFIER_TYPE_PHONE);
  named.set_value(number);
  named.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
  named.set_observed_at(revision.occurred_at());
}

void AddToken(uint32_t kind, const std::string& value, ReportRevision& revision) {
  internal::v1::VictimToken& token = *revision.add_victim_tokens();
  token.set_kind(kind);
  token.set_token("k1:" + value + std::string(32, 't'));
}

// Reports of four identifiers of which 55 % are new, with two tokens and a payment.
class Reports {
 public:
  explicit Reports(bool compared) : compared_(compared) {}

  ReportRevision Next() {
    const uint64_t number = count_++;
    const uint64_t partner = random_() % 4;
    const bool again = random_() % 100 < 5 && !told_.empty();
    ReportRevision revision = NewReport("partner-" + std::to_string(partner), number);
    if (again) {
      const ReportRevision& earlier = told_[random_() % told_.size()];
      revision.set_partner(earlier.partner() + "-2");
      if (compared_) {
        *revision.mutable_victim_tokens() = earlier.victim_tokens();
        *revision.mutable_payments() = earlier.payments();
      }
      *revision.mutable_identifiers() = earlier.identifiers();
      return revision;
    }
    std::deque<std::string>& pool = pools_[random_() % kCentres];
    for (int i = 0; i < 4; ++i) {
      if (pool.empty() || random_() % 100 < 55) {
        pool.push_back("+44" + std::to_string(1'000'000'000 + next_++));
        if (pool.size() > 20) pool.pop_front();
        Name(pool.back(), revision);
      } else {
        Name(pool[random_() % pool.size()], revision);
      }
    }
    if (compared_) AddVictim(number, revision);
    told_.push_back(revision);
    if (told_.size() > 1'000) told_.pop_front();
    return revision;
  }

 private:
  static constexpr uint64_t kCentres = 500;

  static void AddVictim(uint64_t number, ReportRevision& revision) {
    AddToken(1, "p" + std::to_string(number), revision);
    AddToken(2, "e" + std::to_string(number), revision);
    internal::v1::PaymentFact& payment = *revision.add_payments();
    payment.set_payee_type(revision.identifiers(0).type());
    payment.set_payee_value(revision.identifiers(0).value());
    payment.set_amount(std::to_string(100 + number % 5'000));
    payment.set_currency("GBP");
    payment.set_reference("ref:FT" + std::to_string(1'000'000'000 + number));
    payment.set_paid_at(revision.occurred_at());
  }

  const bool compared_;
  std::mt19937_64 random_{1};
  uint64_t count_ = 0;
  uint64_t next_ = 0;
  std::deque<std::string> pools_[kCentres];
  std::deque<ReportRevision> told_;
};

struct Result {
  double seconds = 0;
  uint64_t indicators = 0;
  // The common number's, if any.
  std::optional<v1::Indicator> common;
};

template <typename NextReport>
std::optional<Result> Measure(uint64_t reports, const NextReport& next) {
  Result result;
  replay::MemoryPipeline pipeline(
      {.partitions = 2}, [&](uint32_t, std::string_view, std::string_view value) {
        ++result.indicators;
        if (value.find(kCommonNumber) == std::string_view::npos) return;
        internal::v1::IndicatorRecord record;
        if (record.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
          result.common = std::move(*record.mutable_indicator());
        }
      });
  const double start = CpuSeconds();
  for (uint64_t i = 0; i < reports; ++i) {
    pipeline.Send(next(i));
    if (i % kPerBatch != kPerBatch - 1 && i + 1 != reports) continue;
    if (absl::Status status = pipeline.RunUntilQuiet(); !status.ok()) {
      std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
      return std::nullopt;
    }
  }
  result.seconds = CpuSeconds() - start;
  return result;
}

int Cost(uint64_t reports) {
  // A first one warms up.
  double rates[3] = {};
  for (const auto& [slot, compared] : {std::pair(2, false), std::pair(0, false), {1, true}}) {
    Reports source(compared);
    const auto result = Measure(reports, [&](uint64_t) { return source.Next(); });
    if (!result) return 1;
    rates[slot] = static_cast<double>(reports) / result->seconds;
  }
  std::printf("%llu reports: %.0f a CPU second without, %.0f with 5 %% duplicates: %.2f of it\n",
              static_cast<unsigned long long>(reports), rates[0], rates[1], rates[1] / rates[0]);
  return 0;
}

ReportRevision FloodReport(uint64_t number) {
  ReportRevision revision = NewReport("partner", number);
  // All within the span of one block.
  revision.set_occurred_at(kStart + 20 * core::kDay);
  AddToken(1, "p", revision);
  AddToken(2, "e" + std::to_string(number), revision);
  Name(kCommonNumber, revision);
  Name("+44" + std::to_string(1'000'000'000 + 2 * number), revision);
  Name("+44" + std::to_string(1'000'000'001 + 2 * number), revision);
  return revision;
}

// What dedupe sends, of which its messages to itself come back.
class DedupeOutput : public core::Output {
 public:
  internal::v1::Envelope& To(core::Mailbox mailbox, uint32_t) override {
    internal::v1::Envelope& envelope = mailbox == core::Mailbox::kDedupe ? own : evidence;
    envelope.set_format(core::kEnvelopeFormat);
    return envelope;
  }
  uint32_t Partitions(core::Mailbox) const override { return 1; }
  void Indicator(std::string_view, std::string_view) override {}

  internal::v1::Envelope own;
  internal::v1::Envelope evidence;
};

struct DedupeCost {
  double seconds = 0;
  uint64_t messages = 0;
  // To itself, through the log.
  uint64_t own_messages = 0;
  uint64_t own_bytes = 0;
  size_t incidents = 0;
};

using ReportOf = ReportRevision (*)(uint64_t number, uint64_t parameter);

// `parameter`: what the reports are made with.
std::optional<DedupeCost> RunDedupe(uint64_t reports, ReportOf report_of, uint64_t parameter,
                                    const dedupe::Options& options = {}) {
  core::MemoryState state;
  const std::unique_ptr<core::Stage> stage = dedupe::MakeDedupe(state, options);
  DedupeCost cost;
  std::map<core::Id, core::Id> incident_of;
  int64_t offset = 0;
  const double start = CpuSeconds();
  for (uint64_t i = 0; i < reports; ++i) {
    internal::v1::Envelope first;
    first.set_format(core::kEnvelopeFormat);
    *first.add_revisions() = report_of(i, parameter);
    std::deque<std::string> waiting = {first.SerializeAsString()};
    while (!waiting.empty()) {
      DedupeOutput output;
      const core::Record record{offset++, kStart, "", waiting.front()};
      absl::Status status = stage->Apply(record, output);
      if (status.ok()) status = stage->EndBatch(output);
      if (!status.ok()) return std::nullopt;
      waiting.pop_front();
      if (output.own.format() != 0) {
        waiting.push_back(output.own.SerializeAsString());
        cost.own_bytes += waiting.back().size();
        cost.own_messages +=
            static_cast<uint64_t>(output.own.block_entries_size() + output.own.block_news_size() +
                                  output.own.facts_size() + output.own.nodes_size());
      }
      cost.messages += static_cast<uint64_t>(output.evidence.evidence_size());
      for (const internal::v1::Evidence& evidence : output.evidence.evidence()) {
        if (evidence.removed()) continue;
        incident_of[{evidence.report_hi(), evidence.report_lo()}] = {evidence.incident_hi(),
                                                                     evidence.incident_lo()};
      }
    }
    if (i % kPerBatch == kPerBatch - 1 && !stage->Store().ok()) return std::nullopt;
  }
  cost.seconds = CpuSeconds() - start;
  std::set<core::Id> incidents;
  for (const auto& [report, incident] : incident_of) incidents.insert(incident);
  cost.incidents = incident_of.size() == reports ? incidents.size() : 0;
  return cost;
}

double PerReport(double all, uint64_t reports) { return all / static_cast<double>(reports); }

int Flood(uint64_t reports) {
  const auto flood_report = [](uint64_t number, uint64_t) { return FloodReport(number); };
  const std::optional<DedupeCost> cost = RunDedupe(reports, flood_report, 0);
  if (!cost) return 1;
  std::printf(
      "%llu reports of one token: %.1f CPU seconds, %.0f us and %.1f messages a report; "
      "incidents: %zu\n",
      static_cast<unsigned long long>(reports), cost->seconds,
      PerReport(cost->seconds * 1e6, reports),
      PerReport(static_cast<double>(cost->messages), reports), cost->incidents);
  return cost->incidents == 1 ? 0 : 1;
}

ReportRevision ManyBlocks(uint64_t number) {
  ReportRevision revision = NewReport("partner-" + std::to_string(number % 61), number);
  revision.set_occurred_at(kStart);
  Name("+44" + std::to_string(1'000'000'000 + number), revision);
  return revision;
}

void AddReference(const std::string& reference, ReportRevision& revision) {
  internal::v1::NamedIdentifier& named = *revision.add_identifiers();
  named.set_type(v1::IDENTIFIER_TYPE_PAYMENT_REFERENCE);
  named.set_value("ref:FT" + reference);
  named.set_role(v1::IDENTIFIER_ROLE_TRANSACTION);
  named.set_observed_at(revision.occurred_at());
}

// `together` of them share everything.
ReportRevision SharedReport(uint64_t number, uint64_t together) {
  ReportRevision revision = ManyBlocks(number);
  const uint64_t first = number / together * dedupe::kBlocksOfReportMax;
  for (uint64_t block = 0; block < dedupe::kBlocksOfReportMax; ++block) {
    AddReference(std::to_string(1'000'000'000 + first + block), revision);
  }
  return revision;
}

// A point of the plane over the numbers modulo 61, column by column; its blocks are lines through
// it.
ReportRevision GridReport(uint64_t number, uint64_t) {
  constexpr uint64_t kSide = 61;
  ReportRevision revision = ManyBlocks(number);
  const uint64_t x = number / kSide;
  const uint64_t y = number % kSide;
  for (uint64_t slope = 0; slope < dedupe::kBlocksOfReportMax; ++slope) {
    const uint64_t line = slope * kSide + (y + slope * x) % kSide;
    AddReference(std::to_string(1'000'000'000 + line), revision);
  }
  return revision;
}

// Sends all to itself through the log, as across partitions.
int PrintSharing(const char* what, uint64_t number, uint64_t reports, ReportOf report_of,
                 uint64_t parameter, size_t incidents) {
  const std::optional<DedupeCost> cost = RunDedupe(reports, report_of, parameter);
  dedupe::Options through_log;
  through_log.own_messages_max = 0;
  const std::optional<DedupeCost> sent = RunDedupe(reports, report_of, parameter, through_log);
  if (!cost || !sent) return 1;
  std::printf(
      "%llu %s: %.0f us, %.0f messages and %.0f KB to itself, %.1f pieces of evidence a report; "
      "incidents: %zu\n",
      static_cast<unsigned long long>(number), what, PerReport(cost->seconds * 1e6, reports),
      PerReport(static_cast<double>(sent->own_messages), reports),
      PerReport(static_cast<double>(sent->own_bytes) / 1e3, reports),
      PerReport(static_cast<double>(cost->messages), reports), cost->incidents);
  return cost->incidents == incidents && sent->incidents == incidents ? 0 : 1;
}

int Shared(uint64_t together) {
  const uint64_t groups = (1'000 + together - 1) / together;
  return PrintSharing("reports share all", together, groups * together, SharedReport, together,
                      groups);
}

int Grid(uint64_t reports) {
  return PrintSharing("reports, each shares with others elsewhere", reports, reports, GridReport, 0,
                      1);
}

int Campaign(uint64_t reports) {
  const auto result = Measure(reports, FloodReport);
  if (!result || !result->common) return 1;
  const v1::Explanation& explanation = result->common->explanation();
  std::printf(
      "%llu reports of one token, with cluster: %.1f CPU seconds, %.0f us a report; "
      "incidents: %u\n",
      static_cast<unsigned long long>(reports), result->seconds,
      PerReport(result->seconds * 1e6, reports), explanation.incidents());
  return explanation.incidents() == 1 ? 0 : 1;
}

}  // namespace
}  // namespace ringfence

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  std::vector<uint64_t> sizes;
  for (int i = 2; i < argc; ++i) sizes.push_back(std::strtoull(argv[i], nullptr, 10));
  if (what == "cost") return ringfence::Cost(sizes.empty() ? 100'000 : sizes[0]);
  struct Kind {
    int (*run)(uint64_t size);
    std::vector<uint64_t> sizes;
  };
  const std::map<std::string_view, Kind> kinds = {
      {"flood", {ringfence::Flood, {25'000, 50'000, 100'000}}},
      {"campaign", {ringfence::Campaign, {25'000, 50'000, 100'000}}},
      {"shared", {ringfence::Shared, {8, 16, 32, 64}}},
      {"grid", {ringfence::Grid, {122, 244, 488}}},
  };
  const auto kind = kinds.find(what);
  if (kind == kinds.end()) {
    std::fprintf(stderr,
                 "incident_bench cost [REPORTS] | flood|campaign|shared|grid [NUMBER...]\n");
    return 2;
  }
  for (const uint64_t size : sizes.empty() ? kind->second.sizes : sizes) {
    const int status = kind->second.run(size);
    if (status != 0) return status;
  }
  return 0;
}
