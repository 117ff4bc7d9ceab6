#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "pipelines/campaigns/campaign_sums.h"
#include "pipelines/campaigns/label.h"
#include "pipelines/campaigns/tables.h"
#include "pipelines/core/removals.h"
#include "pipelines/core/state.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::campaigns {

// What a record changed of one identifier. Absent: not in the set.
struct Change {
  core::Id id;
  std::optional<Listed> before;
  std::optional<Listed> after;
  // Set instead of all the above: all that stands on this node has another label, and is as it was
  // else (ReadView::Standing).
  std::optional<Label> node = {};
};

// What one record changed: one thing or nothing.
using Changes = absl::InlinedVector<Change, 1>;

// The set and the campaigns, kept from the records of `indicators`: what publish serves, and what a
// replay puts out. Pure: what it holds is a function of the records, whichever way they are cut
// into batches. Reading is ReadView's.
//
// Of each identifier, and of each node's label, the record with the greatest place counts, whatever
// else comes; a removal is remembered for `removals_kept` of pipeline time, so that a late writer
// does not undo it and subscribers can be told of it, and so is that a node is one by itself.
//
// A record without value follows a removal by `keep_removals` (pipelines/core/removals.h). Whoever
// reads it without that, as one may who reads while compaction goes on, takes out what stands
// there. It has no place of its own: what stands there for less than half of that time came after
// what it is about, and is left alone.
//
// The label stands with its node, and what stands on the node is not touched by another one: a
// record costs the same whatever number of rows it moves. What is said of a node and of all that
// stands on it comes in one partition. Owned by one thread.
class ReadModel {
 public:
  struct Options {
    core::Time removals_kept = 7 * core::kDay;
    core::Time keep_removals = core::kKeepRemovals;
    // One mark forgets at most as many removals, and as many labels: the rest go with the next.
    size_t forget_max = 1'000;
    // So many nodes' labels, and so many campaigns, stay at hand from one batch to the next.
    size_t labels_held_max = 32'768;
    size_t campaigns_held_max = 8'192;
  };

  // `state` must outlive it, and belongs to it alone.
  explicit ReadModel(core::State& state) : ReadModel(state, Options()) {}
  ReadModel(core::State& state, const Options& options)
      : state_(state), options_(options), sums_(state, options.campaigns_held_max) {}

  // Applies the record at `offset` of `partition`. Nothing where it was applied before, is a mark,
  // has a lower place than that held, or says what is held. kFailedPrecondition where another
  // release wrote it in an unknown format, kDataLoss where it is damaged; nothing is changed then.
  // `append_time`: of the record, for those who ask for what was added when.
  absl::StatusOr<Changes> Apply(int32_t partition, int64_t offset, std::string_view key,
                                std::string_view value, core::Time append_time = 0);

  // The records below `offset` were read; those that were not applied say nothing that a later one
  // does not.
  void ReadTo(int32_t partition, int64_t offset);

  // Reading begins at `offset`: nothing below it is in the log any more, and of what left the set
  // below `remembered_from` perhaps nothing. For a partition of which nothing has been read.
  void BeginAt(int32_t partition, int64_t offset, int64_t remembered_from);

  // Writes what is held back (one put a campaign or a node that was touched). The state is as of
  // the last record then.
  void EndBatch();

  // Of what has been applied, held back or not.
  Progress ProgressOf(int32_t partition);

 private:
  struct HeldCell {
    Cell cell;
    bool dirty = false;
  };

  // Where a record stands in the log.
  struct LogPlace {
    int32_t partition = 0;
    int64_t offset = 0;
    core::Time append_time = 0;
  };

  absl::StatusOr<Changes> ApplyReferral(int32_t partition, int64_t offset, std::string_view key,
                                        std::string_view value);
  std::optional<Change> ApplyIdentifier(const LogPlace& at,
                                        const internal::v1::IndicatorRecord& record,
                                        std::string_view bytes);
  // A record without value.
  Changes ApplyPurge(const LogPlace& at, std::string_view key, Progress& progress);
  std::optional<Change> PurgeIdentifier(const LogPlace& at, const core::Id& id, Progress& progress);
  std::optional<Change> PurgeLabel(const LogPlace& at, const Label& node, Progress& progress);
  // What stands on the node stands where its own record does again.
  void StandAlone(const HeldLabel& label, const Label& node);
  bool IsOldEnough(core::Time since, const LogPlace& at) const;
  std::optional<Change> ApplyLabel(const LogPlace& at, const Label& node,
                                   const internal::v1::IndicatorRecord& record);
  // The same where what stands on the node is at most one row, and where it may be several.
  std::optional<Change> MoveOne(const std::optional<HeldLabel>& before, const HeldLabel& after,
                                const Label& node);
  std::optional<Change> MoveAll(const std::optional<HeldLabel>& before, const HeldLabel& after,
                                const Label& node);
  // What was last said of the node's label; good until the next call of Held or Hold.
  const std::optional<HeldLabel>& Held(const Label& node);
  void Hold(const Label& node, const std::optional<HeldLabel>& held);
  Label LabelAt(const Label& node);
  // Nothing stands on the node any more.
  void NoteEmpty(const Label& node);
  bool IsEmpty(const Label& node);
  Progress& HeldProgress(int32_t partition);
  void ApplyMark(int32_t partition, Progress& progress, core::Time mark);
  // Of those that end with a time, at most `forget_max` whose time is over, the oldest first.
  std::vector<std::string> DueKeys(const std::string& prefix, const Progress& progress);
  void ForgetRemovals(int32_t partition, Progress& progress);
  void ForgetRemoval(const core::Id& id, const Row& row, core::Time removed_at, Progress& progress);
  void ForgetLabels(int32_t partition, const Progress& progress);

  void TakeOut(const core::Id& id, const Row& row, const internal::v1::IndicatorRecord& record);
  void PutIn(const core::Id& id, const Row& row, const internal::v1::IndicatorRecord& record);
  // Where the row stands in the log's order.
  void DropChange(const core::Id& id, const Row& row, const internal::v1::IndicatorRecord& record);
  void PutChange(const core::Id& id, const Row& row, const internal::v1::IndicatorRecord& record);
  void ChangeCell(const internal::v1::IndicatorRecord& record, bool add);
  HeldCell& CellOf(const internal::v1::IndicatorRecord& record);

  core::State& state_;
  const Options options_;
  std::map<int32_t, Progress> progress_;
  absl::flat_hash_set<int32_t> dirty_progress_;
  CampaignSums sums_;
  // As written; of nodes that were asked for lately.
  absl::flat_hash_map<Label, std::optional<HeldLabel>> labels_;
  std::map<CellKey, HeldCell> cells_;
};

}  // namespace ringfence::campaigns
