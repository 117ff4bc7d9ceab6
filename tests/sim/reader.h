#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "pipelines/campaigns/read_model.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/place.h"
#include "pipelines/core/removals.h"
#include "pipelines/core/time.h"
#include "tests/oracle/oracle.h"

namespace ringfence::sim {

// A reader of `indicators`: the read model of publish, and beside it what no record may do. Records
// may come in any order and repeatedly.
class Reader {
 public:
  explicit Reader(core::Time keep_removals = core::kKeepRemovals)
      : model_(state_, {.keep_removals = keep_removals}) {}

  // An error where one place has two contents, a record contradicts itself, or the read model does
  // not take it.
  absl::Status Read(uint32_t partition, std::string_view key, std::string_view value,
                    core::Time append_time = 0);

  // What publish would serve.
  oracle::Published Published();
  // As campaigns::ReadView has it.
  std::optional<std::vector<internal::v1::ReferralEntry>> FrozenReports(std::string_view hold_id,
                                                                        uint32_t partitions);
  // Anything that was frozen for it.
  bool KnowsOf(std::string_view hold_id);
  // How much it holds of what is not in the set: removals, and labels that ended.
  size_t HeldOfWhatIsGone();
  // Up to which everything has expired in a partition, as its mark says; kTimeMin without one.
  core::Time MarkOf(uint32_t partition) const;

 private:
  absl::Status ReadReferral(uint32_t partition, std::string_view key, std::string_view value);
  absl::Status Apply(uint32_t partition, std::string_view key, std::string_view value,
                     core::Time append_time);

  core::MemoryState state_;
  campaigns::ReadModel model_;
  // Next offset by partition.
  std::map<uint32_t, int64_t> offsets_;
  std::map<uint32_t, core::Time> marks_;
  // Partition, key and place -> bytes.
  std::map<std::tuple<uint32_t, std::string, core::Place>, std::string> seen_;
};

}  // namespace ringfence::sim
