// Random records against a computation from what is left at the end, in several cuts into batches.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "pipelines/campaigns/read_model.h"
#include "pipelines/campaigns/read_view.h"
#include "pipelines/campaigns/record_testing.h"
#include "pipelines/core/decimal.h"
#include "pipelines/core/memory_state.h"

namespace ringfence::campaigns {
namespace {

using internal::v1::IndicatorRecord;

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(engine_() % bound); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

void FillShare(Random& random, internal::v1::CampaignShare& share) {
  const uint32_t incidents = random.Below(4);
  share.set_incidents(incidents);
  share.set_reports(incidents * 2);
  for (const char* partner : {"acme", "globex", "initech"}) {
    if (!random.OneIn(2)) continue;
    internal::v1::PartnerCount& count = *share.add_partners();
    count.set_partner(partner);
    count.set_incidents(random.Below(3));
  }
  for (const auto& [first, second] : {std::pair("acme", "globex"), {"acme", "initech"}}) {
    if (!random.OneIn(2)) continue;
    internal::v1::PartnerPair& pair = *share.add_pairs();
    pair.set_first(first);
    pair.set_second(second);
    pair.set_incidents(1 + random.Below(3));
  }
  for (const char* country : {"DE", "US"}) {
    if (!random.OneIn(2)) continue;
    v1::CountryCount& count = *share.add_countries();
    count.set_country(country);
    count.set_incidents(1 + random.Below(3));
  }
  for (const char* currency : {"EUR", "USD"}) {
    if (!random.OneIn(2)) continue;
    v1::AmountTotal& loss = *share.add_losses();
    loss.set_currency(currency);
    loss.set_amount(std::to_string(random.Below(1'000'000)) + "." +
                    std::to_string(random.Below(100)));
  }
}

v1::IdentifierType RandomType(Random& random) {
  if (random.OneIn(2)) return v1::IDENTIFIER_TYPE_PHONE;
  return random.OneIn(4) ? v1::IDENTIFIER_TYPE_IP : v1::IDENTIFIER_TYPE_DOMAIN;
}

IndicatorRecord RandomRecord(Random& random, core::Place place) {
  RecordSpec spec;
  spec.type = RandomType(random);
  spec.value = "v" + std::to_string(random.Below(40));
  // Some are late.
  spec.place = random.OneIn(6) ? place / 2 + 1 : place;
  if (random.OneIn(5)) return Removal(spec, "expired");
  spec.action = static_cast<v1::Action>(1 + random.Below(3));
  spec.tlp = static_cast<v1::Tlp>(1 + random.Below(4));
  spec.score = random.Below(5) * 200;
  spec.first_seen = kNow - random.Below(6) * core::kDay;
  spec.last_seen = kNow - random.Below(6) * core::kSecond;
  if (!random.OneIn(4)) spec.root = "v" + std::to_string(random.Below(5));
  // Only hosts and IPs share a base; most share one.
  if (spec.type != v1::IDENTIFIER_TYPE_PHONE && !random.OneIn(3))
    spec.base = "v" + std::to_string(random.OneIn(2) ? 0 : random.Below(4));
  IndicatorRecord record = Upsert(spec);
  if (spec.type == v1::IDENTIFIER_TYPE_IP)
    record.set_node_day(static_cast<core::Day>(random.Below(2)));
  FillShare(random, *record.mutable_share());
  for (int type = 1; type < 4; ++type) {
    if (random.OneIn(3))
      record.mutable_indicator()->add_scam_types(static_cast<v1::ScamType>(type));
  }
  if (random.OneIn(3)) record.add_impersonated("Norton");
  if (random.OneIn(3)) record.add_impersonated("PayPal");
  return record;
}

Label RandomNode(Random& random) {
  const v1::IdentifierType type = RandomType(random);
  const uint32_t values = random.OneIn(3) ? 4 : 40;
  const auto day =
      static_cast<core::Day>(type == v1::IDENTIFIER_TYPE_IP ? random.Below(2) : uint32_t{0});
  return {core::IdentifierId(type, "v" + std::to_string(random.Below(values))), day};
}

// The records with the greatest places: what must count.
struct Naive {
  void Apply(const IndicatorRecord& record, int64_t offset) {
    auto [held, inserted] = records.try_emplace(record.identifier_id(), record);
    if (!inserted && record.place() < held->second.place()) return;
    held->second = record;
    offsets[record.identifier_id()] = offset;
  }
  void Apply(const Label& node, const Label& label, core::Place place, int64_t offset) {
    auto [held, inserted] = labels.try_emplace(node, NodeSaid{place, label, offset});
    if (!inserted && place >= held->second.place) held->second = {place, label, offset};
  }
  Label CurrentLabelOf(const IndicatorRecord& record) const {
    const auto held = labels.find(NodeOf(record));
    return held == labels.end() ? NodeOf(record) : held->second.label;
  }
  // Where the last record stands that says something of it.
  int64_t OffsetOf(const IndicatorRecord& record) const {
    const int64_t own = offsets.at(record.identifier_id());
    const auto held = labels.find(NodeOf(record));
    return record.labelled() && held != labels.end() ? std::max(own, held->second.offset) : own;
  }

  using Members = std::vector<const IndicatorRecord*>;
  std::map<Label, Members> Campaigns() const {
    std::map<Label, Members> by_label;
    for (const auto& [id, record] : records) {
      if (record.labelled()) by_label[CurrentLabelOf(record)].push_back(&record);
    }
    std::erase_if(by_label, [](const auto& entry) {
      std::set<std::string> bases;
      for (const IndicatorRecord* record : entry.second) bases.insert(record->base_id());
      return bases.size() < 2;
    });
    return by_label;
  }

  struct NodeSaid {
    core::Place place = 0;
    Label label;
    int64_t offset = 0;
  };
  std::map<std::string, IndicatorRecord> records;
  // Of each of them, and of each node, the latest.
  std::map<std::string, int64_t> offsets;
  std::map<Label, NodeSaid> labels;
};

// Of a record at this offset.
core::Time TimeAt(int64_t offset) { return kNow + offset * core::kSecond; }

using Age = std::pair<core::Time, core::Id>;
Age AgeOf(const IndicatorRecord& record) {
  return {core::FromProto(record.indicator().first_seen()),
          core::Id::FromBytes(record.identifier_id())};
}

v1::Campaign Recompute(const Naive::Members& members, const CampaignNames& names) {
  v1::Campaign campaign;
  std::map<std::string, uint32_t> countries;
  std::map<std::string, core::Decimal> losses;
  std::set<std::string> partners, brands;
  std::set<int> scam_types;
  core::SetSum fingerprint;
  std::set<std::pair<core::Time, core::Id>> ages;
  core::Time last_seen = core::kTimeMin;
  for (const IndicatorRecord* record : members) {
    const v1::Indicator& indicator = record->indicator();
    const auto& share = record->share();
    campaign.set_incidents(campaign.incidents() + share.incidents());
    campaign.set_reports(campaign.reports() + share.reports());
    for (const auto& count : share.partners()) {
      if (count.incidents() > 0) partners.insert(count.partner());
    }
    for (const auto& count : share.countries()) countries[count.country()] += count.incidents();
    for (const auto& loss : share.losses())
      losses[loss.currency()] += *core::Decimal::Parse(loss.amount());
    scam_types.insert(indicator.scam_types().begin(), indicator.scam_types().end());
    brands.insert(record->impersonated().begin(), record->impersonated().end());
    campaign.set_tlp(std::max(campaign.tlp(), indicator.tlp()));
    fingerprint.Add(core::SetSum::FingerprintMember(indicator.type(), indicator.value()));
    ages.insert(AgeOf(*record));
    last_seen = std::max(last_seen, core::FromProto(indicator.last_seen()));
  }
  campaign.set_campaign_id(names.NameOf(ages.begin()->second));
  campaign.set_indicators(static_cast<uint32_t>(members.size()));
  campaign.set_organisations(static_cast<uint32_t>(partners.size()));
  for (const auto& [country, incidents] : countries) {
    v1::CountryCount& count = *campaign.add_victims_by_country();
    count.set_country(country);
    count.set_incidents(incidents);
  }
  for (const auto& [currency, amount] : losses) {
    if (amount.IsZero()) continue;
    v1::AmountTotal& loss = *campaign.add_losses();
    loss.set_currency(currency);
    loss.set_amount(amount.ToString());
  }
  for (int type : scam_types) campaign.add_scam_types(static_cast<v1::ScamType>(type));
  for (const std::string& brand : brands) campaign.add_impersonated(brand);
  *campaign.mutable_first_seen() = core::ToProto(ages.begin()->first);
  *campaign.mutable_last_seen() = core::ToProto(last_seen);
  campaign.set_fingerprint(fingerprint.Hex());
  return campaign;
}

// Incidents that pairs have in common, by campaign, as SumsOf gives them.
std::map<std::string, uint32_t> PairsOf(const Naive::Members& members) {
  std::map<std::string, uint32_t> pairs;
  for (const IndicatorRecord* record : members) {
    for (const auto& pair : record->share().pairs())
      pairs[pair.first() + "\n" + pair.second()] += pair.incidents();
  }
  return pairs;
}

void ExpectIndicators(const Naive& naive, const std::map<Label, v1::Campaign>& campaigns,
                      ReadView& view) {
  std::map<std::pair<int, std::string>, v1::Indicator> expected;
  std::map<CellKey, Cell> cells;
  for (const auto& [id, record] : naive.records) {
    if (record.has_removed()) continue;
    v1::Indicator indicator = record.indicator();
    if (record.labelled()) {
      auto campaign = campaigns.find(naive.CurrentLabelOf(record));
      if (campaign != campaigns.end()) indicator.set_campaign_id(campaign->second.campaign_id());
    }
    Cell& cell = cells[{indicator.type(), indicator.action(), indicator.tlp(), indicator.score()}];
    ++cell.count;
    cell.sum.Add(core::SetSum::DigestMember(indicator.indicator_id(), indicator.revision()));
    expected[{indicator.type(), indicator.value()}] = std::move(indicator);
  }
  const std::vector<v1::Indicator> actual = view.AllIndicators();
  ASSERT_EQ(actual.size(), expected.size());
  size_t i = 0;
  for (const auto& [name, indicator] : expected)
    ASSERT_EQ(actual[i++].DebugString(), indicator.DebugString());
  size_t seen_cells = 0;
  view.Cells([&](const CellKey& key, const Cell& cell) {
    ++seen_cells;
    EXPECT_EQ(cell.count, cells[key].count);
    EXPECT_EQ(cell.sum, cells[key].sum);
  });
  EXPECT_EQ(seen_cells, cells.size());
}

void ExpectLists(const std::map<Label, v1::Campaign>& campaigns, ReadView& view) {
  for (Order order : kOrders) {
    std::vector<std::pair<uint64_t, Label>> expected;
    for (const auto& [label, campaign] : campaigns) {
      const uint64_t rank = order == Order::kIncidents ? campaign.incidents()
                            : order == Order::kOrganisations
                                ? uint64_t{campaign.organisations()} << 32 | campaign.incidents()
                                : Sortable(core::FromProto(campaign.last_seen()));
      expected.emplace_back(~rank, label);
    }
    std::sort(expected.begin(), expected.end());
    // In pages of two.
    std::vector<std::pair<uint64_t, Label>> actual;
    std::optional<ReadView::ListPlace> after;
    for (bool more = true; more;) {
      more = false;
      int left = 2;
      view.List(order, after, [&](const ReadView::ListedCampaign& listed) {
        if (left-- == 0) return !(more = true);
        EXPECT_EQ(listed.entry.tlp, campaigns.at(listed.place.label).tlp());
        actual.emplace_back(~listed.place.rank, listed.place.label);
        after = listed.place;
        return true;
      });
    }
    EXPECT_EQ(actual, expected);
  }
  EXPECT_EQ(view.Campaigns(), campaigns.size());
}

// By age, and the best as GetCampaign gives them.
void ExpectMembers(const Label& label, Naive::Members members, ReadView& view) {
  std::sort(members.begin(), members.end(),
            [](const auto* a, const auto* b) { return AgeOf(*a) < AgeOf(*b); });
  size_t i = 0;
  view.MembersByAge(label, [&](const core::Id& id, const Row&) {
    if (i < members.size()) {
      EXPECT_EQ(id.Bytes(), members[i]->identifier_id());
    }
    ++i;
    return true;
  });
  EXPECT_EQ(i, members.size());
  std::erase_if(members, [](const auto* member) {
    return member->indicator().tlp() > v1::TLP_AMBER ||
           member->indicator().action() < v1::ACTION_CHALLENGE;
  });
  std::stable_sort(members.begin(), members.end(), [](const auto* a, const auto* b) {
    return a->indicator().score() > b->indicator().score();
  });
  constexpr size_t kMax = 5;
  if (members.size() > kMax) members.resize(kMax);
  const auto best = view.Members(label, kMax, v1::TLP_AMBER, v1::ACTION_CHALLENGE);
  ASSERT_EQ(best.size(), members.size());
  for (size_t k = 0; k < best.size(); ++k)
    EXPECT_EQ(best[k].indicator_id(), members[k]->indicator().indicator_id());
}

// All changes in the log's order, in one go and in pieces. `removals`: they are remembered.
void ExpectChanges(const Naive& naive, bool removals, ReadView& view) {
  using Seen = std::tuple<int64_t, Age>;
  std::vector<Seen> expected;
  for (const auto& [id, record] : naive.records) {
    if (record.has_removed() && !removals) continue;
    const Age age = record.has_removed() ? Age{0, core::Id::FromBytes(id)} : AgeOf(record);
    expected.emplace_back(naive.OffsetOf(record), age);
  }
  std::sort(expected.begin(), expected.end());
  for (const size_t piece : {size_t{1'000}, size_t{3}}) {
    std::vector<Seen> actual;
    int64_t offset = 0;
    std::optional<core::Id> behind;
    for (bool more = true; more;) {
      more = false;
      size_t left = piece;
      view.Changes(
          0, offset,
          [&](const core::Id& id, const Row& row) {
            if (left-- == 0) return !(more = true);
            EXPECT_EQ(row.append_time, TimeAt(row.offset));
            const IndicatorRecord& record = naive.records.at(id.Bytes());
            actual.emplace_back(row.offset, row.removed ? Age{0, id} : AgeOf(record));
            offset = row.offset;
            behind = id;
            return true;
          },
          behind);
    }
    EXPECT_EQ(actual, expected);
  }
}

void ExpectEqual(const Naive& naive, core::State& state, bool removals = true) {
  const CampaignNames names({});
  ReadView view(state, names);
  std::map<Label, v1::Campaign> campaigns;
  for (const auto& [label, members] : naive.Campaigns()) {
    campaigns[label] = Recompute(members, names);
    const auto sums = view.SumsOf(label);
    ASSERT_TRUE(sums.has_value());
    EXPECT_EQ(std::map(sums->pairs().begin(), sums->pairs().end()), PairsOf(members));
    ExpectMembers(label, members, view);
  }
  for (const auto& [label, campaign] : campaigns) {
    ASSERT_TRUE(view.CampaignOf(label).has_value());
    ASSERT_EQ(view.CampaignOf(label)->DebugString(), campaign.DebugString());
    EXPECT_EQ(view.LabelOfCampaign(campaign.campaign_id()), label);
  }
  EXPECT_EQ(view.AllCampaigns().size(), campaigns.size());
  ExpectLists(campaigns, view);
  ExpectIndicators(naive, campaigns, view);
  ExpectChanges(naive, removals, view);
}

void ApplyLabel(ReadModel& model, Naive& naive, int64_t& offset, const Label& node,
                const Label& label, core::Place place) {
  ASSERT_TRUE(model
                  .Apply(0, offset, core::LabelKeyOf(node.root, node.day),
                         LabelRecord(node, label, place).SerializeAsString(), TimeAt(offset))
                  .ok());
  naive.Apply(node, label, place, offset++);
}

void ApplyBoth(ReadModel& model, Naive& naive, int64_t& offset, const IndicatorRecord& record) {
  if (record.labelled())
    ApplyLabel(model, naive, offset, NodeOf(record), LabelOf(record), record.place());
  const Written written = AsWritten(record).back();
  ASSERT_TRUE(model.Apply(0, offset, written.key, written.value, TimeAt(offset)).ok());
  naive.Apply(record, offset++);
}

TEST(ReadModelProperty, IsWhatTheRecordsOfGreatestPlaceSayHoweverTheyAreCutIntoBatches) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    core::MemoryState state;
    ReadModel::Options options;
    // Half of them have hardly anything at hand.
    if (seed % 2 == 0) options.labels_held_max = options.campaigns_held_max = random.Below(4);
    auto model = std::make_unique<ReadModel>(state, options);
    Naive naive;
    const uint32_t batch = 1 + random.Below(30);
    int64_t offset = 0;
    for (int i = 0; i < 600; ++i) {
      const auto place = static_cast<core::Place>(i + 1);
      const IndicatorRecord record = RandomRecord(random, place);
      ApplyBoth(*model, naive, offset, record);
      // Once more.
      if (random.OneIn(8)) ApplyBoth(*model, naive, offset, record);
      if (random.OneIn(2)) {
        // A label alone, sometimes late, sometimes that the node is one by itself.
        const Label node = RandomNode(random);
        const Label label = random.OneIn(3) ? node : RandomNode(random);
        const core::Place of = random.OneIn(6) ? place / 2 + 1 : place;
        ApplyLabel(*model, naive, offset, node, label, of);
      }
      if (!random.OneIn(batch)) continue;
      model->EndBatch();
      // A restart.
      if (random.OneIn(4)) model = std::make_unique<ReadModel>(state, options);
      if (random.OneIn(3)) ExpectEqual(naive, state);
    }
    model->EndBatch();
    ExpectEqual(naive, state);
    // Once removals, and that nodes are one by themselves, are forgotten, all else is as it was.
    ASSERT_TRUE(ApplyWritten(*model, 0, offset, Mark(kNow + 30 * core::kDay)).ok());
    model->EndBatch();
    ExpectEqual(naive, state, false);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(ReadModelProperty, NothingIsLeftOfWhatHasGone) {
  Random random(99);
  core::MemoryState state;
  ReadModel model(state);
  std::set<std::pair<int, std::string>> values;
  std::set<Label> nodes;
  int64_t offset = 0;
  for (core::Place place = 1; place <= 400; ++place) {
    const IndicatorRecord record = RandomRecord(random, place);
    ASSERT_TRUE(ApplyWritten(model, 0, offset, record).ok());
    if (record.has_indicator())
      values.insert({record.indicator().type(), record.indicator().value()});
    if (record.labelled()) nodes.insert(NodeOf(record));
  }
  model.EndBatch();
  ASSERT_GT(ReadView(state, CampaignNames({})).Campaigns(), 0u);
  for (const auto& [type, value] : values) {
    const RecordSpec spec{.type = static_cast<v1::IdentifierType>(type),
                          .value = value,
                          .place = static_cast<core::Place>(10'000)};
    ASSERT_TRUE(ApplyWritten(model, 0, offset, Removal(spec, "expired")).ok());
  }
  for (const Label& node : nodes) {
    ASSERT_TRUE(model
                    .Apply(0, offset++, core::LabelKeyOf(node.root, node.day),
                           LabelRecord(node, node, 10'000).SerializeAsString())
                    .ok());
  }
  ASSERT_TRUE(ApplyWritten(model, 0, offset, Mark(kNow + 30 * core::kDay)).ok());
  model.EndBatch();
  std::string tables;
  state.Scan("", "\xff", [&](std::string_view key, std::string_view) {
    tables.push_back(key.front());
    return true;
  });
  // How far it has read, and the number of campaigns, which is none.
  EXPECT_EQ(tables, "np");
  EXPECT_EQ(ReadView(state, CampaignNames({})).Campaigns(), 0u);
}

}  // namespace
}  // namespace ringfence::campaigns
