#include "services/ringfence/sample/generator.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "pipelines/core/id.h"
#include "services/ringfence/sample/report_json.h"

namespace ringfence::sample {
namespace {

// 2026-03-01T12:00:00Z.
constexpr core::Time kUntil = 1772366400 * core::kSecond;

Generator::Options OptionsFor(uint64_t records, uint64_t seed = 7) {
  return {
      .seed = seed, .records = records, .partners = 4, .until = kUntil, .span = 30 * core::kDay};
}

std::string DigestOf(const Generator::Options& options) {
  Generator generator(options);
  std::string all;
  while (const Record* record = generator.Next()) {
    all += PartnerName(record->partner) + record->json + "\n";
    for (const MadeUp& made_up : record->made_up) all += made_up.canonical + "\n";
  }
  const core::Sha256Digest digest = core::Sha256(all);
  return core::Id::FromBytes({reinterpret_cast<const char*>(digest.data()), digest.size()}).Hex();
}

// A release that makes other worlds changes this, and says so in the changelog.
TEST(Generator, MakesTheSameRecordsOnEveryMachine) {
  EXPECT_EQ(DigestOf(OptionsFor(2'000)), "a804cad50affaa3d637744985ad70260");
}

TEST(Generator, SeedDecides) {
  EXPECT_EQ(DigestOf(OptionsFor(200, 1)), DigestOf(OptionsFor(200, 1)));
  EXPECT_NE(DigestOf(OptionsFor(200, 1)), DigestOf(OptionsFor(200, 2)));
}

TEST(Generator, MakesAsManyRecordsAsAskedFor) {
  for (uint64_t records : {uint64_t{0}, uint64_t{1}, uint64_t{1'234}}) {
    Generator generator(OptionsFor(records));
    uint64_t made = 0;
    while (generator.Next() != nullptr) ++made;
    EXPECT_EQ(made, records);
  }
}

class GeneratorLoad : public testing::TestWithParam<uint64_t> {};

// The load that Ringfence is measured with.
TEST_P(GeneratorLoad, NamesFourIdentifiersAReportOfWhich55PercentAreNew) {
  Generator generator(OptionsFor(GetParam()));
  uint64_t reports = 0;
  uint64_t named = 0;
  std::set<std::pair<int, std::string>> made_up;
  uint64_t implied = 0;
  while (const Record* record = generator.Next()) {
    reports += record->kind == RecordKind::kFirst || record->kind == RecordKind::kBad ||
               record->kind == RecordKind::kSecondTelling;
    for (const MadeUp& one : record->made_up) {
      EXPECT_TRUE(made_up.insert({one.type, one.canonical}).second)
          << one.canonical << " was made up twice";
      implied += one.type == v1::IDENTIFIER_TYPE_DOMAIN;
    }
    named = generator.named();
  }
  EXPECT_NEAR(static_cast<double>(named) / static_cast<double>(reports), 4.0, 0.15);
  EXPECT_NEAR(static_cast<double>(generator.made_up()) / static_cast<double>(named), 0.55, 0.02);
  // What was counted is what was listed, but for hosts and accounts that sites and IBANs imply.
  EXPECT_GE(made_up.size(), generator.made_up() + implied);
}

INSTANTIATE_TEST_SUITE_P(Sizes, GeneratorLoad, testing::Values(10'000, 100'000));

TEST(Generator, PartnersFilesAreInTheOrderOfTime) {
  const Generator::Options options = OptionsFor(5'000);
  Generator generator(options);
  core::Time last = options.until - options.span;
  while (const Record* record = generator.Next()) {
    EXPECT_GE(record->time, last);
    EXPECT_LT(record->time, options.until);
    last = record->time;
  }
  EXPECT_GT(last, options.until - core::kDay) << "spread over the whole span";
}

TEST(Generator, CentresAreOfVeryDifferentSizes) {
  Generator generator(OptionsFor(20'000));
  std::map<uint32_t, uint64_t> sizes;
  while (const Record* record = generator.Next()) ++sizes[record->centre];
  std::vector<uint64_t> sorted;
  for (const auto& [centre, size] : sizes) sorted.push_back(size);
  std::sort(sorted.rbegin(), sorted.rend());
  ASSERT_EQ(sorted.size(), 80u);
  EXPECT_GT(sorted.front(), 20 * sorted.back());
  EXPECT_GT(sorted.front() + sorted[1] + sorted[2] + sorted[3], 20'000u * 3 / 10);
}

TEST(Generator, HasEveryKindOfRecord) {
  Generator generator(OptionsFor(20'000));
  std::map<RecordKind, uint64_t> kinds;
  std::map<size_t, uint64_t> partners;
  std::set<std::string> faults;
  while (const Record* record = generator.Next()) {
    ++kinds[record->kind];
    ++partners[record->partner];
    if (!record->fault.empty()) faults.insert(std::string(record->fault));
  }
  EXPECT_EQ(kinds.size(), 6u);
  EXPECT_NEAR(static_cast<double>(kinds[RecordKind::kBad]), 600, 120);
  EXPECT_NEAR(static_cast<double>(kinds[RecordKind::kSecondTelling]), 1'600, 300);
  EXPECT_GT(kinds[RecordKind::kRevision], 200u);
  EXPECT_GT(kinds[RecordKind::kRetraction], 100u);
  EXPECT_GT(kinds[RecordKind::kRedelivery], 100u);
  EXPECT_EQ(faults.size(), 15u);
  for (const auto& [partner, records] : partners)
    EXPECT_NEAR(static_cast<double>(records), 5'000, 400);
}

// By protobuf's parser, which the gateway's clients use too.
TEST(Generator, GoodRecordsAreReportsInProtobufsJson) {
  Generator generator(OptionsFor(3'000));
  while (const Record* record = generator.Next()) {
    if (!record->fault.empty()) continue;
    v1::Report report;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(record->json, &report).ok())
        << record->json;
    EXPECT_EQ(report.report_id(), record->report_id);
    EXPECT_EQ(report.revision(), record->revision);
    std::string again;
    AppendReportJson(report, again);
    EXPECT_EQ(again, record->json);
    EXPECT_EQ(record->json.find('\n'), std::string::npos);
  }
}

TEST(Generator, SecondTellingIsOfTheSameVictimByAnotherCompany) {
  Generator generator(OptionsFor(5'000));
  struct Told {
    size_t partner;
    std::string email;
  };
  std::map<uint64_t, Told> told;
  int second = 0;
  while (const Record* record = generator.Next()) {
    if (record->kind != RecordKind::kFirst && record->kind != RecordKind::kSecondTelling) continue;
    v1::Report report;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(record->json, &report).ok());
    const std::string email = report.victim().handles(0).value();
    const auto [first, is_first] = told.insert({record->incident, {record->partner, email}});
    if (is_first) continue;
    ++second;
    EXPECT_NE(first->second.partner, record->partner);
    EXPECT_EQ(first->second.email, email);
  }
  EXPECT_GT(second, 300);
}

TEST(Generator, RevisionFollowsItsReportAndRedeliveryRepeatsALine) {
  Generator generator(OptionsFor(5'000));
  std::map<std::pair<size_t, std::string>, std::pair<uint32_t, std::string>> last;
  while (const Record* record = generator.Next()) {
    const std::pair key(record->partner, record->report_id);
    if (record->kind == RecordKind::kRevision || record->kind == RecordKind::kRetraction) {
      ASSERT_TRUE(last.contains(key)) << record->report_id;
      EXPECT_EQ(record->revision, last[key].first + 1);
    } else if (record->kind == RecordKind::kRedelivery && last[key].first == record->revision) {
      EXPECT_EQ(record->json, last[key].second);
    }
    if (record->kind != RecordKind::kRedelivery) last[key] = {record->revision, record->json};
  }
}

}  // namespace
}  // namespace ringfence::sample
