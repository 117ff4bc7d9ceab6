// The matcher's comparison core on records from elsewhere: blocks and weights as dedupe has them,
// without messages or state.
//
//   compare_records < RECORDS
//
// A line is a record: partner, id, household's token, person's token, second token of the person,
// country, separated by tabs; what is empty says nothing. They are compared as a victim's phone,
// e-mail address and account. Prints one line for each pair that shares a block and matches: the
// ids, separated by a tab. tests/bench/febrl_bench.py feeds it.
#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "pipelines/dedupe/blocks.h"
#include "pipelines/dedupe/facts.h"
#include "pipelines/dedupe/match.h"

namespace ringfence {
namespace {

constexpr size_t kColumns = 6;

internal::v1::ReportRevision RevisionOf(const std::vector<std::string>& columns) {
  internal::v1::ReportRevision revision;
  revision.set_partner(columns[0]);
  revision.set_report_id(columns[1]);
  // They have no time: all are of one.
  revision.set_occurred_at(20'000 * core::kDay);
  for (uint32_t kind = 1; kind <= 3; ++kind) {
    const std::string& value = columns[1 + kind];
    if (value.empty()) continue;
    internal::v1::VictimToken& token = *revision.add_victim_tokens();
    token.set_kind(kind);
    token.set_token("k:" + value);
  }
  revision.set_country(columns[5]);
  return revision;
}

int Run() {
  std::vector<std::string> ids;
  std::vector<internal::v1::MatchFacts> facts;
  std::map<core::Id, std::vector<size_t>> blocks;
  for (std::string line; std::getline(std::cin, line);) {
    const std::vector<std::string> columns = absl::StrSplit(line, '\t');
    if (columns.size() != kColumns) {
      std::cerr << "compare_records: line " << ids.size() + 1 << " has not " << kColumns
                << " columns\n";
      return 1;
    }
    const internal::v1::ReportRevision revision = RevisionOf(columns);
    for (const dedupe::BlockKey& block : dedupe::BlocksOf(revision)) {
      blocks[block.id].push_back(ids.size());
    }
    ids.push_back(columns[1]);
    facts.push_back(dedupe::FactsOf(revision));
  }
  std::set<std::pair<size_t, size_t>> pairs;
  for (const auto& [block, members] : blocks) {
    if (members.size() > dedupe::kBlockMax) continue;
    for (size_t i = 0; i < members.size(); ++i) {
      for (size_t j = i + 1; j < members.size(); ++j) pairs.emplace(members[i], members[j]);
    }
  }
  for (const auto& [one, other] : pairs) {
    if (!dedupe::Compare(facts[one], facts[other]).matches()) continue;
    std::cout << ids[one] << '\t' << ids[other] << '\n';
  }
  return 0;
}

}  // namespace
}  // namespace ringfence

int main() { return ringfence::Run(); }
