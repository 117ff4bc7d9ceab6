#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "tests/sim/random.h"

namespace ringfence::sim {

// The records of `indicators`, by partition, in the order in which they were written.
class IndicatorsTopic {
 public:
  using Records = std::vector<std::pair<std::string, std::string>>;

  // `of_two`: while the partition had two owners.
  void Append(uint32_t partition, std::string key, std::string value, bool of_two, core::Time now);

  // Records in their order, and none before `since`, that another owner who had come as far may
  // write once more.
  Records Late(uint32_t partition, core::Time since, Random& random) const;

  // A question about some records of the partition, not always the latest of their keys, as its
  // owner asks about what others wrote. Nothing where there are none.
  std::optional<internal::v1::Envelope> Rechecks(uint32_t partition, Random& random) const;
  // What compaction leaves of a partition: of each key the last record, but for those without
  // value.
  Records Compacted(uint32_t partition) const;
  // One about the last records of all keys that were written while the partition had two owners.
  internal::v1::Envelope LastRechecks(uint32_t partition) const;

 private:
  std::map<uint32_t, Records> records_;
  // When each was written.
  std::map<uint32_t, std::vector<core::Time>> times_;
  std::map<uint32_t, std::set<std::string>> of_two_;
};

}  // namespace ringfence::sim
