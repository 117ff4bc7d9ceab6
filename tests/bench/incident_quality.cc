// How well the reports of one incident are joined: a world with truth (`ringfence sample
// --overlap`) through intake and dedupe, in memory.
//
//   incident_quality [--causes] [--uniform] [--check] [REPORTS] [SEED] [PARTNERS]
//
// Prints precision and recall over pairs of reports: over those that share a victim's token or a
// payment, and over those of one incident that share neither; and how many identifiers have exactly
// as many incidents as they have in truth. With --causes also which fields the wrong pairs and the
// missed pairs agreed and conflicted in, the most frequent first. --uniform: every company lacks
// everything equally often (sample::Omissions). --check: exit status 1 where what is asked for is
// not reached.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/stage.h"
#include "pipelines/dedupe/dedupe.h"
#include "pipelines/dedupe/facts.h"
#include "pipelines/dedupe/match.h"
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

struct Figures {
  double precision = 1;
  double recall = 1;
  // Share of identifiers.
  double exact = 1;
};
constexpr Figures kAsked = {.precision = 0.995, .recall = 0.90, .exact = 0.98};

double Share(double part, double whole) { return whole == 0 ? 1 : part / whole; }

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

  Figures Print(bool causes) {
    std::erase_if(reports_, [](const auto& entry) { return entry.second.revision.retracted(); });
    Figures figures = PrintPairs();
    figures.exact = PrintIdentifiers();
    if (causes) PrintCauses();
    return figures;
  }

 private:
  static constexpr size_t kCausesShown = 25;
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
      values.insert("p" + payment.payee_value() + ' ' + payment.amount() + payment.currency());
    }
    return values;
  }

  Pairs Sharing() const {
    Pairs sharing;
    AddPairs(Telling, sharing);
    return sharing;
  }
  Pairs Joined() const {
    Pairs joined;
    AddPairs([](const Held& held) { return std::set{held.root.Hex()}; }, joined);
    return joined;
  }
  bool AreOne(const Pair& pair) const {
    return reports_.at(pair.first).incident == reports_.at(pair.second).incident;
  }
  bool AreJoined(const Pair& pair) const {
    return reports_.at(pair.first).root == reports_.at(pair.second).root;
  }

  // The fields of a comparison, with + or - as they say yes or no.
  std::string FieldsOf(const Pair& pair) const {
    const auto facts = [&](const Id& id) { return dedupe::FactsOf(reports_.at(id).revision); };
    const dedupe::Comparison comparison = dedupe::Compare(facts(pair.first), facts(pair.second));
    std::string fields = comparison.matches() ? "match" : "no match";
    for (const dedupe::Contribution& contribution : comparison.contributions) {
      fields += contribution.weight < 0 ? " -" : " +";
      fields += dedupe::NameOf(contribution.field);
    }
    return fields;
  }
  void PrintCauses(const char* what, const Pairs& pairs) const {
    std::map<std::string, size_t> counts;
    for (const Pair& pair : pairs) ++counts[FieldsOf(pair)];
    std::vector<std::pair<size_t, std::string>> sorted;
    for (const auto& [fields, count] : counts) sorted.emplace_back(count, fields);
    std::sort(sorted.rbegin(), sorted.rend());
    std::printf("%s: %zu\n", what, pairs.size());
    for (size_t i = 0; i < std::min<size_t>(sorted.size(), kCausesShown); ++i) {
      std::printf("%8zu %s\n", sorted[i].first, sorted[i].second.c_str());
    }
  }

  void PrintCauses() const {
    Pairs joined = Joined();
    std::erase_if(joined, [&](const Pair& pair) { return AreOne(pair); });
    PrintCauses("joined, but of two incidents", joined);
    Pairs sharing = Sharing();
    std::erase_if(sharing, [&](const Pair& pair) { return !AreOne(pair) || AreJoined(pair); });
    PrintCauses("sharing and of one incident, but not joined", sharing);
  }

  Figures PrintPairs() const {
    const Pairs sharing = Sharing();
    Pairs in_truth;
    AddPairs([](const Held& held) { return std::set{std::to_string(held.incident)}; }, in_truth);
    const Pairs joined = Joined();
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
    const Figures figures = {.precision = Share(right, joined_sharing),
                             .recall = Share(right, ones)};
    std::printf("sharing a token or payment: precision %.4f, recall %.4f of %.0f\n",
                figures.precision, figures.recall, ones);
    const auto all = static_cast<double>(joined.size());
    std::printf("of all that were joined, right: %.4f\n", Share(all - wrong, all));
    const double neither = count(in_truth, [&](const Pair& pair) { return !shares(pair); });
    const double found =
        count(in_truth, [&](const Pair& pair) { return !shares(pair) && AreJoined(pair); });
    std::printf("sharing neither: %.0f pairs of one incident, %.4f of them joined through others\n",
                neither, Share(found, neither));
    return figures;
  }

  // Roots as they would be if of the pairs that share something just those of one incident were
  // joined: what reports of one incident that share nothing with each other leave to be had.
  std::map<Id, Id> RootsAtBest() const {
    std::map<Id, Id> up;
    for (const auto& [id, held] : reports_) up[id] = id;
    const auto root_of = [&](Id id) {
      while (up[id] != id) id = up[id] = up[up[id]];
      return id;
    };
    for (const Pair& pair : Sharing()) {
      if (AreOne(pair)) up[root_of(pair.first)] = root_of(pair.second);
    }
    std::map<Id, Id> roots;
    for (const auto& [id, held] : reports_) roots[id] = root_of(id);
    return roots;
  }

  double PrintIdentifiers() const {
    const double exact =
        PrintExact("incidents exact", [&](const Id& id) { return reports_.at(id).root; });
    const std::map<Id, Id> best = RootsAtBest();
    PrintExact("at best", [&](const Id& id) { return best.at(id); });
    return exact;
  }

  template <typename RootOf>
  double PrintExact(const char* what, const RootOf& root_of) const {
    std::map<Id, std::pair<std::set<uint64_t>, std::set<Id>>> incidents;
    for (const auto& [key, named] : named_) {
      auto held = reports_.find(key.second);
      if (held == reports_.end()) continue;
      for (const auto& [hi, lo] : named) {
        auto& [in_truth, found] = incidents[{hi, lo}];
        in_truth.insert(held->second.incident);
        found.insert(root_of(held->first));
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
    const double share = Share(static_cast<double>(exact), static_cast<double>(incidents.size()));
    std::printf("%s for %.4f of %zu identifiers, for %.4f of the %zu with several\n", what, share,
                incidents.size(),
                Share(static_cast<double>(exact_of_several), static_cast<double>(several)),
                several);
    return share;
  }

  intake::Intake intake_{{.token_key = {.id = "replay", .secret = {}}}};
  core::MemoryState state_;
  std::unique_ptr<core::Stage> stage_ = dedupe::MakeDedupe(state_, {});
  int64_t offset_ = 0;
  std::map<Id, Held> reports_;
  // Base and report -> the identifiers named.
  std::map<Pair, std::set<std::pair<uint64_t, uint64_t>>> named_;
};

int Run(const sample::Generator::Options& options, bool causes, bool check) {
  sample::Generator generator(options);
  Quality quality;
  while (const sample::Record* record = generator.Next()) {
    if (!quality.Take(*record, sample::PartnerName(record->partner))) return 1;
  }
  const Figures figures = quality.Print(causes);
  const bool reached = figures.precision >= kAsked.precision && figures.recall >= kAsked.recall &&
                       figures.exact >= kAsked.exact;
  if (!reached) {
    std::printf("%s: precision %.3f, recall %.2f, exact for %.2f\n", "less than what is asked for",
                kAsked.precision, kAsked.recall, kAsked.exact);
  }
  return check && !reached ? 1 : 0;
}

}  // namespace
}  // namespace ringfence

int main(int argc, char** argv) {
  bool causes = false;
  bool check = false;
  ringfence::sample::Generator::Options options;
  options.until = 20'500 * ringfence::core::kDay;
  options.overlap = true;
  std::vector<uint64_t> numbers;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--causes") {
      causes = true;
    } else if (argument == "--check") {
      check = true;
    } else if (argument == "--uniform") {
      options.omissions = ringfence::sample::Omissions::kUniform;
    } else {
      numbers.push_back(std::strtoull(argv[i], nullptr, 10));
    }
  }
  auto number = [&](size_t index, uint64_t otherwise) {
    return numbers.size() > index ? numbers[index] : otherwise;
  };
  options.records = number(0, 50'000);
  options.seed = number(1, 1);
  options.partners = number(2, 6);
  return ringfence::Run(options, causes, check);
}
