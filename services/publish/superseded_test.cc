#include "services/publish/superseded.h"

#include <gtest/gtest.h>

#include <vector>

#include "pipelines/campaigns/record_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::Mark;
using campaigns::Removal;
using campaigns::Upsert;
using runtime::LogRecord;

LogRecord At(int64_t offset, const internal::v1::IndicatorRecord& record) {
  return {offset, offset * core::kSecond, record.identifier_id(), record.SerializeAsString()};
}

std::vector<int64_t> Read(const std::vector<LogRecord>& records) {
  const Superseded superseded(records);
  std::vector<int64_t> read;
  for (const LogRecord& record : records) {
    if (!superseded.Contains(record)) read.push_back(record.offset);
  }
  return read;
}

TEST(Superseded, OfOneIdentifierTheLastIsRead) {
  EXPECT_EQ(Read({At(0, Upsert({.value = "+1", .place = 10})),
                  At(1, Upsert({.value = "+2", .place = 11})),
                  At(2, Removal({.value = "+1", .place = 12}, "retracted")),
                  At(3, Upsert({.value = "+1", .place = 13}))}),
            (std::vector<int64_t>{1, 3}));
}

// A late writer's record is the last, and not the one that counts.
TEST(Superseded, GreatestPlaceCountsWhereverItStands) {
  EXPECT_EQ(Read({At(0, Removal({.value = "+1", .place = 20}, "expired")),
                  At(1, Upsert({.value = "+1", .place = 19}))}),
            (std::vector<int64_t>{0}));
}

TEST(Superseded, MarksAndWhatIsNoRecordAreRead) {
  LogRecord damaged = At(2, Upsert({.value = "+1", .place = 10}));
  damaged.value = "\xff";
  LogRecord removed = At(3, Upsert({.value = "+1", .place = 10}));
  removed.value.clear();
  EXPECT_EQ(Read({At(0, Mark(core::kDay)), At(1, Mark(2 * core::kDay)), damaged, removed}),
            (std::vector<int64_t>{0, 1, 2, 3}));
}

TEST(Superseded, KnowsWhenAnIdentifierFirstChanged) {
  const std::vector<LogRecord> records = {At(5, Upsert({.value = "+1", .place = 10})),
                                          At(6, Upsert({.value = "+1", .place = 12}))};
  EXPECT_EQ(Superseded(records).FirstAppend(records[1]), 5 * core::kSecond);
}

}  // namespace
}  // namespace ringfence::publish
