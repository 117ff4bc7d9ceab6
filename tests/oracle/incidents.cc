#include "tests/oracle/incidents.h"

#include <algorithm>
#include <set>

#include "pipelines/components/components.h"
#include "pipelines/core/id.h"
#include "pipelines/dedupe/facts.h"
#include "pipelines/dedupe/match.h"
#include "tests/oracle/reports.h"

namespace ringfence::oracle {
namespace {

using components::NodeKey;
using core::Id;
using internal::v1::ReportRevision;

struct Compared {
  const ReportRevision* report;
  internal::v1::MatchFacts facts;
  std::vector<dedupe::BlockKey> blocks;
  // Index of the incident.
  size_t incident;
};

class Batch {
 public:
  Batch(const Reports& reports, size_t block_max) {
    for (const auto& [name, report] : reports.held()) {
      reports_.push_back(
          {report, dedupe::FactsOf(*report), dedupe::BlocksOf(*report), reports_.size()});
      for (const dedupe::BlockKey& block : reports_.back().blocks) ++sizes_[block.id];
    }
    for (size_t i = 0; i < reports_.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (AreOne(reports_[i], reports_[j], block_max)) Join(i, j);
      }
    }
  }

  std::map<ReportName, ReportName> Representatives() const {
    std::map<size_t, const Compared*> root_of;
    for (const Compared& report : reports_) {
      const Compared*& root = root_of[report.incident];
      if (root == nullptr || Dominates(report, *root)) root = &report;
    }
    std::map<ReportName, ReportName> representatives;
    for (const Compared& report : reports_) {
      representatives[NameOf(report)] = NameOf(*root_of.at(report.incident));
    }
    return representatives;
  }

 private:
  static ReportName NameOf(const Compared& report) {
    return {report.report->partner(), report.report->report_id()};
  }
  static bool Dominates(const Compared& a, const Compared& b) {
    components::Rules rules;
    rules.day_ranks = true;
    auto key = [](const Compared& report) {
      return NodeKey{core::ReportKey(report.report->partner(), report.report->report_id()),
                     report.facts.rank()};
    };
    return components::Dominates(key(a), key(b), rules);
  }

  bool AreOne(const Compared& a, const Compared& b, size_t block_max) const {
    bool compared = false;
    for (const dedupe::BlockKey& block : a.blocks) {
      if (!std::binary_search(b.blocks.begin(), b.blocks.end(), block)) continue;
      const bool flooded = sizes_.at(block.id) > block_max;
      if (flooded && block.floods_join) return true;
      compared = compared || !flooded;
    }
    return compared && dedupe::Compare(a.facts, b.facts).matches();
  }

  void Join(size_t i, size_t j) {
    const size_t from = reports_[i].incident;
    const size_t to = reports_[j].incident;
    for (Compared& report : reports_) {
      if (report.incident == from) report.incident = to;
    }
  }

  std::vector<Compared> reports_;
  std::map<Id, size_t> sizes_;
};

}  // namespace

std::map<ReportName, ReportName> Representatives(const World& world, size_t block_max) {
  return Batch(Reports(world), block_max).Representatives();
}

}  // namespace ringfence::oracle
