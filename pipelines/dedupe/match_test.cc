#include "pipelines/dedupe/match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "pipelines/dedupe/blocks.h"
#include "pipelines/dedupe/facts.h"
#include "pipelines/dedupe/report_testing.h"

namespace ringfence::dedupe {
namespace {

using core::kDay;
using internal::v1::ReportRevision;

Comparison CompareReports(const ReportRevision& a, const ReportRevision& b) {
  return Compare(FactsOf(a), FactsOf(b));
}
bool AreOne(const ReportRevision& a, const ReportRevision& b) {
  return CompareReports(a, b).matches();
}
ReportBuilder Bank() { return {"bank", "b"}; }
ReportBuilder Software() { return {"software", "s"}; }

TEST(Match, OnePhoneOfOneDayIsOneIncident) {
  EXPECT_TRUE(AreOne(Bank().Phone("p"), Software().Phone("p").At(kReported + kDay / 2)));
}

TEST(Match, NothingInCommonIsTwoIncidents) {
  EXPECT_FALSE(AreOne(Bank().Phone("p"), Software().Email("e")));
  EXPECT_FALSE(AreOne(Bank(), Software()));
}

TEST(Match, AFamilyWithOnePhoneIsTwoIncidents) {
  const ReportRevision mother = Bank().Phone("p").Email("m").Pay("X", "812.40");
  const ReportRevision son =
      Software().At(kReported + 2 * kDay).Phone("p").Email("s").Pay("X", "95.10");
  EXPECT_FALSE(AreOne(mother, son));
  // Even if the scam is the same, and without amounts.
  EXPECT_FALSE(AreOne(Bank().Phone("p").Email("m").Name(v1::IDENTIFIER_TYPE_PHONE, "+1"),
                      Software()
                          .At(kReported + 2 * kDay)
                          .Phone("p")
                          .Email("s")
                          .Name(v1::IDENTIFIER_TYPE_PHONE, "+1")));
}

TEST(Match, AVictimWhoIsHitAgainInAnotherWeekIsTwoIncidents) {
  auto report = [](ReportBuilder builder, core::Time at) {
    ReportRevision revision = builder.At(at)
                                  .Phone("p")
                                  .Email("e")
                                  .Token(6, "r")
                                  .Pay("X", "399.99")
                                  .Name(v1::IDENTIFIER_TYPE_PHONE, "+1")
                                  .Name(v1::IDENTIFIER_TYPE_PHONE, "+2")
                                  .Name(v1::IDENTIFIER_TYPE_PHONE, "+3");
    return revision;
  };
  for (int days : {7, 10, 14, 30, 200}) {
    EXPECT_FALSE(AreOne(report(Bank(), kReported), report(Software(), kReported + days * kDay)))
        << days;
  }
}

TEST(Match, AVictimWhoIsHitAgainByTheSameCallCentreIsTwoIncidents) {
  // The same mule, the same price, the same numbers and site; only the weeks differ, whatever is
  // said of the payments.
  auto report = [](ReportBuilder builder, core::Time at, bool pays) {
    builder.At(at).Phone("p").Email("e").Token(3, "a");
    if (pays) builder.Pay("X", "399.99");
    for (int i = 0; i < 5; ++i) builder.Name(v1::IDENTIFIER_TYPE_PHONE, std::to_string(i));
    return ReportRevision(builder);
  };
  for (int days : {7, 8, 14, 21}) {
    const core::Time later = kReported + days * kDay;
    EXPECT_FALSE(AreOne(report(Bank(), kReported, true), report(Software(), later, true))) << days;
    EXPECT_FALSE(AreOne(report(Bank(), kReported, true), report(Software(), later, false))) << days;
  }
  EXPECT_TRUE(AreOne(report(Bank(), kReported, true), report(Software(), kReported, true)));
}

TEST(Match, ARelativeOnAnotherDayIsAnotherIncidentThoughOneNamesNoAddress) {
  const ReportRevision mother = Bank().Phone("p").Email("m").Name(v1::IDENTIFIER_TYPE_PHONE, "+1");
  auto son = [](core::Time later, const std::string& number) {
    return ReportRevision(
        Software().At(kReported + later).Phone("p").Name(v1::IDENTIFIER_TYPE_PHONE, number));
  };
  EXPECT_FALSE(AreOne(mother, son(2 * kDay, "+2")));
  // What they met in common, or one day, speaks for one incident all the same.
  EXPECT_TRUE(AreOne(mother, son(2 * kDay, "+1")));
  EXPECT_TRUE(AreOne(mother, son(kDay / 2, "+2")));
}

TEST(Match, APriceToOnePayeeTakesOneDayAndMoreInCommon) {
  auto report = [](ReportBuilder builder, core::Time paid_after) {
    return ReportRevision(builder.Pay("X", "399.99", "", paid_after)
                              .Name(v1::IDENTIFIER_TYPE_IBAN, "X")
                              .Name(v1::IDENTIFIER_TYPE_PHONE, "+1"));
  };
  EXPECT_TRUE(AreOne(report(Bank(), 0), report(Software(), kDay)));
  EXPECT_FALSE(AreOne(report(Bank(), 0), report(Software(), 2 * kDay)));
  EXPECT_FALSE(AreOne(report(Bank().Email("m"), 0), report(Software().Email("n"), 0)));
}

TEST(Match, ARoundedAmountIsNoOtherAmount) {
  auto amount_of = [](const std::string& one, const std::string& other) {
    for (const Contribution& contribution :
         CompareReports(Bank().Pay("X", one), Software().Pay("Y", other)).contributions) {
      if (contribution.field == Field::kAmount) return contribution.weight;
    }
    return Weight{0};
  };
  for (const auto& [one, other] : {std::pair("199", "200"), std::pair("1999.99", "2000"),
                                   std::pair("499.99", "499"), std::pair("12000", "12200")}) {
    EXPECT_EQ(amount_of(one, other), kBit) << one;
    EXPECT_EQ(amount_of(other, one), kBit) << one;
  }
  for (const auto& [one, other] : {std::pair("199", "210"), std::pair("0.5", "0.7"),
                                   std::pair("9", "9.5"), std::pair("999999999999999999", "1")}) {
    EXPECT_LT(amount_of(one, other), 0) << one;
  }
}

TEST(Match, OnePaymentJoinsReportsFarApart) {
  EXPECT_TRUE(AreOne(Bank().Phone("p").Pay("X", "4913.27", "FT2311700042"),
                     Software()
                         .At(kReported + 30 * kDay)
                         .Phone("p")
                         .Pay("X", "4913.27", "FT2311700042", -30 * kDay)));
}

TEST(Match, APaymentReferenceJoinsWithoutTheVictim) {
  EXPECT_TRUE(
      AreOne(Bank().Pay("X", "4913.27", "FT2311700042"), Software().Pay("", "", "FT2311700042")));
  // But not a word that the fraudster dictates to all.
  EXPECT_FALSE(AreOne(Bank().Pay("X", "500", "RENTAL"), Software().Pay("X", "500", "RENTAL")));
}

TEST(Match, AnAmountToAPayeeSaysMoreTheOdderItIs) {
  EXPECT_TRUE(AreOne(Bank().Pay("X", "4913.27"), Software().Pay("X", "4913.27")));
  // A price, and a round sum: the next victim pays the same.
  EXPECT_FALSE(AreOne(Bank().Pay("X", "399.99"), Software().Pay("X", "399.99")));
  EXPECT_FALSE(AreOne(Bank().Pay("X", "500"), Software().Pay("X", "500")));
  EXPECT_LT(AmountWeight("500"), AmountWeight("512"));
  EXPECT_LT(AmountWeight("512"), AmountWeight("4913.27"));
}

TEST(Match, TwoVictimsWithOnePaymentInCommonStayTwo) {
  EXPECT_FALSE(AreOne(Bank().Phone("p").Email("m").Pay("X", "4913.27"),
                      Software().Phone("q").Email("n").Pay("X", "4913.27")));
}

TEST(Match, ConflictingTokensWeighAgainst) {
  const Comparison same = CompareReports(Bank().Phone("p"), Software().Phone("p"));
  const Comparison conflict =
      CompareReports(Bank().Phone("p").Email("m"), Software().Phone("p").Email("n"));
  EXPECT_EQ(conflict.weight, same.weight - 10 * kBit);
}

TEST(Match, TokensOfTwoKeysSayNothing) {
  const Comparison none = CompareReports(Bank(), Software());
  EXPECT_TRUE(CompareReports(Bank().Token(1, "p", "k1"), Software().Token(1, "q", "k2")) == none);
  // Who has both keys has both tokens.
  EXPECT_TRUE(
      AreOne(Bank().Token(1, "p", "k1").Token(1, "P", "k2"), Software().Token(1, "P", "k2")));
}

TEST(Match, OriginsAndExternalReferencesDecideAlone) {
  EXPECT_TRUE(AreOne(Bank().Origin("police:7"), Software().Origin("police:7")));
  EXPECT_FALSE(AreOne(Bank().Origin("police:7"), Software().Origin("police:8")));
  EXPECT_TRUE(AreOne(Bank().Reference("case:1").Reference("case:2"),
                     Software().At(kReported + 90 * kDay).Reference("case:2")));
}

TEST(Match, ANarrativeOnlyEverSupports) {
  EXPECT_FALSE(AreOne(Bank().Narrative(0xabc), Software().Narrative(0xabc)));
  const ReportRevision a = Bank().Token(7, "ip").Narrative(0xabc);
  const ReportRevision b = Software().Token(7, "ip").Narrative(0xabd);
  EXPECT_TRUE(AreOne(a, b));
  EXPECT_FALSE(AreOne(Bank().Token(7, "ip"), Software().Token(7, "ip")));
}

TEST(Match, OnePartnersOwnReportsNeedMore) {
  auto report = [](const std::string& partner, const std::string& id, int days) {
    return ReportRevision(
        ReportBuilder(partner, id).Phone("p").Email("e").At(kReported + days * kDay));
  };
  const ReportRevision first = report("bank", "1", 0);
  // 26 - 2 bits: just enough.
  EXPECT_TRUE(AreOne(first, report("bank", "2", 3)));
  EXPECT_FALSE(AreOne(first, report("bank", "2", 4)));
  EXPECT_TRUE(AreOne(first, report("software", "2", 4)));
}

// Reports of few values, so that every field agrees, conflicts and is missing often enough.
ReportRevision RandomReport(std::mt19937_64& random) {
  auto pick = [&](uint64_t end) { return random() % end; };
  auto value = [&] { return std::to_string(pick(3)); };
  ReportBuilder report(pick(2) == 0 ? "bank" : "software", value());
  report.At(kReported + static_cast<core::Time>(pick(20)) * kDay);
  if (pick(2) == 0) report.Country(pick(2) == 0 ? "GB" : "US");
  for (uint32_t kind = 1; kind <= 7; ++kind) {
    if (pick(2) == 0) report.Token(kind, value(), pick(2) == 0 ? "k1" : "k2");
  }
  for (uint64_t count = pick(3); count > 0; --count) {
    report.Pay(pick(2) == 0 ? "X" + value() : "", pick(2) == 0 ? "4913.2" + value() : "",
               pick(2) == 0 ? "FT231170000" + value() : "");
  }
  for (uint64_t count = pick(4); count > 0; --count) {
    report.Name(v1::IDENTIFIER_TYPE_PHONE, "+1" + value());
  }
  if (pick(2) == 0) report.Narrative(pick(4));
  if (pick(8) == 0) report.Origin("police:" + value());
  if (pick(8) == 0) report.Reference("case:" + value());
  return report;
}

TEST(Match, IsSymmetricAndDoesNotDependOnOrder) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    ReportRevision a = RandomReport(random);
    const ReportRevision b = RandomReport(random);
    const Comparison comparison = CompareReports(a, b);
    ASSERT_TRUE(comparison == CompareReports(b, a)) << i;
    Weight sum = 0;
    for (const Contribution& contribution : comparison.contributions) sum += contribution.weight;
    ASSERT_EQ(sum, comparison.weight);
    std::shuffle(a.mutable_victim_tokens()->begin(), a.mutable_victim_tokens()->end(), random);
    std::shuffle(a.mutable_payments()->begin(), a.mutable_payments()->end(), random);
    std::shuffle(a.mutable_identifiers()->begin(), a.mutable_identifiers()->end(), random);
    ASSERT_TRUE(comparison == CompareReports(a, b)) << i;
  }
}

bool ShareABlock(const ReportRevision& a, const ReportRevision& b) {
  const std::vector<BlockKey> one = BlocksOf(a);
  const std::vector<BlockKey> other = BlocksOf(b);
  return std::any_of(one.begin(), one.end(), [&](const BlockKey& block) {
    return std::binary_search(other.begin(), other.end(), block);
  });
}

TEST(Blocks, NearReportsAlwaysShareOne) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 5'000; ++i) {
    const core::Time at = kReported + static_cast<core::Time>(random() % (400 * kDay));
    const core::Time near = static_cast<core::Time>(random() % static_cast<uint64_t>(kVictimNear));
    ASSERT_TRUE(ShareABlock(Bank().At(at).Phone("p"), Software().At(at + near).Phone("p")));
    const core::Time paid = static_cast<core::Time>(random() % static_cast<uint64_t>(kPaymentNear));
    ASSERT_TRUE(
        ShareABlock(Bank().At(at).Pay("X", "5"), Software().At(at).Pay("X", "5", "", paid)));
  }
}

TEST(Blocks, FarReportsShareOneOnlyByWhatIsUnique) {
  const core::Time later = kReported + 200 * kDay;
  EXPECT_FALSE(
      ShareABlock(Bank().Phone("p").Pay("X", "5"), Software().At(later).Phone("p").Pay("X", "5")));
  EXPECT_TRUE(ShareABlock(Bank().Pay("", "", "FT2311700042"),
                          Software().At(later).Pay("", "", "FT2311700042")));
  EXPECT_TRUE(ShareABlock(Bank().Origin("o"), Software().At(later).Origin("o")));
}

TEST(Blocks, OneValueIsInHardlyMoreThanOneBlock) {
  std::mt19937_64 random(1);
  size_t blocks = 0;
  constexpr int kReports = 10'000;
  for (int i = 0; i < kReports; ++i) {
    const core::Time at = kReported + static_cast<core::Time>(random() % (400 * kDay));
    blocks += BlocksOf(Bank().At(at).Phone("p")).size();
  }
  EXPECT_NEAR(static_cast<double>(blocks) / kReports, 1.25, 0.02);
}

TEST(Blocks, AnAddressIsSharedByManyButAPersonIsNot) {
  EXPECT_TRUE(BlocksOf(Bank().Phone("p")).front().floods_join);
  EXPECT_TRUE(BlocksOf(Bank().Token(3, "a")).front().floods_join);
  EXPECT_FALSE(BlocksOf(Bank().Token(7, "ip")).front().floods_join);
  EXPECT_FALSE(BlocksOf(Bank().Pay("", "", "FT2311700042")).front().floods_join);
}

TEST(Blocks, AreBounded) {
  ReportBuilder report = Bank();
  for (int i = 0; i < 100; ++i) report.Phone(std::to_string(i));
  EXPECT_EQ(BlocksOf(report).size(), kBlocksOfReportMax);
}

}  // namespace
}  // namespace ringfence::dedupe
