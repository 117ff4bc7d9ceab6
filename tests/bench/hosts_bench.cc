// Times cluster alone with one domain that has a new host for each victim: one thread, state and
// mailbox in memory. Each report names a host that none named before, a URL on it, and one of a few
// numbers. Prints what a report costs, and how many bytes are written for it, as hosts become more:
// neither should grow.
//
//   hosts_bench [HOSTS [REPORTS_A_RECORD [EXPIRES]]]
//
// REPORTS_A_RECORD: 1, as they come to a partition that is up to date. EXPIRES: 1 for reports that
// are so far apart that most of the hosts have expired in the end, one after the other.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "pipelines/cluster/cluster.h"
#include "pipelines/core/id.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/output_testing.h"
#include "pipelines/core/time.h"
#include "pipelines/dedupe/evidence.h"
#include "tests/bench/cpu_seconds.h"

namespace ringfence {
namespace {

using core::Mailbox;
using internal::v1::Envelope;
using internal::v1::NamedIdentifier;
using internal::v1::ReportRevision;

constexpr core::Time kStart = 20'000 * core::kDay;
constexpr char kDomain[] = "refund-desk.example";
constexpr uint64_t kNumbers = 50;
constexpr uint64_t kPerBatch = 500;
// A second or so of a partition that has much to do.
constexpr uint64_t kPerStore = 1'000;

class CountingState : public core::MemoryState {
 public:
  void Put(std::string_view key, std::string_view value) override {
    bytes_ += key.size() + value.size();
    MemoryState::Put(key, value);
  }
  uint64_t bytes() const { return bytes_; }

 private:
  uint64_t bytes_ = 0;
};

class Bench {
 public:
  Bench(uint64_t per_record, core::Time apart) : per_record_(per_record), apart_(apart) {}

  // Reports from the one last sent up to `until`; false where a stage fails.
  bool ReportUntil(uint64_t until) {
    while (sent_ < until) {
      Envelope envelope;
      for (uint64_t i = 0; i < per_record_ && sent_ < until; ++i) AddReport(sent_++, envelope);
      now_ = kStart + static_cast<core::Time>(sent_) * apart_;
      envelope.set_tick(now_);
      envelope.set_format(core::kEnvelopeFormat);
      if (!Apply(envelope.SerializeAsString())) return false;
      if (sent_ / kPerBatch != (sent_ - per_record_) / kPerBatch && !EndBatch()) return false;
      if (sent_ / kPerStore == (sent_ - per_record_) / kPerStore) continue;
      if (!stage_->Store().ok()) return false;
    }
    return true;
  }
  uint64_t bytes() const { return state_.bytes(); }

 private:
  static void Name(v1::IdentifierType type, std::string value, ReportRevision& revision) {
    NamedIdentifier& named = *revision.add_identifiers();
    named.set_type(type);
    named.set_value(std::move(value));
    named.set_observed_at(revision.occurred_at());
    named.set_role(type == v1::IDENTIFIER_TYPE_PHONE ? v1::IDENTIFIER_ROLE_CALLBACK
                                                     : v1::IDENTIFIER_ROLE_WEB_HOST);
    if (type == v1::IDENTIFIER_TYPE_PHONE) return;
    named.set_base_type(v1::IDENTIFIER_TYPE_DOMAIN);
    named.set_base_value(kDomain);
  }

  void AddReport(uint64_t number, Envelope& envelope) {
    ReportRevision revision;
    revision.set_partner("partner-" + std::to_string(number % 4));
    revision.set_tlp(v1::TLP_AMBER);
    revision.set_country("GB");
    revision.set_occurred_at(kStart + static_cast<core::Time>(number) * apart_);
    const std::string host = "login-" + std::to_string(number) + "." + kDomain;
    const std::string url = "http://" + host + "/start";
    Name(v1::IDENTIFIER_TYPE_URL, url, revision);
    Name(v1::IDENTIFIER_TYPE_DOMAIN, host, revision);
    revision.mutable_identifiers()->rbegin()->set_via_url(url);
    Name(v1::IDENTIFIER_TYPE_PHONE, "+44" + std::to_string(2'000'000'000 + number % kNumbers),
         revision);
    const core::Id report = core::ReportKey(revision.partner(), std::to_string(number));
    for (internal::v1::Evidence& evidence : dedupe::MakeEvidence(revision, report)) {
      evidence.set_place(core::MakePlace(static_cast<int64_t>(number) + 1, 0));
      *envelope.add_evidence() = std::move(evidence);
    }
  }

  bool Apply(const std::string& record) {
    const absl::Status status = stage_->Apply({offset_++, now_, "", record}, output_);
    if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    return status.ok();
  }

  // What the stage sends itself is heard before the next report.
  bool EndBatch() {
    for (;;) {
      if (!stage_->EndBatch(output_).ok()) return false;
      output_.indicators.clear();
      const auto sent = std::exchange(output_.envelopes, {});
      bool any = false;
      for (const auto& [to, envelope] : sent) {
        if (to.first != Mailbox::kCluster) continue;
        any = true;
        if (!Apply(envelope.SerializeAsString())) return false;
      }
      if (!any) return true;
    }
  }

  const uint64_t per_record_;
  const core::Time apart_;
  CountingState state_;
  std::unique_ptr<core::Stage> stage_ = cluster::MakeCluster(state_, {});
  core::FakeOutput output_{1, 1};
  core::Time now_ = kStart;
  int64_t offset_ = 0;
  uint64_t sent_ = 0;
};

int Run(uint64_t hosts, uint64_t per_record, bool expires) {
  // Far enough that half of them come after the first has expired.
  const core::Time apart =
      expires ? 800 * core::kDay / static_cast<core::Time>(hosts) : core::kSecond;
  Bench bench(per_record, apart);
  constexpr uint64_t kParts = 8;
  for (uint64_t part = 0; part < kParts; ++part) {
    const uint64_t from = hosts * part / kParts;
    const uint64_t until = hosts * (part + 1) / kParts;
    const double start = CpuSeconds();
    const uint64_t bytes = bench.bytes();
    if (!bench.ReportUntil(until)) return 1;
    const auto reports = static_cast<double>(until - from);
    std::printf("%7llu hosts: %8.1f us and %9.0f bytes written a report\n",
                static_cast<unsigned long long>(until), (CpuSeconds() - start) * 1e6 / reports,
                static_cast<double>(bench.bytes() - bytes) / reports);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace ringfence

int main(int argc, char** argv) {
  const auto number = [&](int at, uint64_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  const uint64_t per_record = number(2, 1);
  if (per_record == 0) return 1;
  return ringfence::Run(number(1, 8'000), per_record, number(3, 0) != 0);
}
