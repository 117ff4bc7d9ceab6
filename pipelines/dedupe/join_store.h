#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "pipelines/core/id.h"
#include "pipelines/core/place.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "pipelines/core/timers.h"
#include "pipelines/dedupe/nodes.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::dedupe {

// What a report shares with others.
struct Joins {
  struct Membership {
    // Of the latest news.
    core::Place place = 0;
    std::vector<core::Id> others;
    bool flooded = false;
  };
  struct Peer {
    // Of the latest facts; 0 where none have been heard.
    core::Place place = 0;
    // An encoded MatchFacts.
    std::string facts;
    // The peer's node, where the two match.
    std::optional<components::NodeKey> edge;
  };

  bool empty() const { return blocks.empty() && peers.empty() && !node && !shown; }

  absl::btree_map<core::Id, Membership> blocks;
  absl::btree_map<core::Id, Peer> peers;
  // While it matches anything.
  std::unique_ptr<JoinNode> node;
  // The incident that its evidence went out with; unset: its own.
  std::optional<core::Id> shown;
  std::string shown_bearers;
};

struct Report {
  core::Id id;
  // revision 0 and no content where it is unknown.
  internal::v1::StoredReport stored;
  bool known = false;
  Joins joins;
  // What it is compared by, worked out once.
  std::optional<internal::v1::MatchFacts> facts;
  bool dirty = false;
  // Stands in the state's index of held reports.
  bool indexed = false;
  // In the list of those that the present record touched.
  bool touched = false;
  // Its evidence goes out whether or not its incident is another.
  bool revised = false;
  // What it was last counted as.
  size_t bytes = 0;
};

struct BlockItem {
  core::Place place = 0;
  int32_t rank = 0;
  // News to it has named others, or the flood.
  bool told = false;
  uint32_t reach = 0;
};

struct Block {
  using Entries = absl::btree_map<core::Id, BlockItem>;

  core::Id id;
  // While it is not flooded.
  Entries entries;
  bool floods_join = false;
  bool flooded = false;
  // Of all entries.
  uint32_t count = 0;
  // While it is flooded and joins: what ties its reports.
  std::unique_ptr<JoinNode> node;
  bool has_tombstones = false;
  bool stored = false;
  bool dirty = false;
};

// Reports and blocks in memory, above the state: loaded once and kept until they are written back;
// what is large stays.
//
// Tables of the state:
//   'r' report (16)                          StoredReport
//   'i' report (16)                          nothing: it is held (IsHeld)
//   'j' report (16)                          StoredJoins
//   'b' block (16)                           StoredBlock
//   'e' block (16) report (16)               StoredBlock.Entry, of a flooded block
//   'n' block (16) neighbour (16) rank (4)   StoredNeighbour, of a flooded block
//   'x' block (16) report (16)               tombstone: due (8) place (8)
//   'u' due (8) block (16)                   when tombstones are forgotten
//   'w' block (16) due (8) report (16)       nothing: the order in which they are
class JoinStore {
 public:
  explicit JoinStore(core::State& state);

  // Valid until WriteBack. Never fails: what is damaged is empty, and `status` says so.
  Report& LoadReport(const core::Id& id);
  Block& LoadBlock(const core::Id& id);
  // The first `max` known reports behind `after`, ascending, whether or not they have been written
  // back.
  std::vector<core::Id> NextReports(const std::optional<core::Id>& after, size_t max);
  void Forget(Report& report);
  const absl::Status& status() const { return status_; }
  // What was computed since is worth nothing.
  void Damaged(const char* what);
  // The revision that a report holds; empty where it is damaged.
  internal::v1::ReportRevision RevisionOf(const Report& report);

  std::optional<BlockItem> FindItem(Block& block, const core::Id& report);
  void PutItem(Block& block, const core::Id& report, const BlockItem& item);
  void EraseItem(Block& block, const core::Id& report);
  // Moves the entries of a block that has become flooded, or no longer is.
  void Spill(Block& block);
  void Unspill(Block& block);
  // The key of a neighbour that a flooded block's node has lost.
  void EraseNeighbour(const Block& block, const components::NodeKey& key);

  // Of a removed entry, until it is forgotten.
  std::optional<core::Place> TombstoneOf(const Block& block, const core::Id& report);
  void PutTombstone(Block& block, const core::Id& report, core::Place place, core::Time now);
  void EraseTombstone(const Block& block, const core::Id& report);
  // Forgets up to `max` of those that are due. True where there are more.
  bool SweepTombstones(core::Time now, size_t max);

  void WriteBack();
  // Counts what the report takes in memory anew: whoever has changed it calls this.
  void Measure(Report& report);
  // Of all that WriteBack lets go, by an estimate.
  size_t UnstoredBytes() const;

 private:
  std::vector<core::Id> ReportsFrom(const core::Id& from, std::optional<core::Id>& next);
  void Read(Report& report);
  void Read(Block& block);
  void ForgetTombstone(const core::Id& block, const std::string& order_key);
  void Write(Report& report);
  void Write(Block& block);
  void WriteNeighbours(Block& block);

  core::State& state_;
  core::Timers tombstones_;
  absl::flat_hash_map<core::Id, std::unique_ptr<Report>> reports_;
  absl::flat_hash_map<core::Id, std::unique_ptr<Block>> blocks_;
  // Of the reports in memory, and of entries of blocks that are not flooded.
  size_t reports_bytes_ = 0;
  size_t entries_ = 0;
  std::string buffer_;
  absl::Status status_;
};

}  // namespace ringfence::dedupe
