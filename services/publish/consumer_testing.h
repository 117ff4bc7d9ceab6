#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/core/id.h"
#include "ringfence/v1/indicator_service.pb.h"

namespace ringfence::publish {

// A consumer as the API asks for it: keeps its own set from what a stream says, and holds it
// against every digest. What a stream must never do fails the test.
class Consumer {
 public:
  void Take(const v1::SubscribeResponse& event) {
    events.push_back(event);
    EXPECT_LE(event.ByteSizeLong(), size_t{256} << 10);
    switch (event.event_case()) {
      case v1::SubscribeResponse::kSnapshotBegin:
        EXPECT_FALSE(in_snapshot_);
        in_snapshot_ = true;
        cursor.clear();
        set.clear();
        break;
      case v1::SubscribeResponse::kSnapshotChunk:
        EXPECT_TRUE(in_snapshot_);
        for (const v1::Indicator& indicator : event.snapshot_chunk().indicators()) {
          EXPECT_FALSE(set.contains(indicator.indicator_id()));
          Put(indicator);
        }
        break;
      case v1::SubscribeResponse::kSnapshotEnd:
        EXPECT_TRUE(in_snapshot_);
        in_snapshot_ = false;
        cursor = event.snapshot_end().cursor();
        ExpectDigest(event.snapshot_end().digest());
        break;
      case v1::SubscribeResponse::kDelta:
        EXPECT_FALSE(in_snapshot_);
        TakeDelta(event.delta());
        break;
      case v1::SubscribeResponse::kBookmark:
        EXPECT_FALSE(in_snapshot_);
        cursor = event.bookmark().cursor();
        ExpectDigest(event.bookmark().digest());
        break;
      case v1::SubscribeResponse::kBye:
        cursor = event.bye().cursor();
        break;
      case v1::SubscribeResponse::EVENT_NOT_SET:
        ADD_FAILURE() << "an event of no kind";
    }
  }

  std::vector<std::string> Values() const {
    std::vector<std::string> values;
    for (const auto& [id, indicator] : set) values.push_back(indicator.value());
    std::sort(values.begin(), values.end());
    return values;
  }
  const v1::SubscribeResponse& Last() const { return events.back(); }

  // By indicator id.
  std::map<std::string, v1::Indicator> set;
  std::string cursor;
  std::vector<v1::SubscribeResponse> events;
  std::vector<v1::Removal> removals;

 private:
  void Put(const v1::Indicator& indicator) {
    for (const auto& [id, held] : set) {
      const bool is_same = held.type() == indicator.type() && held.value() == indicator.value();
      EXPECT_TRUE(!is_same || id == indicator.indicator_id()) << "an epoch that has not been ended";
      EXPECT_TRUE(id != indicator.indicator_id() || indicator.revision() >= held.revision());
    }
    set[indicator.indicator_id()] = indicator;
  }

  void TakeDelta(const v1::Delta& delta) {
    EXPECT_GT(delta.removals_size() + delta.upserts_size(), 0);
    cursor = delta.cursor();
    for (const v1::Removal& removal : delta.removals()) {
      removals.push_back(removal);
      EXPECT_TRUE(removal.has_removed_at());
      auto held = set.find(removal.indicator_id());
      if (held == set.end()) continue;
      EXPECT_GT(removal.revision(), held->second.revision());
      EXPECT_EQ(removal.value(), held->second.value());
      EXPECT_EQ(removal.type(), held->second.type());
      set.erase(held);
    }
    for (const v1::Indicator& indicator : delta.upserts()) Put(indicator);
  }

  void ExpectDigest(const v1::SetDigest& digest) const {
    core::SetSum sum;
    for (const auto& [id, indicator] : set)
      sum.Add(core::SetSum::DigestMember(id, indicator.revision()));
    EXPECT_EQ(digest.count(), set.size());
    EXPECT_EQ(digest.sum(), sum.Bytes());
    EXPECT_EQ(digest.sum().size(), 16u);
  }

  bool in_snapshot_ = false;
};

}  // namespace ringfence::publish
