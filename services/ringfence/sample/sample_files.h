#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/ringfence/sample/generator.h"

namespace ringfence::sample {

// What was written.
struct SampleFiles {
  struct Partner {
    std::string name;
    std::string path;
    uint64_t records = 0;
  };
  std::vector<Partner> partners;
  std::string truth_path;
  uint64_t rejected = 0;
  // See Generator.
  uint64_t named = 0;
  uint64_t made_up = 0;
};

// Writes all records into `folder`, which is made where it is missing: <partner>.jsonl in the order
// of time, and truth.jsonl. There, one object a line:
//
//   {"record": {"partner", "reportId", "revision", "kind", "incident", "centre", "fault",
//               "rejected"}}, one for every line of the partners' files, in the order of time;
//   {"identifier": {"type", "value", "centre"}}, one for everything that was made up, before the
//               record that names it first; "shared" in place of a centre.
//
// Files that are there are replaced. kUnavailable or kResourceExhausted where it cannot be written.
absl::StatusOr<SampleFiles> WriteSample(const Generator::Options& options,
                                        const std::string& folder);

}  // namespace ringfence::sample
