#include "tests/oracle/incidents.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
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
  Batch(const Reports& reports, size_t block_max, size_t peers_max)
      : block_max_(block_max), peers_max_(peers_max) {
    for (const auto& [name, report] : reports.held()) {
      reports_.push_back(
          {report, dedupe::FactsOf(*report), dedupe::BlocksOf(*report), reports_.size()});
      for (const dedupe::BlockKey& block : reports_.back().blocks) {
        in_block_[block.id].insert(IdOf(reports_.back()));
      }
    }
    for (size_t i = 0; i < reports_.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (AreOne(reports_[i], reports_[j])) Join(i, j);
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
  static Id IdOf(const Compared& report) {
    return core::ReportKey(report.report->partner(), report.report->report_id());
  }
  static bool Dominates(const Compared& a, const Compared& b) {
    components::Rules rules;
    rules.day_ranks = true;
    auto key = [](const Compared& report) { return NodeKey{IdOf(report), report.facts.rank()}; };
    return components::Dominates(key(a), key(b), rules);
  }

  // How many of those in a block it meets on each side.
  size_t ReachOf(const Compared& report) const {
    return std::max<size_t>(1, peers_max_ / report.blocks.size() / 2);
  }

  // In the circle of those in the block, counted from one to the other and on to the first again.
  bool Meet(const Compared& a, const Compared& b, const std::set<Id>& in_block) const {
    const auto place = [&](const Compared& report) {
      return std::distance(in_block.begin(), in_block.find(IdOf(report)));
    };
    const auto between = static_cast<size_t>(std::abs(place(a) - place(b)));
    const size_t apart = std::min(between, in_block.size() - between);
    return apart <= ReachOf(a) && apart <= ReachOf(b);
  }

  bool AreOne(const Compared& a, const Compared& b) const {
    bool compared = false;
    for (const dedupe::BlockKey& block : a.blocks) {
      if (!std::binary_search(b.blocks.begin(), b.blocks.end(), block)) continue;
      const std::set<Id>& in_block = in_block_.at(block.id);
      const bool flooded = in_block.size() > block_max_;
      if (flooded && block.floods_join) return true;
      compared = compared || (!flooded && Meet(a, b, in_block));
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
  const size_t block_max_;
  const size_t peers_max_;
  std::map<Id, std::set<Id>> in_block_;
};

}  // namespace

std::map<ReportName, ReportName> Representatives(const World& world, size_t block_max,
                                                 size_t peers_max) {
  return Batch(Reports(world), block_max, peers_max).Representatives();
}

}  // namespace ringfence::oracle
