#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "pipelines/core/time.h"
#include "pipelines/referral/document.h"
#include "pipelines/referral/findings.h"
#include "pipelines/referral/graph.h"
#include "pipelines/referral/manifest.h"
#include "pipelines/referral/pack.h"

namespace ringfence::referral {
namespace {

using core::Id;
using internal::v1::ReferralEntry;
using internal::v1::ReferralReport;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

constexpr core::Time kDay0 = 20'500 * core::kDay;  // 2026-02-16

class DossierBuilder {
 public:
  DossierBuilder() {
    dossier_.position = "7-000102030405060708090a0b0c0d0e0f";
    internal::v1::ReferralFreeze& freeze = dossier_.freeze;
    freeze.set_hold_id("0123456789abcdef");
    freeze.set_campaign_id("aaaabbbbccccddddeeeeffffgg");
    freeze.set_addressee("Central Bureau of Investigation, India");
    freeze.set_at(kDay0 + 10 * core::kDay);
    freeze.set_by("local");
    freeze.set_deployment("local");
    freeze.set_release("0.1.0");
  }
  DossierBuilder& Indicator(v1::IdentifierType type, const std::string& value,
                            v1::Action action = v1::ACTION_BLOCK) {
    v1::Indicator& indicator = dossier_.indicators.emplace_back();
    indicator.set_indicator_id("6ba7b810-9dad-51d1-80b4-00c04fd430c8");
    indicator.set_type(type);
    indicator.set_value(value);
    indicator.set_action(action);
    indicator.set_tlp(v1::TLP_AMBER);
    *indicator.mutable_listed_at() = core::ToProto(kDay0);
    *indicator.mutable_expires_at() = core::ToProto(kDay0 + 300 * core::kDay);
    return *this;
  }
  // Names the indicators of these numbers.
  ReferralReport& Report(const std::string& partner, uint64_t id, uint64_t incident,
                         const std::vector<size_t>& named) {
    ReferralEntry& entry = dossier_.reports.emplace_back();
    entry.set_report_lo(id);
    ReferralReport& report = *entry.mutable_report();
    report.set_partner(partner);
    report.set_organisation(partner);
    report.set_incident_lo(incident);
    report.set_representative(id == incident);
    report.set_counts(true);
    report.set_occurred_at(kDay0 + static_cast<core::Time>(id) * core::kDay);
    report.set_reported_at(report.occurred_at());
    for (const size_t number : named) {
      const v1::Indicator& indicator = dossier_.indicators[number];
      const Id member = core::IdentifierId(indicator.type(), indicator.value());
      ReferralReport::Member& added = *report.add_members();
      added.set_id_hi(member.hi);
      added.set_id_lo(member.lo);
      added.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
      added.set_observed_at(report.occurred_at());
    }
    return report;
  }
  Dossier dossier_;
};

void Lose(ReferralReport& report, const std::string& currency, const std::string& amount) {
  v1::AmountTotal& loss = *report.add_losses();
  loss.set_currency(currency);
  loss.set_amount(amount);
}

// Two organisations, two incidents of which one is told twice, three indicators.
Dossier World() {
  DossierBuilder world;
  world.Indicator(v1::IDENTIFIER_TYPE_PHONE, "+12125550142")
      .Indicator(v1::IDENTIFIER_TYPE_DOMAIN, "refund-desk.example", v1::ACTION_CHALLENGE)
      .Indicator(v1::IDENTIFIER_TYPE_EMAIL, "never-named@example.org");
  ReferralReport& first = world.Report("bank", 1, 1, {0});
  first.set_country("US");
  first.set_listed(true);
  first.set_content_hash("content of the first");
  Lose(first, "USD", "100.5");
  ReferralReport& again = world.Report("shop", 2, 1, {1});
  again.set_country("DE");
  Lose(again, "USD", "7");
  ReferralReport& other = world.Report("shop", 3, 3, {0, 1});
  other.set_country("US");
  Lose(other, "EUR", "20");
  other.set_listed(true);
  other.set_content_hash("content of the third");
  ReferralReport& elsewhere = world.Report("telco", 4, 4, {0});
  elsewhere.set_counts(false);
  Lose(elsewhere, "USD", "1000000");
  return world.dossier_;
}

std::map<std::string, std::string> Pack(const Dossier& dossier) {
  const auto files = MakePack(dossier, Aliases("0123456789abcdef"));
  EXPECT_TRUE(files.ok());
  std::map<std::string, std::string> by_name;
  for (const PackFile& file : *files) by_name[file.name] = file.bytes;
  return by_name;
}

TEST(Findings, AnIncidentCountsOnceWithItsRepresentativesCountryAndAmounts) {
  const Dossier dossier = World();
  const Findings findings = Find(dossier);
  EXPECT_EQ(findings.incidents, 2);
  EXPECT_EQ(findings.reports, 3);
  EXPECT_EQ(findings.mentions, 1);
  EXPECT_THAT(findings.by_country, ElementsAre(Pair("US", 2)));
  EXPECT_EQ(findings.by_organisation.at("bank").incidents, 1);
  EXPECT_EQ(findings.by_organisation.at("shop").incidents, 2);
  EXPECT_EQ(findings.by_organisation.count("telco"), 0);
  EXPECT_EQ(findings.losses.at("USD").total.ToString(), "100.5");
  EXPECT_EQ(findings.losses.at("EUR").total.ToString(), "20");
}

TEST(Findings, WhereTheRepresentativeIsNotInThePackTheNextReportStandsForTheIncident) {
  Dossier dossier = World();
  dossier.reports.erase(dossier.reports.begin());
  const Findings findings = Find(dossier);
  EXPECT_EQ(findings.incidents, 2);
  EXPECT_THAT(findings.by_country, ElementsAre(Pair("DE", 1), Pair("US", 1)));
  EXPECT_EQ(findings.losses.at("USD").total.ToString(), "7");
}

TEST(Findings, IndicatorsThatNoReportNamesAreLeftOut) {
  const Dossier dossier = World();
  const Findings findings = Find(dossier);
  ASSERT_THAT(findings.indicators, SizeIs(2));
  EXPECT_EQ(findings.indicators[0].indicator->value(), "+12125550142");
  EXPECT_EQ(findings.indicators[0].incidents, 3);
  EXPECT_EQ(findings.indicators[1].organisations, 1);
}

TEST(Findings, WhatIsNamedForOneIncidentIsTiedAlsoByTwoReports) {
  const Dossier dossier = World();
  const Findings findings = Find(dossier);
  ASSERT_THAT(findings.ties, SizeIs(1));
  EXPECT_EQ(findings.ties[0].incidents, 2);
  EXPECT_EQ(findings.ties[0].organisations, 2);
}

TEST(Pack, TheSameDossierGivesTheSameBytes) {
  const auto files = MakePack(World(), Aliases("0123456789abcdef"));
  const auto again = MakePack(World(), Aliases("0123456789abcdef"));
  ASSERT_TRUE(files.ok() && again.ok());
  const auto zip = Zip(*files);
  ASSERT_TRUE(zip.ok());
  EXPECT_EQ(*zip, *Zip(*again));
  const auto back = Unzip(*zip);
  ASSERT_TRUE(back.ok());
  ASSERT_EQ(back->size(), files->size());
  for (size_t i = 0; i < files->size(); ++i) {
    EXPECT_EQ((*back)[i].name, (*files)[i].name);
    EXPECT_EQ((*back)[i].bytes, (*files)[i].bytes);
  }
}

TEST(Pack, EveryFileStandsInTheManifestWithItsHash) {
  const auto files = Pack(World());
  std::map<std::string, std::string> listed;
  for (const absl::string_view line :
       absl::StrSplit(files.at("MANIFEST.sha256"), '\n', absl::SkipEmpty())) {
    listed[std::string(line.substr(66))] = std::string(line.substr(0, 64));
  }
  EXPECT_EQ(listed.size(), files.size() - 2);
  for (const auto& [name, hash] : listed) EXPECT_EQ(Sha256Hex(files.at(name)), hash) << name;
  EXPECT_THAT(files.at("PACK.sha256"), HasSubstr(Sha256Hex(files.at("MANIFEST.sha256"))));
  EXPECT_THAT(files.at("certificate-india/certificate.html"),
              HasSubstr(Sha256Hex(files.at("certificate-india/hash-report.sha256"))));
}

TEST(Pack, EveryFileStandsOnTheCoverPage) {
  for (const char* jurisdiction : {"", "IN", "DE"}) {
    Dossier dossier = World();
    dossier.freeze.set_jurisdiction(jurisdiction);
    const auto files = Pack(dossier);
    const std::string& cover = files.at("summary.html");
    for (const auto& [name, bytes] : files) EXPECT_THAT(cover, HasSubstr(name)) << jurisdiction;
    const bool is_promised = cover.find("certificate-india") != std::string::npos;
    EXPECT_EQ(is_promised, files.count("certificate-india/certificate.pdf") == 1) << jurisdiction;
  }
}

TEST(Pack, SourcesAreListedUnderAliasesWithKeyedHashes) {
  const auto files = Pack(World());
  const std::string& sources = files.at("source-reports.csv");
  const Aliases aliases("0123456789abcdef");
  EXPECT_THAT(sources, HasSubstr(aliases.OfReport({0, 1})));
  EXPECT_THAT(sources, HasSubstr(aliases.OfContent("content of the third")));
  EXPECT_THAT(sources, Not(HasSubstr(aliases.OfReport({0, 2})))) << "only counted";
  EXPECT_NE(aliases.OfReport({0, 1}), Aliases("another key here").OfReport({0, 1}));
  for (const auto& [name, bytes] : files) EXPECT_THAT(bytes, Not(HasSubstr("content of"))) << name;
}

TEST(Pack, TheCertificateIsIndias) {
  Dossier dossier = World();
  dossier.freeze.set_jurisdiction("DE");
  EXPECT_EQ(Pack(dossier).count("certificate-india/certificate.pdf"), 0);
  dossier.freeze.set_jurisdiction("IN");
  EXPECT_EQ(Pack(dossier).count("certificate-india/certificate.pdf"), 1);
}

TEST(Pack, WhatOthersWroteIsNoMarkupAndNoFormula) {
  DossierBuilder world;
  world.Indicator(v1::IDENTIFIER_TYPE_SOCIAL_HANDLE, "<script>alert(1)</script>");
  world.Indicator(v1::IDENTIFIER_TYPE_SENDER_ID, "=HYPERLINK(1)");
  world.Report("bank", 1, 1, {0, 1});
  world.dossier_.freeze.set_addressee("\"><img src=x>");
  const auto files = Pack(world.dossier_);
  for (const char* name : {"summary.html", "graph.svg"}) {
    EXPECT_THAT(files.at(name), Not(HasSubstr("<script"))) << name;
    EXPECT_THAT(files.at(name), Not(HasSubstr("<img"))) << name;
  }
  EXPECT_THAT(files.at("indicators.csv"), HasSubstr(",'=HYPERLINK(1),"));
}

TEST(Pack, AnEmptyOneIsWholeToo) {
  Dossier dossier = World();
  dossier.reports.clear();
  const auto files = Pack(dossier);
  EXPECT_THAT(files.at("summary.html"), HasSubstr("0 incidents"));
  EXPECT_EQ(files.at("graph.svg").substr(0, 4), "<svg");
}

TEST(Pack, LargeOnesKeepTheirGraphSmall) {
  DossierBuilder world;
  for (int i = 0; i < 3'000; ++i) {
    world.Indicator(v1::IDENTIFIER_TYPE_EMAIL, "n" + std::to_string(i) + "@example.org");
  }
  for (size_t i = 0; i + 1 < 3'000; ++i) world.Report("bank", i + 1, i + 1, {i, i + 1});
  const auto files = Pack(world.dossier_);
  EXPECT_LT(files.at("graph.svg").size(), 100'000u);
  EXPECT_THAT(files.at("graph.svg"), HasSubstr("120 of 3000 indicators"));
}

TEST(Zip, WhatLeadsOutOfTheFolderIsNoPack) {
  for (const char* name : {"../x", "/etc/x", "a/../../x"}) {
    const auto zip = Zip({{name, "x"}});
    ASSERT_TRUE(zip.ok());
    EXPECT_FALSE(Unzip(*zip).ok()) << name;
  }
  EXPECT_FALSE(Unzip("no archive").ok());
  EXPECT_FALSE(Unzip("").ok());
}

TEST(Pdf, OtherScriptsStandInLatinLettersAndSaySo) {
  Document document;
  document.Title("Référence भारत सरकार").Text("Łódź, 5 € … ‘x’ ☎ \xff");
  document.Table({{"", ""}, {"Addressed to", "केंद्रीय जांच ब्यूरो"}});
  const std::string pdf = Pdf(document, "t", 1'772'000'000);
  EXPECT_THAT(pdf, HasSubstr("\\213bharata\\233 \\213sarakara\\233"));
  EXPECT_THAT(pdf, HasSubstr("\\213Lodz,\\233 5 \\200 \\205 \\221x\\222"));
  EXPECT_THAT(pdf, HasSubstr("\\213kendriya\\233"));
  // What has no letters stands as its number; angle brackets are escaped.
  EXPECT_THAT(pdf, HasSubstr("\\074U+260e\\076"));
  EXPECT_THAT(pdf, HasSubstr("the HTML file has it as it was written"));
  Document plain;
  plain.Title("Référence");
  EXPECT_THAT(Pdf(plain, "t", 1'772'000'000), Not(HasSubstr("the HTML file")));
}

TEST(Pdf, LongTextsGoOnOverPages) {
  Document document;
  std::string words;
  for (int i = 0; i < 3'000; ++i) words += "word ";
  document.Text(words).Text(std::string(400, 'x'));
  const std::string pdf = Pdf(document, "t", 1'772'000'000);
  EXPECT_EQ(pdf.substr(0, 5), "%PDF-");
  EXPECT_THAT(pdf, HasSubstr("page 4 of "));
  EXPECT_EQ(pdf, Pdf(document, "t", 1'772'000'000));
}

}  // namespace
}  // namespace ringfence::referral
