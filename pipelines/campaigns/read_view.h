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

  // The record held of an identifier: an indicator, or a removal that is still remembered.
  std::optional<internal::v1::IndicatorRecord> Find(const core::Id& id);
  // The indicator, campaign_id filled in; nothing where the identifier is not in the set.
  std::optional<v1::Indicator> Lookup(const core::Id& id);
  // The indicator of a record as it is to be shown now. `record` must be an indicator's.
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

  // All members, the oldest first, until `visit` returns false.
  void MembersByAge(const Label& label,
                    const std::function<bool(const core::Id&, const Row&)>& visit);

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
  // hash), removals too, until `visit` returns false.
  void Rows(const core::Id& from, const core::Id& until,
            const std::function<bool(const core::Id&, const Row&)>& visit);
  // The rows that one partition's records from `offset` on left behind, in the log's order, and
  // those that one record did in that of their ids, until `visit` returns false. Complete if
  // `offset` is not below ProgressOf(partition).remembered_from. `behind`: of those that the record
  // at `offset` did, only what comes after this one.
  void Changes(int32_t partition, int64_t offset,
               const std::function<bool(const core::Id&, const Row&)>& visit,
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

  core::State& state_;
  const CampaignNames& names_;
  absl::flat_hash_map<Label, std::string> campaign_ids_;
};

}  // namespace ringfence::campaigns
