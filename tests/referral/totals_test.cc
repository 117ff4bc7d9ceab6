// What packs add up to, of every campaign of a sample world, against the oracle.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "pipelines/campaigns/read_model.h"
#include "pipelines/campaigns/read_view.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/intake/intake.h"
#include "pipelines/referral/findings.h"
#include "services/ringfence/replay/memory_pipeline.h"
#include "services/ringfence/sample/generator.h"
#include "tests/oracle/incidents.h"
#include "tests/oracle/oracle.h"

namespace ringfence {
namespace {

// 2026-03-01T12:00:00Z.
constexpr core::Time kUntil = 1772366400 * core::kSecond;
constexpr uint32_t kPartitions = 3;

std::vector<internal::v1::ReportRevision> SampleRevisions(uint64_t seed) {
  sample::Generator generator({.seed = seed,
                               .records = 1'200,
                               .partners = 4,
                               .until = kUntil,
                               .span = 30 * core::kDay,
                               .overlap = true});
  intake::Intake intake({.token_key = {.id = "k1", .secret = {}}});
  std::vector<internal::v1::ReportRevision> revisions;
  while (const sample::Record* record = generator.Next()) {
    auto result = intake.FromJson(sample::PartnerName(record->partner), record->json, record->time);
    if (result.revision_message) revisions.push_back(*std::move(result.revision_message));
  }
  return revisions;
}

// A deployment in memory.
class Deployment {
 public:
  explicit Deployment(const std::vector<internal::v1::ReportRevision>& revisions) {
    core::Day day = 0;
    for (const internal::v1::ReportRevision& revision : revisions) {
      if (core::FloorDay(revision.arrival()) > day) {
        day = core::FloorDay(revision.arrival());
        pipeline_.Tick(core::StartOfDay(day));
      }
      pipeline_.Send(revision);
    }
    pipeline_.Tick(kUntil);
    Settle();
  }

  std::vector<v1::Campaign> Campaigns() { return View().AllCampaigns(); }

  referral::Dossier Freeze(const v1::Campaign& campaign) {
    internal::v1::ReferralHold hold;
    hold.set_place(++place_);
    const core::Id hold_id{1, place_};
    hold.set_hold_id(hold_id.Bytes());
    hold.set_at(kUntil);
    std::set<core::Id> ids;
    referral::Dossier dossier;
    campaigns::ReadView view = View();
    const auto label = view.LabelOfCampaign(campaign.campaign_id());
    dossier.indicators = view.Members(*label, 100'000, v1::TLP_RED);
    for (const v1::Indicator& indicator : dossier.indicators) {
      ids.insert(core::IdentifierId(indicator.type(), indicator.value()));
    }
    for (const core::Id& id : ids) id.AppendTo(*hold.mutable_members());
    pipeline_.Send(hold);
    Settle();
    auto reports = View().FrozenReports(hold.hold_id(), kPartitions);
    EXPECT_TRUE(reports.has_value()) << "dedupe has not answered";
    if (reports) dossier.reports = *std::move(reports);
    return dossier;
  }

  // Incidents that pairs have in common, by their names with an end of line between.
  std::map<std::string, uint32_t> PairsIn(const v1::Campaign& campaign) {
    campaigns::ReadView view = View();
    const auto sums = view.SumsOf(*view.LabelOfCampaign(campaign.campaign_id()));
    return {sums->pairs().begin(), sums->pairs().end()};
  }

 private:
  void Settle() {
    EXPECT_TRUE(pipeline_.RunUntilQuiet().ok());
    model_.EndBatch();
  }
  campaigns::ReadView View() { return {state_, names_}; }

  core::MemoryState state_;
  campaigns::ReadModel model_{state_};
  const campaigns::CampaignNames names_{campaigns::NamingKey{}};
  std::map<uint32_t, int64_t> offsets_;
  replay::MemoryPipeline pipeline_{
      {.partitions = kPartitions},
      [this](uint32_t partition, std::string_view key, std::string_view value) {
        const int64_t offset = offsets_[partition]++;
        const auto applied =
            model_.Apply(static_cast<int32_t>(partition), offset, key, value, kUntil);
        EXPECT_TRUE(applied.ok()) << applied.status();
      }};
  core::Place place_ = 0;
};

std::map<std::string, uint32_t> CountriesOf(const v1::Campaign& campaign) {
  std::map<std::string, uint32_t> countries;
  for (const v1::CountryCount& count : campaign.victims_by_country()) {
    countries[count.country()] = count.incidents();
  }
  return countries;
}

std::map<std::string, std::string> LossesOf(const v1::Campaign& campaign) {
  std::map<std::string, std::string> losses;
  for (const v1::AmountTotal& loss : campaign.losses()) losses[loss.currency()] = loss.amount();
  return losses;
}

void ExpectTotals(const v1::Campaign& expected, const referral::Findings& findings) {
  EXPECT_EQ(findings.incidents, expected.incidents());
  EXPECT_EQ(findings.reports, expected.reports());
  EXPECT_EQ(findings.by_organisation.size(), expected.organisations());
  EXPECT_EQ(findings.indicators.size(), expected.indicators());
  std::map<std::string, uint32_t> countries = findings.by_country;
  countries.erase("");
  EXPECT_EQ(countries, CountriesOf(expected));
  std::map<std::string, std::string> losses;
  for (const auto& [currency, loss] : findings.losses) losses[currency] = loss.total.ToString();
  EXPECT_EQ(losses, LossesOf(expected));
  uint32_t months = 0;
  for (const auto& [month, incidents] : findings.by_month) months += incidents;
  EXPECT_EQ(months, findings.incidents);
}

TEST(ReferralTotals, AreThoseOfTheOracleForEveryCampaign) {
  for (const uint64_t seed : {1, 2}) {
    SCOPED_TRACE(seed);
    oracle::World world;
    world.revisions = SampleRevisions(seed);
    world.as_of = kUntil;
    world.representatives = oracle::Representatives(world);
    Deployment deployment(world.revisions);
    size_t campaigns = 0;
    for (const v1::Campaign& expected : oracle::Expected(world).campaigns) {
      SCOPED_TRACE(expected.campaign_id());
      const referral::Dossier dossier = deployment.Freeze(expected);
      ExpectTotals(expected, referral::Find(dossier));
      ++campaigns;
    }
    EXPECT_GT(campaigns, 3u);
  }
}

// The console's overlap says of a pair what a pack, which comes another way, tells report by
// report.
TEST(ReferralTotals, APairHasTheIncidentsInCommonThatBothReport) {
  Deployment deployment(SampleRevisions(1));
  uint32_t shared = 0;
  for (const v1::Campaign& campaign : deployment.Campaigns()) {
    std::map<core::Id, std::set<std::string>> reporters;
    const referral::Dossier dossier = deployment.Freeze(campaign);
    for (const internal::v1::ReferralEntry& entry : dossier.reports) {
      const internal::v1::ReferralReport& report = entry.report();
      if (!report.counts()) continue;
      reporters[{report.incident_hi(), report.incident_lo()}].insert(report.organisation());
    }
    std::map<std::string, uint32_t> expected;
    for (const auto& [incident, names] : reporters) {
      for (auto a = names.begin(); a != names.end(); ++a) {
        for (auto b = std::next(a); b != names.end(); ++b) shared += ++expected[*a + "\n" + *b] > 0;
      }
    }
    EXPECT_EQ(deployment.PairsIn(campaign), expected) << campaign.campaign_id();
  }
  EXPECT_GT(shared, 10u);
}

// As if it did not exist: what all others add up to is as without it.
TEST(ReferralTotals, WhatMayNeverStandInOneIsNowhere) {
  std::vector<internal::v1::ReportRevision> revisions = SampleRevisions(1);
  const std::string silent = revisions.front().partner();
  for (internal::v1::ReportRevision& revision : revisions) {
    revision.set_referral(revision.partner() == silent ? v1::REFERRAL_NEVER : v1::REFERRAL_ALLOWED);
  }
  Deployment deployment(revisions);
  size_t lower = 0;
  for (const v1::Campaign& campaign : deployment.Campaigns()) {
    const referral::Dossier dossier = deployment.Freeze(campaign);
    const referral::Findings findings = referral::Find(dossier);
    for (const internal::v1::ReferralEntry& entry : dossier.reports) {
      EXPECT_NE(entry.report().partner(), silent);
    }
    EXPECT_LE(findings.incidents, campaign.incidents());
    EXPECT_EQ(findings.by_organisation.count(silent), 0u);
    lower += findings.incidents < campaign.incidents() ? 1 : 0;
  }
  EXPECT_GT(lower, 0u);
}

}  // namespace
}  // namespace ringfence
