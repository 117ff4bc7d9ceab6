#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "pipelines/core/place.h"
#include "pipelines/core/time.h"
#include "services/runtime/log/log.h"

namespace ringfence::publish {

// Which records of a batch of `indicators` need not be read: of several of one identifier only that
// with the greatest place counts, as it would in a compacted log. Marks are all read.
class Superseded {
 public:
  // The records must outlive it.
  explicit Superseded(std::span<const runtime::LogRecord> records);

  bool Contains(const runtime::LogRecord& record) const;
  // When the first record of the batch with its key was appended: what it said became known then.
  core::Time FirstAppend(const runtime::LogRecord& record) const;

 private:
  struct Counts {
    const runtime::LogRecord* record = nullptr;
    core::Place place = 0;
    core::Time first_append = 0;
  };

  absl::flat_hash_map<std::string, Counts> by_key_;
};

}  // namespace ringfence::publish
