#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "pipelines/core/id.h"
#include "pipelines/core/stage.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"

namespace ringfence::cluster {

// What takes out of `indicators` again that something is gone: once the removal of an identifier,
// or the record of a label that ended, has stood there for `keep`, a record without a value goes
// out under its key, and compaction leaves nothing of either.
//
// Which keys wait is decided record by record, so that it does not depend on batches. Whose key was
// taken out stays known for some days more: a late writer may take out what is back.
//
// Tables of the state:
//   'r' key of the record            due (hours), whether it was taken out, base (16, or nothing)
//   'x' due (hours, 8) key           the same by time
class Purges {
 public:
  // `state` must outlive it.
  Purges(core::State& state, core::Time keep) : state_(state), keep_(keep) {}

  // A record under `key` says, as of `now`, that something is gone. `base`: of an identifier; zero
  // of a label, whose key says where it is.
  void Begin(std::string_view key, const core::Id& base, core::Time now);
  // The same of a record that somebody else left there, unless its key waits already.
  void BeginLate(std::string_view key, const core::Id& base, core::Time now);

  // Where to look for an identifier whose key waits, or was taken out not long ago.
  std::optional<core::Id> BaseOf(std::string_view key);

  // Looks at the first `max` keys of which the time is over, and returns at how many it did. Where
  // `is_gone` says that it is so still, the key is taken out at the end of the batch.
  using IsGone = std::function<bool(std::string_view key, const core::Id& base)>;
  size_t Sweep(core::Time now, size_t max, const IsGone& is_gone);

  // This batch sends that what the key stands for is there: it is not taken out.
  void Back(std::string_view key);
  // To be called once all other records of the batch have gone out.
  void EndBatch(core::Output& output);

 private:
  struct Entry {
    // Hours since the Unix epoch: what comes and goes within one writes nothing.
    int64_t due = 0;
    bool taken_out = false;
    core::Id base;
  };
  std::optional<Entry> Find(std::string_view key);
  void Put(std::string_view key, const Entry& entry);
  void Erase(std::string_view key, int64_t due);
  std::vector<std::pair<int64_t, std::string>> Due(int64_t now, size_t max);

  core::State& state_;
  const core::Time keep_;
  // Nothing is due before.
  int64_t next_ = 0;
  // In this batch.
  absl::btree_set<std::string> leaving_;
};

}  // namespace ringfence::cluster
