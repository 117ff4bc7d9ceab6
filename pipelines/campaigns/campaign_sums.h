#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "pipelines/campaigns/label.h"
#include "pipelines/campaigns/tables.h"
#include "pipelines/campaigns/totals.h"
#include "pipelines/core/state.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::campaigns {

// What stands on which node, which nodes have one label, and what they add up to: the read model's
// part that makes campaigns. A node with many rows carries its own sums, so that a label moves it
// as it moves one with a single row. Owned by one thread.
class CampaignSums {
 public:
  // `state` must outlive it. `held_max`: campaigns, and nodes, that are kept parsed from one batch
  // to the next; of more, those that the last one touched.
  CampaignSums(core::State& state, size_t held_max) : state_(state), held_max_(held_max) {}

  // A labelled record of an indicator, which is not (is) among what was added, and the label that
  // its node has.
  void Add(const core::Id& id, const internal::v1::IndicatorRecord& record, const Label& label);
  void Remove(const core::Id& id, const internal::v1::IndicatorRecord& record, const Label& label);
  // Another label for a node that several may stand on, and for all that does. One of a single row
  // is moved by Remove and Add.
  void Move(const Label& node, const Label& from, const Label& to);
  // Of a node that several may stand on: nothing does.
  bool IsEmpty(const Label& node);

  // Writes what is held back (one put a campaign and a node that was touched).
  void EndBatch();

 private:
  // Where a campaign stands in the lists.
  struct ListPlaces {
    std::array<uint64_t, std::size(kOrders)> ranks;
    ListEntry entry;
    bool operator==(const ListPlaces&) const = default;
  };
  struct HeldTotals {
    Totals totals;
    // As written; nothing while it is no campaign.
    std::optional<ListPlaces> listed;
    bool dirty = false;
    // The member with the latest last_seen is gone, and the next is not known.
    bool rescan = false;
  };
  // Under which keys a node stands among its label's members.
  struct Placed {
    Label label;
    core::Time first_seen = 0;
    core::Id oldest;
    core::Time last_seen = 0;
    bool operator==(const Placed&) const = default;
  };
  struct HeldNode {
    Totals sums;
    // `label` as of the last that was added or moved; the latest last_seen is that of the sums.
    Placed place;
    // As written; nothing while nothing stands on it.
    std::optional<Placed> placed;
    bool dirty = false;
    // The oldest, or that with the latest last_seen, is gone, and the next is not known.
    bool seek_oldest = false;
    bool seek_latest = false;
  };

  HeldTotals& TotalsOf(const Label& label);
  HeldNode& NodeAt(const Label& node, const Label& label);
  void AddTo(const Label& label, const internal::v1::IndicatorRecord& record);
  void RemoveFrom(const Label& label, const internal::v1::IndicatorRecord& record);
  // A node with this base got, lost, the label.
  void AddBase(const Label& label, const core::Id& base);
  void RemoveBase(const Label& label, const core::Id& base);
  // By one node more or less; the number before.
  uint64_t ChangeBase(const Label& label, const core::Id& base, int by);

  // Writes or takes away what places a node.
  void Place(const Placed& place, const Member& member);
  void Unplace(const Placed& place);
  core::Time LatestOf(Table table, const Label& of);
  void SeekLatest(const Label& node, HeldNode& held);
  // Takes the node away from where it is written, unless it is to stay there.
  void LeavePlace(const Label& node, HeldNode& held);
  void WriteNode(const Label& node, HeldNode& held);
  void WriteTotals(const Label& label, HeldTotals& held);
  void Relist(const Label& label, HeldTotals& held);
  static std::optional<ListPlaces> PlacesOf(const Totals& totals);

  core::State& state_;
  const size_t held_max_;
  absl::flat_hash_map<Label, HeldTotals> totals_;
  absl::flat_hash_map<Label, HeldNode> nodes_;
  std::optional<uint64_t> campaigns_;
};

}  // namespace ringfence::campaigns
