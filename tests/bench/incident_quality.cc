// How well the reports of one incident are joined: a world with truth (`ringfence sample
// --overlap`) through intake and dedupe, in memory.
//
//   incident_quality [REPORTS] [SEED] [PARTNERS]
//
// Prints precision and recall over pairs of reports: over those that share a victim's token or a
// payment, and over those of one incident that share neither; and how many identifiers have exactly
// as many incidents as they have in truth.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/stage.h"
#include "pipelines/dedupe/dedupe.h"
#include "pipelines/intake/intake.h"
#include "services/ringfence/sample/generator.h"

namespace ringfence {
namespace {

using core::Id;
using internal::v1::Envelope;
using internal::v1::Evidence;
using internal::v1::ReportRevision;

class Output : public core::Output {
 public:
  Envelope& To(core::Mailbox mailbox, uint32_t) override {
    Envelope& envelope = mailbox == core::Mailbox::kDedupe ? own : evidence;
    envelope.set_format(core::kEnvelopeFormat);
    return envelope;
  }
  uint32_t Partitions(core::Mailbox) const override { return 1; }
  void Indicator(std::string_view, std::string_view) override {}

  Envelope own;
  Envelope evidence;
};

// A report that holds, with the truth about it.
struct Held {
  ReportRevision revision;
  uint64_t incident = 0;
  // The root of the incident that it was put into.
  Id root;
};

class Quality {
 public:
  bool Take(const sample::Record& record, const std::string& partner) {
    const intake::Intake::Result result = intake_.FromJson(partner, record.json, record.time);
    if (!result.revision_message) return true;
    const ReportRevision& revision = *result.revision_message;
    const Id report = core::ReportKey(partner, revision.report_id());
    Held& held = reports_[report];
    held.incident = record.incident;
    if (held.root.IsZero()) held.root = report;
    if (revision.revision() >= held.revision.revision()) held.revision = revision;
    Envelope envelope;
    envelope.set_format(core::kEnvelopeFormat);
    *envelope.add_revisions() = revision;
    return Deliver(envelope, record.time);
  }

  void Print() {
    std::erase_if(reports_, [](const auto& entry) { return entry.second.revision.retracted(); });
    PrintPairs();
    PrintIdentifiers();
  }

 private:
  using Pair = std::pair<Id, Id>;
  using Pairs = std::set<Pair>;

  bool Deliver(const Envelope& first, core::Time now) {
    std::deque<std::string> waiting = {first.SerializeAsString()};
    while (!waiting.empty()) {
      Output output;
      const core::Record record{offset_++, now, "", waiting.front()};
      absl::Status status = stage_->Apply(record, output);
      if (status.ok()) status = stage_->EndBatch(output);
      if (status.ok()) status = stage_->Store();
      if (!status.ok()) {
        std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
        return false;
      }
      waiting.pop_front();
      if (output.own.format() != 0) waiting.push_back(output.own.SerializeAsString());
      for (const Evidence& evidence : output.evidence.evidence()) Know(evidence);
    }
    return true;
  }

  void Know(const Evidence& evidence) {
    const Id report{evidence.report_hi(), evidence.report_lo()};
    const Id base{evidence.base_hi(), evidence.base_lo()};
    auto& named = named_[{base, report}];
    named.clear();
    if (evidence.removed()) return;
    for (const auto& occurrence : evidence.occurrences()) {
      named.emplace(occurrence.id_hi(), occurrence.id_lo());
    }
    reports_[report].root = {evidence.incident_hi(), evidence.incident_lo()};
  }

  template <typename ValuesOf>
  void AddPairs(const ValuesOf& values_of, Pairs& pairs) const {
    std::map<std::string, std::vector<Id>> by_value;
    for (const auto& [id, held] : reports_) {
      const std::set<std::string> values = values_of(held);
      for (const std::string& value : values) by_value[value].push_back(id);
    }
    for (const auto& [value, ids] : by_value) {
      for (size_t i = 0; i < ids.size(); ++i) {
        for (size_t j = i + 1; j < ids.size(); ++j) pairs.emplace(ids[i], ids[j]);
      }
    }
  }

  // Values of the victim and of payments.
  static std::set<std::string> Telling(const Held& held) {
    std::set<std::string> values;
    for (const auto& token : held.revision.victim_tokens()) {
      values.insert("v" + std::to_string(token.kind()) + token.token());
    }
    for (const auto& payment : held.revision.payments()) {
      if (!payment.reference().empty()) values.insert("r" + payment.reference());
      if (payment.payee_value().empty() || payment.amount().empty()) continue;
      values.insert("p" + payment.payee_value() + ' ' + payment.amount() + payment.currency() +
                    ' ' + std::to_string(payment.paid_at()));
    }
    return values;
  }

  bool AreOne(const Pair& pair) const {
    return reports_.at(pair.first).incident == reports_.at(pair.second).incident;
  }
  bool AreJoined(const Pair& pair) const {
    return reports_.at(pair.first).root == reports_.at(pair.second).root;
  }

  void PrintPairs() const {
    Pairs sharing;
    AddPairs(Telling, sharing);
    Pairs in_truth;
    AddPairs([](const Held& held) { return std::set{std::to_string(held.incident)}; }, in_truth);
    Pairs joined;
    AddPairs([](const Held& held) { return std::set{held.root.Hex()}; }, joined);
    auto count = [](const Pairs& pairs, const auto& counts) {
      return static_cast<double>(std::count_if(pairs.begin(), pairs.end(), counts));
    };
    auto shares = [&](const Pair& pair) { return sharing.contains(pair); };
    const double right =
        count(sharing, [&](const Pair& pair) { return AreOne(pair) && AreJoined(pair); });
    const double wrong = count(joined, [&](const Pair& pair) { return !AreOne(pair); });
    const double ones = count(sharing, [&](const Pair& pair) { return AreOne(pair); });
    std::printf("%zu reports, %zu pairs of one incident, %zu pairs joined\n", reports_.size(),
                in_truth.size(), joined.size());
    const double joined_sharing = count(sharing, [&](const Pair& pair) { return AreJoined(pair); });
    std::printf("sharing a token or payment: precision %.4f, recall %.4f of %.0f\n",
                joined_sharing == 0 ? 1 : right / joined_sharing, ones == 0 ? 1 : right / ones,
                ones);
    std::printf("of all that were joined, right: %.4f\n",
                joined.empty() ? 1 : 1 - wrong / static_cast<double>(joined.size()));
    const double neither = count(in_truth, [&](const Pair& pair) { return !shares(pair); });
    const double found =
        count(in_truth, [&](const Pair& pair) { return !shares(pair) && AreJoined(pair); });
    std::printf("sharing neither: %.0f pairs of one incident, %.4f of them joined through others\n",
                neither, neither == 0 ? 0 : found / neither);
  }

  void PrintIdentifiers() const {
    std::map<Id, std::pair<std::set<uint64_t>, std::set<Id>>> incidents;
    for (const auto& [key, named] : named_) {
      auto held = reports_.find(key.second);
      if (held == reports_.end()) continue;
      for (const auto& [hi, lo] : named) {
        auto& [in_truth, found] = incidents[{hi, lo}];
        in_truth.insert(held->second.incident);
        found.insert(held->second.root);
      }
    }
    size_t exact = 0;
    size_t several = 0;
    size_t exact_of_several = 0;
    for (const auto& [id, sets] : incidents) {
      const bool is_exact = sets.first.size() == sets.second.size();
      exact += is_exact;
      if (sets.first.size() < 2 && sets.second.size() < 2) continue;
      ++several;
      exact_of_several += is_exact;
    }
    std::printf("incidents exact for %.4f of %zu identifiers, for %.4f of the %zu with several\n",
                static_cast<double>(exact) / static_cast<double>(incidents.size()),
                incidents.size(),
                static_cast<double>(exact_of_several) / static_cast<double>(several), several);
  }

  intake::Intake intake_{{.token_key = {.id = "replay", .secret = {}}}};
  core::MemoryState state_;
  std::unique_ptr<core::Stage> stage_ = dedupe::MakeDedupe(state_, {});
  int64_t offset_ = 0;
  std::map<Id, Held> reports_;
  // Base and report -> the identifiers named.
  std::map<Pair, std::set<std::pair<uint64_t, uint64_t>>> named_;
};

int Run(uint64_t reports, uint64_t seed, size_t partners) {
  sample::Generator::Options options;
  options.records = reports;
  options.seed = seed;
  options.partners = partners;
  options.until = 20'500 * core::kDay;
  options.overlap = true;
  sample::Generator generator(options);
  Quality quality;
  while (const sample::Record* record = generator.Next()) {
    if (!quality.Take(*record, sample::PartnerName(record->partner))) return 1;
  }
  quality.Print();
  return 0;
}

}  // namespace
}  // namespace ringfence

int main(int argc, char** argv) {
  auto number = [&](int index, uint64_t otherwise) {
    return argc > index ? std::strtoull(argv[index], nullptr, 10) : otherwise;
  };
  return ringfence::Run(number(1, 50'000), number(2, 1), number(3, 6));
}
