#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/campaigns/label.h"
#include "pipelines/campaigns/tables.h"
#include "pipelines/core/state.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/internal/v1/state.pb.h"
#include "ringfence/v1/indicator.pb.h"

namespace ringfence::campaigns {

// Questions to what a ReadModel has written (after EndBatch), or to a snapshot of it. Changes
// nothing. Owned by one thread; many views may read one snapshot.
class ReadView {
 public:
  // Both must outlive it.
  ReadView(core::State& state, const CampaignNames& names) : state_(state), names_(names) {}

  // The record held of an identifier, with its label: an indicator, or a removal that is still
  // remembered.
  std::optional<internal::v1::IndicatorRecord> Find(const core::Id& id);
  // The indicator, campaign_id filled in; nothing where the identifier is not in the set.
  std::optional<v1::Indicator> Lookup(const core::Id& id);
  // The indicator of a record that is held, as it is to be shown now. `record` must be an
  // indicator's, and need not have its label.
  v1::Indicator Show(const internal::v1::IndicatorRecord& record);

  // The campaign with this label; nothing where its members, if any, are no campaign.
  std::optional<v1::Campaign> CampaignOf(const Label& label);
  // What its members add up to, organisations by name too; nothing as CampaignOf.
  std::optional<internal::v1::StoredCampaign> SumsOf(const Label& label);
  // The label of the campaign that the identifier behind a campaign id is in now. The id may be an
  // old one: CampaignOf says what it is called now.
  std::optional<Label> LabelOfCampaign(std::string_view campaign_id);
  // At most `max` members with TLP at most `max_tlp` and at least `min_action`, best score first,
  // then the oldest. Reads an entry of each member, and only those that it returns in full; with a
  // `min_action` above MONITOR also the row of each.
  std::vector<v1::Indicator> Members(const Label& label, size_t max, v1::Tlp max_tlp,
                                     v1::Action min_action = v1::ACTION_MONITOR);

  using VisitRow = std::function<bool(const core::Id&, const Row&)>;
  // All members, the oldest first, until `visit` returns false.
  void MembersByAge(const Label& label, const VisitRow& visit);
  // What stands on a node, the oldest first, until `visit` returns false.
  void Standing(const Label& node, const VisitRow& visit);
  // Of a node that several may stand on: how many do, in one read.
  uint32_t Standers(const Label& node);

  // One entry of a list of campaigns; enough to go on from there.
  struct ListPlace {
    uint64_t rank = 0;
    Label label;
  };
  struct ListedCampaign {
    ListPlace place;
    ListEntry entry;
  };
  // Campaigns in an order, the greatest first, from the one after `after` on, until `visit`
  // returns false.
  void List(Order order, const std::optional<ListPlace>& after,
            const std::function<bool(const ListedCampaign&)>& visit);
  uint64_t Campaigns();

  // Rows from `from` on, up to (not with) `until`, in the order of their ids (by type, then by
  // hash), removals too, until `visit` returns false. Each as its own record left it: where it
  // stands in the log does not count the label's.
  void Rows(const core::Id& from, const core::Id& until, const VisitRow& visit);
  // The rows that one partition's records from `offset` on left behind, each once, in the log's
  // order, and those that one record did the oldest first, until `visit` returns false. Complete if
  // `offset` is not below ProgressOf(partition).remembered_from. `behind`: of those that the record
  // at `offset` did, only what comes after this one.
  void Changes(int32_t partition, int64_t offset, const VisitRow& visit,
               const std::optional<core::Id>& behind = std::nullopt);
  Progress ProgressOf(int32_t partition);
  void Cells(const std::function<void(const CellKey&, const Cell&)>& visit);

  // What is frozen under a hold, in the order of the reports' ids; nothing until each of as many
  // partitions of dedupe has said that it has sent all, and all is there.
  std::optional<std::vector<internal::v1::ReferralEntry>> FrozenReports(std::string_view hold_id,
                                                                        uint32_t partitions);

  // All of it, as a replay puts it out: indicators by (type number, value), campaigns by id.
  std::vector<v1::Indicator> AllIndicators();
  std::vector<v1::Campaign> AllCampaigns();

 private:
  struct Name {
    std::string campaign_id;
    core::Time first_seen = 0;
  };
  // Of the oldest member; empty where there is none.
  Name NameOf(const Label& label);
  bool IsCampaign(const Label& label);
  // What NameOf gives a campaign and nothing else; kept for the view's life.
  const std::string& CampaignIdOf(const Label& label);
  // Kept until another node is asked for.
  const std::optional<HeldLabel>& Held(const Label& node);
  Label LabelAt(const Label& node);
  // The row as it stands on the node; nothing where `moved_only` and its own record came after that
  // of the label. Returns what `visit` does.
  bool VisitOn(const Label& node, const core::Id& id, bool moved_only, const VisitRow& visit);
  void ChangesOf(const Label& node, const std::optional<core::Id>& behind, const VisitRow& visit);

  core::State& state_;
  const CampaignNames& names_;
  absl::flat_hash_map<Label, std::string> campaign_ids_;
  std::optional<Label> held_node_;
  std::optional<HeldLabel> held_label_;
};

}  // namespace ringfence::campaigns
