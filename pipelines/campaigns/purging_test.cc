// Records without value: keys that were taken out of the topic.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "pipelines/campaigns/read_model.h"
#include "pipelines/campaigns/read_view.h"
#include "pipelines/campaigns/record_testing.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/removals.h"

namespace ringfence::campaigns {
namespace {

using core::kDay;
using core::kKeepRemovals;
using internal::v1::IndicatorRecord;
using testing::SizeIs;

class Purging : public testing::Test {
 protected:
  Changes Apply(const IndicatorRecord& record, core::Time at = kNow) {
    Changes changes;
    for (const Written& written : AsWritten(record)) {
      const Changes more = ApplyBytes(written.key, written.value, at);
      changes.insert(changes.end(), more.begin(), more.end());
    }
    return changes;
  }
  Changes ApplyBytes(const std::string& key, const std::string& value, core::Time at) {
    const auto changes = model_.Apply(0, offset_++, key, value, at);
    EXPECT_TRUE(changes.ok()) << changes.status();
    model_.EndBatch();
    return changes.ok() ? *changes : Changes();
  }
  Changes Purge(const std::string& value, core::Time at = kNow + kKeepRemovals) {
    return ApplyBytes(IdOf({.value = value}).Bytes(), "", at);
  }
  Changes PurgeLabel(const Label& node, core::Time at = kNow + kKeepRemovals) {
    return ApplyBytes(core::LabelKeyOf(node.root, node.day), "", at);
  }
  ReadView View() { return ReadView(state_, names_); }
  bool IsListed(const std::string& value) {
    return View().Lookup(IdOf({.value = value})).has_value();
  }
  std::optional<IndicatorRecord> Held(const std::string& value) {
    return View().Find(IdOf({.value = value}));
  }

  core::MemoryState state_;
  // Nothing is forgotten but for what is told.
  ReadModel model_{state_, {.removals_kept = 1'000 * kDay}};
  CampaignNames names_{{}};
  int64_t offset_ = 0;
};

TEST_F(Purging, TakesTheRemovalAwayAndSaysFromWhereRemovalsAreRemembered) {
  Apply(Upsert({.value = "+1", .place = 1}));
  Apply(Removal({.value = "+1", .place = 2}, "expired", kNow));
  EXPECT_EQ(View().ProgressOf(0).remembered_from, 0);
  EXPECT_THAT(Purge("+1"), SizeIs(0));
  EXPECT_FALSE(Held("+1").has_value());
  EXPECT_EQ(View().ProgressOf(0).remembered_from, 2) << "behind the removal";
  EXPECT_EQ(View().ProgressOf(0).next_offset, 3);
  // Nothing is left of it in any table but that of progress.
  size_t left = 0;
  state_.Scan("", "\xff", [&](std::string_view key, std::string_view) {
    left += key[0] == static_cast<char>(Table::kProgress) ? 0 : 1;
    return true;
  });
  EXPECT_EQ(left, 0u);
}

TEST_F(Purging, LeavesWhatCameAfterWhatItIsAbout) {
  Apply(Upsert({.value = "+1", .place = 1}));
  Apply(Removal({.value = "+2", .place = 1}, "expired", kNow));
  // A late writer's: the listing and the removal are hours old.
  EXPECT_THAT(Purge("+1", kNow + core::kHour), SizeIs(0));
  EXPECT_THAT(Purge("+2", kNow + core::kHour), SizeIs(0));
  EXPECT_TRUE(IsListed("+1"));
  EXPECT_TRUE(Held("+2").has_value());
  EXPECT_THAT(Purge("never heard of"), SizeIs(0));
  EXPECT_EQ(View().ProgressOf(0).remembered_from, 0);
}

TEST_F(Purging, OfARemovalThatWasMissedIsARemoval) {
  Apply(Upsert({.value = "+1", .place = 5, .root = "+1"}));
  Apply(Upsert({.value = "+2", .place = 5, .root = "+1"}));
  ASSERT_EQ(View().Campaigns(), 1u);
  const Changes changes = Purge("+2");
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_TRUE(changes[0].before.has_value());
  EXPECT_FALSE(changes[0].after.has_value());
  EXPECT_FALSE(IsListed("+2"));
  EXPECT_EQ(View().Campaigns(), 0u);
  const internal::v1::Removed removed = Held("+2")->removed();
  EXPECT_EQ(removed.value(), "+2");
  EXPECT_EQ(removed.indicator_id(), IndicatorIdOf({.value = "+2"}));
  EXPECT_GT(removed.revision(), 5u);
  // What the owner writes again is taken, and so is what a replay sends once more.
  Apply(Upsert({.value = "+2", .place = 5, .root = "+1"}), kNow + kKeepRemovals);
  EXPECT_TRUE(IsListed("+2"));
  EXPECT_EQ(View().Campaigns(), 1u);
}

TEST_F(Purging, ALabelThatEndedIsForgottenAndOneThatDidNotEnds) {
  const Label node = NodeOf(Upsert({.value = "+2", .root = "+1"}));
  Apply(Upsert({.value = "+1", .root = "+1"}));
  Apply(Upsert({.value = "+2", .root = "+1"}));
  ASSERT_EQ(View().Campaigns(), 1u);
  // That its end was missed, or a late writer: it is one by itself until somebody says more.
  EXPECT_THAT(PurgeLabel(node), SizeIs(1));
  EXPECT_EQ(View().Campaigns(), 0u);
  EXPECT_THAT(PurgeLabel(node), SizeIs(0));
  const std::optional<std::string> ended = state_.Get(HeldLabelKey(node));
  ASSERT_TRUE(ended.has_value()) << "it has ended only now";
  const int64_t end = DecodeHeldLabel(*ended).offset;
  PurgeLabel(node, kNow + 2 * kKeepRemovals);
  EXPECT_FALSE(state_.Get(HeldLabelKey(node)).has_value());
  // What stands there stands where its own record does, and who was away since hears no more.
  EXPECT_EQ(View().ProgressOf(0).remembered_from, end + 1);
  const Row row = DecodeRow(*state_.Get(RowKey(node.root)));
  EXPECT_LT(row.offset, end);
  EXPECT_TRUE(state_.Get(ChangeKey(0, row.offset, node.root)).has_value());
  EXPECT_FALSE(state_.Get(LabelChangeKey(DecodeHeldLabel(*ended), node)).has_value());
  Apply(Upsert({.value = "+2", .place = 2, .root = "+1"}), kNow + 2 * kKeepRemovals);
  EXPECT_EQ(View().Campaigns(), 1u);
}

TEST_F(Purging, IsAppliedOnce) {
  Apply(Upsert({.value = "+1", .place = 1}));
  const std::string key = IdOf({.value = "+1"}).Bytes();
  ASSERT_TRUE(model_.Apply(0, 0, key, "", kNow + kKeepRemovals).ok());
  EXPECT_TRUE(IsListed("+1"));
}

// A topic that compaction goes through as Kafka's does, at any time and up to anywhere, and readers
// that begin at any time and read as slowly as they may: each has the set in the end.
class Topic {
 public:
  struct Kept {
    int64_t offset = 0;
    core::Time at = 0;
    std::string key;
    std::string value;
    // When compaction came by first.
    std::optional<core::Time> seen_at = {};
  };

  void Append(const std::string& key, const std::string& value, core::Time at) {
    records_.push_back({end_++, at, key, value});
  }
  // Of each key below `until` the last record; one without value for some time more (KIP-534).
  void Compact(int64_t until, core::Time now) {
    std::map<std::string, int64_t> last;
    for (Kept& record : records_) {
      if (record.offset >= until) continue;
      last[record.key] = record.offset;
      if (!record.seen_at) record.seen_at = now;
    }
    std::erase_if(records_, [&](const Kept& record) {
      if (record.offset >= until) return false;
      const bool is_old = record.value.empty() && *record.seen_at < now - kKeepRemovals;
      return last.at(record.key) != record.offset || is_old;
    });
  }
  const std::vector<Kept>& records() const { return records_; }
  int64_t end() const { return end_; }

 private:
  std::vector<Kept> records_;
  int64_t end_ = 0;
};

struct SlowReader {
  core::MemoryState state;
  ReadModel model{state};
  core::Time began = 0;
  // Reads up to `max` records; true if there are no more.
  bool Read(const Topic& topic, size_t max) {
    for (const Topic::Kept& record : topic.records()) {
      if (record.offset < model.ProgressOf(0).next_offset) continue;
      if (max-- == 0) return false;
      EXPECT_TRUE(model.Apply(0, record.offset, record.key, record.value, record.at).ok());
    }
    model.EndBatch();
    return true;
  }
};

TEST(PurgingWhileCompactionGoesOn, LeavesEachReaderWithTheSet) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](uint64_t end) { return random() % end; };
    Topic topic;
    core::Time now = kNow;
    core::Place place = 0;
    std::map<std::string, core::Time> listed;
    std::map<std::string, core::Time> removed;
    std::vector<std::unique_ptr<SlowReader>> readers;
    const auto purge = [&] {
      std::erase_if(removed, [&](const auto& entry) {
        if (entry.second + kKeepRemovals > now) return false;
        topic.Append(IdOf({.value = entry.first}).Bytes(), "", now);
        return true;
      });
    };
    for (int step = 0; step < 150; ++step) {
      now += static_cast<core::Time>(below(4 * kDay));
      const std::string value = std::to_string(below(6));
      ++place;
      if (below(3) == 0) {
        if (listed.erase(value) > 0) {
          const IndicatorRecord record = Removal({.value = value, .place = place}, "expired", now);
          topic.Append(record.identifier_id(), record.SerializeAsString(), now);
          removed[value] = now;
        }
      } else if (below(3) == 0) {
        IndicatorRecord record = Upsert({.value = value, .place = place});
        const core::Time since = listed.try_emplace(value, now).first->second;
        *record.mutable_indicator()->mutable_listed_at() = core::ToProto(since);
        topic.Append(record.identifier_id(), record.SerializeAsString(), now);
        removed.erase(value);
      }
      purge();
      if (below(4) == 0) topic.Append(std::string(1, '\0'), Mark(now).SerializeAsString(), now);
      if (below(3) == 0) topic.Compact(static_cast<int64_t>(below(topic.end() + 1)), now);
      if (below(8) == 0) {
        readers.push_back(std::make_unique<SlowReader>());
        readers.back()->began = now;
      }
      for (auto& reader : readers) {
        // Within the time that removals are seen it has caught up once.
        const bool has_to = now - reader->began > kKeepRemovals / 2;
        if (reader->Read(topic, has_to ? SIZE_MAX : below(4))) reader->began = now;
      }
    }
    for (auto& reader : readers) {
      reader->Read(topic, SIZE_MAX);
      CampaignNames names{{}};
      std::set<std::string> held, expected;
      for (const auto& [value, since] : listed) expected.insert(value);
      for (const v1::Indicator& indicator : ReadView(reader->state, names).AllIndicators()) {
        held.insert(indicator.value());
      }
      ASSERT_EQ(held, expected) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace ringfence::campaigns
