// The small parts: who is cleared for what, filters, cursors, the ring of recent changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/publish/change_ring.h"
#include "services/publish/clearance.h"
#include "services/publish/cursor.h"
#include "services/publish/filter.h"
#include "services/publish/lease.h"
#include "services/publish/override_table.h"

namespace ringfence::publish {
namespace {

using campaigns::Listed;
using testing::StartsWith;

TEST(Filter, DefaultsToChallengeAndTheCallersClearance) {
  const auto filter = MakeFilter({}, Viewer{v1::TLP_AMBER, true});
  ASSERT_TRUE(filter.ok());
  const auto wants = [&](v1::Action action, v1::Tlp tlp) {
    return filter->Wants(v1::IDENTIFIER_TYPE_PHONE, Listed{.action = action, .tlp = tlp});
  };
  EXPECT_FALSE(wants(v1::ACTION_MONITOR, v1::TLP_CLEAR));
  EXPECT_TRUE(wants(v1::ACTION_CHALLENGE, v1::TLP_CLEAR));
  EXPECT_TRUE(wants(v1::ACTION_BLOCK, v1::TLP_AMBER));
  EXPECT_FALSE(wants(v1::ACTION_BLOCK, v1::TLP_AMBER_STRICT));
  EXPECT_FALSE(wants(v1::ACTION_BLOCK, v1::TLP_UNSPECIFIED)) << "says nothing of who may see it";
}

TEST(Filter, WantsWhatWasAskedForAndNoMoreThanCleared) {
  v1::Filter asked;
  asked.add_types(v1::IDENTIFIER_TYPE_DOMAIN);
  asked.add_types(v1::IDENTIFIER_TYPE_URL);
  asked.set_min_action(v1::ACTION_MONITOR);
  asked.set_min_score(300);
  asked.set_max_tlp(v1::TLP_RED);
  const auto filter = MakeFilter(asked, Viewer{v1::TLP_AMBER, true});
  ASSERT_TRUE(filter.ok());
  const Listed listed{.action = v1::ACTION_MONITOR, .tlp = v1::TLP_AMBER, .score = 300};
  EXPECT_TRUE(filter->Wants(v1::IDENTIFIER_TYPE_URL, listed));
  EXPECT_FALSE(filter->Wants(v1::IDENTIFIER_TYPE_PHONE, listed));
  EXPECT_FALSE(filter->Wants(v1::IDENTIFIER_TYPE_URL,
                             {.action = v1::ACTION_BLOCK, .tlp = v1::TLP_AMBER, .score = 299}));
  EXPECT_FALSE(filter->Wants(v1::IDENTIFIER_TYPE_URL,
                             {.action = v1::ACTION_BLOCK, .tlp = v1::TLP_RED, .score = 999}));
  asked.set_max_tlp(v1::TLP_GREEN);
  EXPECT_FALSE(
      MakeFilter(asked, Viewer{v1::TLP_AMBER, true})->Wants(v1::IDENTIFIER_TYPE_URL, listed));
}

TEST(Filter, WhoIsNoAnalystGetsNothingThatIsOnlyMonitoredAndNoSmallCounts) {
  v1::Filter asked;
  asked.set_min_action(v1::ACTION_MONITOR);
  const auto filter = MakeFilter(asked, Viewer{v1::TLP_AMBER, false, 1u << 3});
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->min_action, v1::ACTION_CHALLENGE);
  EXPECT_TRUE(filter->WantsType(static_cast<v1::IdentifierType>(3)));
  EXPECT_FALSE(filter->WantsType(v1::IDENTIFIER_TYPE_PHONE));
  v1::Indicator indicator;
  indicator.mutable_explanation()->set_incidents(2);
  indicator.mutable_explanation()->set_organisations(3);
  indicator.mutable_explanation()->add_by_role()->set_incidents(1);
  const v1::Indicator shown = filter->Shown(indicator);
  EXPECT_EQ(shown.explanation().incidents(), 0u);
  EXPECT_EQ(shown.explanation().organisations(), 3u);
  EXPECT_EQ(shown.explanation().by_role(0).incidents(), 0u);
  const auto exact = MakeFilter(asked, Viewer{v1::TLP_AMBER, true, 1u << 3});
  EXPECT_EQ(exact->Shown(indicator).explanation().incidents(), 2u);
  EXPECT_NE(exact->Key(), filter->Key());
}

TEST(Filter, WhoCannotHaveHeardOfItDoesNotHearOfItsEnd) {
  const auto filter = MakeFilter({}, Viewer{v1::TLP_AMBER, true});
  constexpr auto kPhone = v1::IDENTIFIER_TYPE_PHONE;
  EXPECT_TRUE(filter->MayHaveWanted(kPhone, v1::ACTION_BLOCK, v1::TLP_CLEAR));
  EXPECT_FALSE(filter->MayHaveWanted(kPhone, v1::ACTION_MONITOR, v1::TLP_CLEAR));
  EXPECT_FALSE(filter->MayHaveWanted(kPhone, v1::ACTION_BLOCK, v1::TLP_RED));
  EXPECT_FALSE(filter->MayHaveWanted(kPhone, v1::ACTION_BLOCK, v1::TLP_UNSPECIFIED));
}

std::string RefusalOf(const v1::Filter& filter) {
  const absl::Status status = MakeFilter(filter, Viewer{v1::TLP_RED, true}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(Filter, RefusalsNameTheField) {
  v1::Filter filter;
  filter.add_types(v1::IDENTIFIER_TYPE_UNSPECIFIED);
  EXPECT_THAT(RefusalOf(filter), StartsWith("filter.types"));
  filter = {};
  filter.add_types(static_cast<v1::IdentifierType>(99));
  EXPECT_THAT(RefusalOf(filter), StartsWith("filter.types"));
  filter = {};
  filter.set_min_action(static_cast<v1::Action>(9));
  EXPECT_THAT(RefusalOf(filter), StartsWith("filter.min_action"));
  filter = {};
  filter.set_min_score(1001);
  EXPECT_THAT(RefusalOf(filter), StartsWith("filter.min_score"));
  filter = {};
  filter.set_max_tlp(static_cast<v1::Tlp>(-1));
  EXPECT_THAT(RefusalOf(filter), StartsWith("filter.max_tlp"));
}

TEST(Filter, EqualKeysMeanEqualFilters) {
  v1::Filter all;
  for (int type = 1; type <= v1::IdentifierType_MAX; ++type)
    all.add_types(static_cast<v1::IdentifierType>(type));
  all.set_min_action(v1::ACTION_CHALLENGE);
  all.set_max_tlp(v1::TLP_RED);
  EXPECT_EQ(MakeFilter(all, Viewer{v1::TLP_AMBER, true})->Key(),
            MakeFilter({}, Viewer{v1::TLP_AMBER, true})->Key());
  EXPECT_NE(MakeFilter({}, Viewer{v1::TLP_GREEN, true})->Key(),
            MakeFilter({}, Viewer{v1::TLP_AMBER, true})->Key());
  v1::Filter other;
  other.set_min_score(1);
  EXPECT_NE(MakeFilter(other, Viewer{v1::TLP_AMBER, true})->Key(),
            MakeFilter({}, Viewer{v1::TLP_AMBER, true})->Key());
}

TEST(Cursors, ComeBackAsTheyWere) {
  const Cursors cursors("key", "log", 4);
  const Offsets offsets = {0, 127, 128, int64_t{1} << 42};
  const std::optional<Cursor> cursor = cursors.Decode(cursors.Encode(offsets, "filter"));
  ASSERT_TRUE(cursor.has_value());
  EXPECT_EQ(cursor->offsets, offsets);
  EXPECT_EQ(cursor->filter_hash, Cursors::HashOf("filter"));
  EXPECT_NE(cursor->filter_hash, Cursors::HashOf("another"));
}

TEST(Cursors, AreGoodOnEveryReplicaOfOneLogAndNowhereElse) {
  const std::string text = Cursors("key", "log", 2).Encode({5, 6}, "filter");
  EXPECT_TRUE(Cursors("key", "log", 2).Decode(text).has_value());
  EXPECT_FALSE(Cursors("other key", "log", 2).Decode(text).has_value());
  EXPECT_FALSE(Cursors("key", "other log", 2).Decode(text).has_value());
  EXPECT_FALSE(Cursors("key", "log", 3).Decode(text).has_value());
}

TEST(Cursors, NothingOfThemCanBeChanged) {
  const Cursors cursors("key", "log", 2);
  const std::string text = cursors.Encode({500, 600}, "filter");
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const std::optional<Cursor> cursor = cursors.Decode(changed);
    // The last character may have bits that mean nothing.
    EXPECT_TRUE(!cursor || (i + 1 == text.size() && cursor->offsets == Offsets({500, 600}))) << i;
  }
  for (const char* nonsense : {"", "A", "====", "not a cursor", "\xff\xfe"})
    EXPECT_FALSE(cursors.Decode(nonsense).has_value());
  EXPECT_FALSE(cursors.Decode(std::string(100'000, 'A')).has_value());
}

RecentChange ChangeOf(uint64_t id, uint32_t score) {
  return {.id = {0, id}, .before = Listed{.score = score}, .append_time = 0};
}

TEST(Lease, RunsFromWhenTheLogWasHeardOfAndNotFromWhenTheSetIsGiven) {
  const std::chrono::seconds whole(300);
  const auto after = [&](core::Time seconds) {
    Moment moment;
    moment.appended_until = 1'000 * core::kSecond;
    return LeaseOf(moment, moment.appended_until + seconds * core::kSecond, whole).count();
  };
  EXPECT_EQ(after(-3'600), 300) << "the log's clock is ahead";
  EXPECT_EQ(after(0), 300);
  EXPECT_EQ(after(5), 300) << "marks come once a second";
  EXPECT_EQ(after(65), 240);
  EXPECT_EQ(after(305), 0);
  EXPECT_EQ(after(86'400), 0);
}

TEST(Lease, OfASetOfWhichNothingHasEverComeIsWhole) {
  Moment moment;
  moment.appended_until = core::kTimeMin;
  EXPECT_EQ(LeaseOf(moment, core::kDay, std::chrono::seconds(300)).count(), 300);
}

TEST(OverrideTable, KnowsHowManyAreWhose) {
  OverrideTable table;
  const auto put = [&](uint64_t id, const std::string& author) {
    OverrideTable::Entry entry;
    entry.record.mutable_override()->set_set_by(author);
    table.Put({0, id}, std::move(entry));
  };
  put(1, "telco");
  put(2, "telco");
  put(2, "telco");
  put(3, "bank");
  EXPECT_EQ(table.CountOf("telco"), 2u);
  put(2, "operator");
  EXPECT_EQ(table.CountOf("telco"), 1u);
  table.Erase({0, 1});
  table.Erase({0, 1});
  EXPECT_EQ(table.CountOf("telco"), 0u);
  EXPECT_EQ(table.CountOf("operator"), 1u);
  EXPECT_EQ(table.entries().size(), 2u);
}

TEST(ChangeRing, GivesWhatWasBeforeTheFirstOfSeveralChanges) {
  ChangeRing ring(10);
  ring.Push(ChangeOf(1, 100));
  ring.Push(ChangeOf(2, 200));
  ring.Push(ChangeOf(1, 101));
  ring.Push(ChangeOf(3, 300));
  const auto scores = [&](uint64_t from, uint64_t until) {
    std::vector<uint32_t> seen;
    const auto changes = ring.Between(from, until, 10);
    for (const RecentChange& change : *changes) seen.push_back(change.before->score);
    return seen;
  };
  EXPECT_THAT(scores(0, 4), testing::ElementsAre(100, 200, 300));
  EXPECT_THAT(scores(1, 3), testing::ElementsAre(200, 101));
  EXPECT_THAT(scores(4, 4), testing::IsEmpty());
}

TEST(ChangeRing, SaysWhenAFollowerHasFallenOff) {
  ChangeRing ring(3);
  for (uint64_t i = 0; i < 5; ++i) ring.Push(ChangeOf(i, 0));
  EXPECT_EQ(ring.end(), 5u);
  EXPECT_FALSE(ring.Between(1, 5, 10).has_value());
  EXPECT_TRUE(ring.Between(2, 5, 10).has_value());
  EXPECT_FALSE(ring.Between(2, 5, 2).has_value()) << "more than wanted";
  EXPECT_FALSE(ring.Between(4, 6, 10).has_value()) << "not there yet";
}

}  // namespace
}  // namespace ringfence::publish
