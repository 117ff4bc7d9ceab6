// A sample through the intake that real reports go through.

#include <gmock/gmock.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "pipelines/identifiers/normalise.h"
#include "pipelines/identifiers/policy.h"
#include "pipelines/intake/intake.h"
#include "services/ringfence/sample/generator.h"

namespace ringfence::sample {
namespace {

// 2026-03-01T12:00:00Z.
constexpr core::Time kUntil = 1772366400 * core::kSecond;

using Value = std::pair<int, std::string>;

Generator::Options OptionsFor(uint64_t records) {
  return {.seed = 3, .records = records, .partners = 4, .until = kUntil, .span = 30 * core::kDay};
}

std::string Codes(const intake::Intake::Result& result) {
  std::string codes;
  for (const v1::Problem& problem : result.problems)
    codes += problem.field() + " " + problem.code() + "; ";
  return codes;
}

TEST(SampleThroughIntake, IsAcceptedWholeButForWhatIsWrongOnPurpose) {
  intake::Intake intake({.token_key = {.id = "k1", .secret = {}}});
  Generator generator(OptionsFor(6'000));
  while (const Record* record = generator.Next()) {
    const intake::Intake::Result result =
        intake.FromJson(PartnerName(record->partner), record->json, record->time);
    EXPECT_EQ(result.outcome, record->rejected ? v1::OUTCOME_REJECTED : v1::OUTCOME_ACCEPTED)
        << record->fault << ": " << Codes(result) << record->json;
    if (record->fault.empty()) {
      EXPECT_THAT(result.problems, testing::IsEmpty()) << Codes(result) << record->json;
    }
    EXPECT_EQ(result.unknown_fields > 0, record->fault == "unknown_field");
  }
}

TEST(SampleThroughIntake, FaultsThatAreAcceptedAreNoticed) {
  intake::Intake intake({.token_key = {.id = "k1", .secret = {}}});
  Generator generator(OptionsFor(6'000));
  std::map<std::string, std::set<std::string>> codes;
  while (const Record* record = generator.Next()) {
    if (record->fault.empty()) continue;
    const intake::Intake::Result result =
        intake.FromJson(PartnerName(record->partner), record->json, record->time);
    for (const v1::Problem& problem : result.problems)
      codes[std::string(record->fault)].insert(problem.code());
  }
  EXPECT_THAT(codes["unknown_type"], testing::Contains("json.unknown_enum"));
  EXPECT_THAT(codes["broken_iban"], testing::Contains("iban.checksum"));
  EXPECT_THAT(codes["invalid_phone"], testing::Contains("phone.not_valid"));
  EXPECT_THAT(codes["raw_card"], testing::Contains("payment_card.raw_refused"));
  EXPECT_THAT(codes["names_victim"], testing::Contains("identifier.is_victim"));
  EXPECT_THAT(codes["truncated"], testing::Contains("json.malformed"));
  EXPECT_THAT(codes["wrong_type"], testing::Contains("json.wrong_type"));
}

// What intake makes of any spelling is what the truth says.
TEST(SampleThroughIntake, EveryIdentifierIsInTheTruth) {
  intake::Intake intake({.token_key = {.id = "k1", .secret = {}}});
  Generator generator(OptionsFor(6'000));
  std::set<Value> truth;
  std::set<int> types;
  while (const Record* record = generator.Next()) {
    for (const MadeUp& made_up : record->made_up) truth.insert({made_up.type, made_up.canonical});
    const intake::Intake::Result result =
        intake.FromJson(PartnerName(record->partner), record->json, record->time);
    if (!record->fault.empty() || !result.revision_message) continue;
    for (const auto& named : result.revision_message->identifiers()) {
      types.insert(named.type());
      // References are the payments', gift cards become tokens.
      if (named.type() == v1::IDENTIFIER_TYPE_PAYMENT_REFERENCE ||
          named.type() == v1::IDENTIFIER_TYPE_GIFT_CARD) {
        continue;
      }
      EXPECT_TRUE(truth.contains({named.type(), named.value()}))
          << identifiers::TypeWord(named.type()) << " " << named.value() << " in " << record->json;
    }
  }
  EXPECT_GE(types.size(), 13u);
}

// So that something of it reaches CHALLENGE and BLOCK: two companies and two incidents, or three.
TEST(SampleThroughIntake, CompaniesMeetTheSameIdentifiers) {
  intake::Intake intake({.token_key = {.id = "k1", .secret = {}}});
  Generator generator(OptionsFor(10'000));
  std::map<Value, std::map<size_t, std::set<uint64_t>>> seen;
  while (const Record* record = generator.Next()) {
    const intake::Intake::Result result =
        intake.FromJson(PartnerName(record->partner), record->json, record->time);
    if (!record->fault.empty() || !result.revision_message) continue;
    for (const auto& named : result.revision_message->identifiers()) {
      if (!identifiers::PolicyOf(named.type()).listed ||
          identifiers::IsSpoofable(named.type(), named.role(), named.attested())) {
        continue;
      }
      seen[{named.type(), named.value()}][record->partner].insert(record->incident);
    }
  }
  uint64_t by_two = 0;
  uint64_t by_three = 0;
  for (const auto& [value, partners] : seen) {
    by_two += partners.size() >= 2;
    by_three += partners.size() >= 3;
  }
  const auto all = static_cast<double>(seen.size());
  EXPECT_GT(static_cast<double>(by_two) / all, 0.12);
  EXPECT_GT(static_cast<double>(by_three) / all, 0.06);
  // Most of what fraudsters use, one company alone sees.
  EXPECT_LT(static_cast<double>(by_two) / all, 0.5);
}

}  // namespace
}  // namespace ringfence::sample
