#include "pipelines/campaigns/read_view.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "pipelines/campaigns/demand.h"
#include "pipelines/campaigns/members.h"
#include "pipelines/campaigns/records.h"
#include "pipelines/campaigns/totals.h"

namespace ringfence::campaigns {
namespace {

using internal::v1::IndicatorRecord;

constexpr size_t kCampaignIdsMax = 65'536;

IndicatorRecord ParseRecord(const Row& row) {
  IndicatorRecord record;
  Demand(record.ParseFromArray(row.record.data(), static_cast<int>(row.record.size())));
  return record;
}

std::optional<Totals> TotalsOf(core::State& state, const Label& label) {
  const std::optional<std::string> stored = state.Get(TotalsKey(label));
  if (!stored) return std::nullopt;
  internal::v1::StoredCampaign campaign;
  Demand(campaign.ParseFromString(*stored));
  return Totals(std::move(campaign));
}

}  // namespace

std::optional<IndicatorRecord> ReadView::Find(const core::Id& id) {
  const std::optional<std::string> row = state_.Get(RowKey(id));
  if (!row) return std::nullopt;
  IndicatorRecord record = ParseRecord(DecodeRow(*row));
  if (record.labelled()) SetLabel(LabelAt(NodeOf(record)), record);
  return record;
}

const std::optional<HeldLabel>& ReadView::Held(const Label& node) {
  if (held_node_ != node) {
    const std::optional<std::string> held = state_.Get(HeldLabelKey(node));
    held_label_ = held ? std::optional(DecodeHeldLabel(*held)) : std::nullopt;
    held_node_ = node;
  }
  return held_label_;
}

Label ReadView::LabelAt(const Label& node) {
  const std::optional<HeldLabel>& held = Held(node);
  return held ? held->label.value_or(node) : node;
}

std::optional<v1::Indicator> ReadView::Lookup(const core::Id& id) {
  const std::optional<IndicatorRecord> record = Find(id);
  if (!record || record->has_removed()) return std::nullopt;
  return Show(*record);
}

v1::Indicator ReadView::Show(const IndicatorRecord& record) {
  v1::Indicator indicator = record.indicator();
  if (record.labelled()) indicator.set_campaign_id(CampaignIdOf(LabelAt(NodeOf(record))));
  return indicator;
}

ReadView::Name ReadView::NameOf(const Label& label) {
  Name name;
  const std::string from = GroupPrefix(Table::kMembers, label);
  state_.Scan(from, PrefixEnd(from), [&](std::string_view key, std::string_view) {
    name = {names_.NameOf(IdAtEnd(key)), FirstSeenOf(key)};
    return false;
  });
  return name;
}

bool ReadView::IsCampaign(const Label& label) {
  const std::optional<Totals> totals = TotalsOf(state_, label);
  return totals && totals->IsCampaign();
}

const std::string& ReadView::CampaignIdOf(const Label& label) {
  if (campaign_ids_.size() > kCampaignIdsMax) campaign_ids_.clear();
  auto [found, inserted] = campaign_ids_.try_emplace(label);
  if (inserted && IsCampaign(label)) found->second = NameOf(label).campaign_id;
  return found->second;
}

std::optional<v1::Campaign> ReadView::CampaignOf(const Label& label) {
  const std::optional<Totals> totals = TotalsOf(state_, label);
  if (!totals || !totals->IsCampaign()) return std::nullopt;
  v1::Campaign campaign = totals->ToCampaign();
  const Name name = NameOf(label);
  campaign.set_campaign_id(name.campaign_id);
  *campaign.mutable_first_seen() = core::ToProto(name.first_seen);
  return campaign;
}

std::optional<internal::v1::StoredCampaign> ReadView::SumsOf(const Label& label) {
  const std::optional<Totals> totals = TotalsOf(state_, label);
  if (!totals || !totals->IsCampaign()) return std::nullopt;
  return totals->stored();
}

std::optional<Label> ReadView::LabelOfCampaign(std::string_view campaign_id) {
  const std::optional<core::Id> member = names_.OldestOf(campaign_id);
  if (!member) return std::nullopt;
  const std::optional<IndicatorRecord> record = Find(*member);
  if (!record || !record->labelled()) return std::nullopt;
  return LabelOf(*record);
}

std::vector<v1::Indicator> ReadView::Members(const Label& label, size_t max, v1::Tlp max_tlp,
                                             v1::Action min_action) {
  if (max == 0) return {};
  // The worst of those kept stands first.
  using Kept = std::tuple<int64_t, core::Time, core::Id>;
  std::vector<Kept> best;
  MembersByNode(state_, label, [&](const campaigns::Standing& standing) {
    if (standing.member.tlp > max_tlp) return true;
    if (min_action > v1::ACTION_MONITOR) {
      const std::optional<std::string> row = state_.Get(RowKey(standing.id));
      Demand(row.has_value());
      if (DecodeRow(*row).listed.action < min_action) return true;
    }
    best.emplace_back(-int64_t{standing.member.score}, standing.first_seen, standing.id);
    std::push_heap(best.begin(), best.end());
    if (best.size() > max) {
      std::pop_heap(best.begin(), best.end());
      best.pop_back();
    }
    return true;
  });
  std::sort_heap(best.begin(), best.end());
  std::vector<v1::Indicator> members;
  for (const auto& [score, first_seen, id] : best) {
    std::optional<v1::Indicator> indicator = Lookup(id);
    Demand(indicator.has_value());
    members.push_back(*std::move(indicator));
  }
  return members;
}

bool ReadView::VisitOn(const Label& node, const core::Id& id, bool moved_only,
                       const VisitRow& visit) {
  const std::optional<std::string> bytes = state_.Get(RowKey(id));
  Demand(bytes.has_value());
  Row row = DecodeRow(*bytes);
  const std::optional<HeldLabel>& held = Held(node);
  if (held && IsMovedBy(*held, row)) {
    row.offset = held->offset;
    row.append_time = held->append_time;
    row.moved_among_others = MaySeveralStandOn(node.root);
  } else if (moved_only) {
    return true;
  }
  return visit(id, row);
}

void ReadView::MembersByAge(const Label& label, const VisitRow& visit) {
  campaigns::MembersByAge(state_, label, [&](const campaigns::Standing& standing) {
    return VisitOn(standing.node, standing.id, false, visit);
  });
}

void ReadView::Standing(const Label& node, const VisitRow& visit) {
  StandingOn(state_, node, [&](const campaigns::Standing& standing) {
    return VisitOn(node, standing.id, false, visit);
  });
}

uint32_t ReadView::Standers(const Label& node) {
  const std::optional<std::string> stored = state_.Get(SumsKey(node));
  if (!stored) return 0;
  const std::string_view sums = DecodeNodeSums(*stored).sums;
  internal::v1::StoredCampaign parsed;
  Demand(parsed.ParseFromArray(sums.data(), static_cast<int>(sums.size())));
  return parsed.members();
}

void ReadView::List(Order order, const std::optional<ListPlace>& after,
                    const std::function<bool(const ListedCampaign&)>& visit) {
  // A key's successor is the key with a zero byte behind it.
  const std::string from =
      after ? ListKey(order, after->rank, after->label) + '\0' : ListPrefix(order);
  state_.Scan(from, PrefixEnd(ListPrefix(order)),
              [&](std::string_view key, std::string_view value) {
                return visit({{RankOf(key), LabelOfListKey(key)}, DecodeListEntry(value)});
              });
}

uint64_t ReadView::Campaigns() {
  const std::optional<std::string> stored = state_.Get(CountKey());
  return stored ? DecodeCount(*stored) : 0;
}

void ReadView::Rows(const core::Id& from, const core::Id& until, const VisitRow& visit) {
  state_.Scan(RowKey(from), RowKey(until), [&](std::string_view key, std::string_view value) {
    return visit(IdAtEnd(key), DecodeRow(value));
  });
}

void ReadView::Changes(int32_t partition, int64_t offset, const VisitRow& visit,
                       const std::optional<core::Id>& behind) {
  bool goes_on = true;
  const VisitRow ask = [&](const core::Id& id, const Row& row) { return goes_on = visit(id, row); };
  const std::string until = PrefixEnd(ChangePrefix(partition));
  state_.Scan(ChangesFrom(partition, offset), until,
              [&](std::string_view key, std::string_view value) {
                const bool is_behind = behind && OffsetOf(key) == offset;
                if (const std::optional<Label> node = NodeOfChangeKey(key)) {
                  ChangesOf(*node, is_behind ? behind : std::nullopt, ask);
                  return goes_on;
                }
                if (is_behind) return true;
                if (!value.empty()) {
                  // It stands where its node's label does, if that came later.
                  const std::optional<HeldLabel>& held = Held(DecodeNode(value));
                  if (held && held->partition == partition && held->offset > OffsetOf(key))
                    return true;
                }
                const core::Id id = IdAtEnd(key);
                const std::optional<std::string> row = state_.Get(RowKey(id));
                Demand(row.has_value());
                return ask(id, DecodeRow(*row));
              });
}

// What the record of the node's label moved.
void ReadView::ChangesOf(const Label& node, const std::optional<core::Id>& behind,
                         const VisitRow& visit) {
  const auto visit_moved = [&](const core::Id& id) { return VisitOn(node, id, true, visit); };
  if (!MaySeveralStandOn(node.root)) {
    if (!behind) visit_moved(node.root);
    return;
  }
  std::optional<campaigns::Standing> last;
  if (behind) {
    const std::optional<std::string> row = state_.Get(RowKey(*behind));
    Demand(row.has_value());
    last = {.node = node,
            .first_seen = core::FromProto(ParseRecord(DecodeRow(*row)).indicator().first_seen()),
            .id = *behind,
            .member = {}};
  }
  StandingOn(
      state_, node, [&](const campaigns::Standing& standing) { return visit_moved(standing.id); },
      last ? &*last : nullptr);
}

Progress ReadView::ProgressOf(int32_t partition) {
  const std::optional<std::string> stored = state_.Get(ProgressKey(partition));
  return stored ? DecodeProgress(*stored) : Progress();
}

void ReadView::Cells(const std::function<void(const CellKey&, const Cell&)>& visit) {
  const std::string from = TablePrefix(Table::kCells);
  state_.Scan(from, PrefixEnd(from), [&](std::string_view key, std::string_view value) {
    visit(CellKeyOf(key), DecodeCell(value));
    return true;
  });
}

std::optional<std::vector<internal::v1::ReferralEntry>> ReadView::FrozenReports(
    std::string_view hold_id, uint32_t partitions) {
  std::vector<internal::v1::ReferralEntry> reports;
  uint64_t announced = 0;
  uint32_t done = 0;
  const std::string from = ReferralPrefix(hold_id);
  state_.Scan(from, PrefixEnd(from), [&](std::string_view, std::string_view value) {
    internal::v1::ReferralEntry entry;
    Demand(entry.ParseFromArray(value.data(), static_cast<int>(value.size())));
    if (entry.done()) {
      ++done;
      announced += entry.reports();
    } else {
      reports.push_back(std::move(entry));
    }
    return true;
  });
  if (done < partitions || reports.size() != announced) return std::nullopt;
  // Words that a partition has sent all stand among them.
  std::sort(reports.begin(), reports.end(), [](const auto& a, const auto& b) {
    return core::Id{a.report_hi(), a.report_lo()} < core::Id{b.report_hi(), b.report_lo()};
  });
  return reports;
}

std::vector<v1::Indicator> ReadView::AllIndicators() {
  std::vector<v1::Indicator> indicators;
  const std::string from = TablePrefix(Table::kRows);
  state_.Scan(from, PrefixEnd(from), [&](std::string_view, std::string_view value) {
    const Row row = DecodeRow(value);
    if (!row.removed) indicators.push_back(Show(ParseRecord(row)));
    return true;
  });
  std::sort(indicators.begin(), indicators.end(), [](const auto& a, const auto& b) {
    return std::pair(static_cast<int>(a.type()), std::string_view(a.value())) <
           std::pair(static_cast<int>(b.type()), std::string_view(b.value()));
  });
  return indicators;
}

std::vector<v1::Campaign> ReadView::AllCampaigns() {
  std::vector<v1::Campaign> campaigns;
  List(Order::kIncidents, std::nullopt, [&](const ListedCampaign& listed) {
    std::optional<v1::Campaign> campaign = CampaignOf(listed.place.label);
    Demand(campaign.has_value());
    campaigns.push_back(*std::move(campaign));
    return true;
  });
  std::sort(campaigns.begin(), campaigns.end(),
            [](const auto& a, const auto& b) { return a.campaign_id() < b.campaign_id(); });
  return campaigns;
}

}  // namespace ringfence::campaigns
