#include "services/runtime/identity/identities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "services/runtime/identity/caller.h"

namespace ringfence::runtime {
namespace {

using testing::HasSubstr;

constexpr char kSound[] = R"(trust_domain: fraud.example
identities:
  - name: spiffe://fraud.example/partner/harbour-bank
    role: partner
    partner: harbour-bank
    quotas: {reports_per_second: 5}
  - name: spiffe://fraud.example/consumer/telco
    role: consumer
    organisation: telco
    max_tlp: amber
    types: [phone, domain]
  - name: spiffe://fraud.example/custodian/bank
    role: custodian
    organisation: bank
    max_tlp: green
    ranges:
      - {type: iban, value: DE37040044}
      - {type: domain, value: bank.example}
      - {type: ip, value: 198.51.100.0/24}
      - {type: phone, value: '+4420'}
)";

std::string Problems(const std::string& text) {
  return std::string(Identities::Parse("i.yaml", text).status().message());
}

// The sound file with a line put in place of another.
std::string With(const std::string& old_line, const std::string& new_line) {
  std::string text = kSound;
  const size_t at = text.find(old_line);
  EXPECT_NE(at, std::string::npos) << old_line;
  return text.replace(at, old_line.size(), new_line);
}

TEST(Identities, SayWhoIsWhoAndNobodyElseIsAnybody) {
  const auto identities = Identities::Parse("i.yaml", kSound);
  ASSERT_TRUE(identities.ok()) << identities.status();
  EXPECT_EQ(identities->size(), 3U);
  const auto partner = identities->Find("spiffe://fraud.example/partner/harbour-bank");
  ASSERT_NE(partner, nullptr);
  EXPECT_EQ(partner->organisation(), "harbour-bank");
  EXPECT_EQ(partner->quotas().reports_per_second(), 5U);
  EXPECT_GT(partner->quotas().lookups_per_second(), 0U) << "has its default";
  EXPECT_GT(identities->Find("spiffe://fraud.example/consumer/telco")->quotas().streams(), 0U);
  EXPECT_EQ(identities->Find("spiffe://fraud.example/partner/harbour"), nullptr);
  EXPECT_EQ(identities->Find(""), nullptr);
}

TEST(Identities, TheAnnotatedExampleIsSound) {
  std::ifstream file("ops/config/identities.yaml");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const auto identities = Identities::Parse("ops/config/identities.yaml", text);
  ASSERT_TRUE(identities.ok()) << identities.status();
  EXPECT_GE(identities->size(), 7U);
}

TEST(Identities, EveryProblemNamesTheLineAndTheSetting) {
  const struct {
    std::string text;
    const char* problem;
  } kTable[] = {
      {"trust_domain: x\nsecret: 1\n", "i.yaml:2: secret: there is no such setting"},
      {"identities: []\n", "trust_domain: is missing"},
      {"trust_domain: x\nidentities: {a: b}\n", "i.yaml:2: identities: a list is wanted"},
      {"trust_domain: x\nidentities: [a]\n", "identities[0]: settings are wanted"},
      {With("role: consumer", "role: king"), "i.yaml:8: identities[1].role: one of partner, "},
      {With("role: consumer", "note: king"), "identities[1].note: there is no such setting"},
      {With("max_tlp: amber", "max_tlp: red"), "i.yaml:10: identities[1].max_tlp: red"},
      {With("    max_tlp: amber\n", ""), "identities[1].max_tlp: is missing"},
      {With("types: [phone, domain]", "types: [phones]"),
       "i.yaml:11: identities[1].types[0]: one of phone"},
      {With("types: [phone, domain]", "types: phone"), "identities[1].types: a list is wanted"},
      {With("consumer/telco", "partner/harbour-bank"), "identities[1].name: is there twice"},
      {With("spiffe://fraud.example/consumer/telco", "spiffe://other.example/consumer/telco"),
       "identities[1].name: spiffe://fraud.example/PATH is wanted"},
      {With("spiffe://fraud.example/consumer/telco", "telco"), "identities[1].name: spiffe://"},
      {With("organisation: telco", "partner: telco"), "identities[1].partner: is of partners"},
      {With("    organisation: telco\n", ""), "identities[1].organisation: is missing"},
      {With("    partner: harbour-bank\n", ""), "identities[0].partner: 1-40 of"},
      {With("partner: harbour-bank\n", "partner: Harbour\n"), "identities[0].partner: 1-40 of"},
      {With("reports_per_second: 5", "reports_per_second: 0"),
       "i.yaml:6: identities[0].quotas.reports_per_second: a whole number from 1"},
      {With("role: consumer", "role: partner"), "identities[1].max_tlp: means nothing"},
      {With("role: custodian", "role: analyst"), "identities[2].ranges: are of custodians"},
      {With("198.51.100.0/24", "198.51.100.0/33"), "identities[2].ranges[2].value: an address"},
      {With("'+4420'", "4420"), "identities[2].ranges[3].value: the beginning"},
      {With("value: bank.example", "value: Bank.example"), "identities[2].ranges[1].value: a dom"},
  };
  for (const auto& row : kTable) EXPECT_THAT(Problems(row.text), HasSubstr(row.problem));
}

TEST(IdentityNames, AreOfTheTrustDomainAndPlain) {
  EXPECT_TRUE(IsIdentityName("spiffe://fraud.example/a/b.c-d_E", "fraud.example"));
  for (const char* name :
       {"", "spiffe://fraud.example", "spiffe://fraud.example/", "spiffe://fraud.example/a/",
        "spiffe://fraud.example//a", "spiffe://fraud.example/../a", "spiffe://fraud.example/a?b",
        "spiffe://fraud.example/a%2f", "spiffe://fraud.example.evil/a", "SPIFFE://fraud.example/a",
        "spiffe://evil.fraud.example/a", "https://fraud.example/a", "spiffe://fraud.example/a\n"})
    EXPECT_FALSE(IsIdentityName(name, "fraud.example")) << name;
  EXPECT_FALSE(IsIdentityName("spiffe:///a", ""));
}

TEST(Ranges, HoldWhatIsInThemAndNothingBeside) {
  constexpr auto kIp = v1::IDENTIFIER_TYPE_IP;
  constexpr auto kDomain = v1::IDENTIFIER_TYPE_DOMAIN;
  constexpr auto kUrl = v1::IDENTIFIER_TYPE_URL;
  EXPECT_TRUE(IsInRange(kIp, "198.51.100.7", "198.51.100.0/24"));
  EXPECT_FALSE(IsInRange(kIp, "198.51.101.7", "198.51.100.0/24"));
  EXPECT_TRUE(IsInRange(kIp, "2001:db8::1", "2001:db8::/32"));
  EXPECT_FALSE(IsInRange(kIp, "198.51.100.7", "2001:db8::/32"));
  EXPECT_TRUE(IsInRange(kIp, "198.51.100.7", "198.51.100.7"));
  EXPECT_TRUE(IsInRange(kDomain, "bank.example", "bank.example"));
  EXPECT_TRUE(IsInRange(kDomain, "login.bank.example", "bank.example"));
  EXPECT_FALSE(IsInRange(kDomain, "notbank.example", "bank.example"));
  EXPECT_FALSE(IsInRange(kDomain, "example", "bank.example"));
  EXPECT_TRUE(IsInRange(kUrl, "https://login.bank.example:8443/x", "bank.example"));
  EXPECT_FALSE(IsInRange(kUrl, "https://bank.example@evil.example/", "bank.example"));
  EXPECT_FALSE(IsInRange(kUrl, "https://evil.example/bank.example", "bank.example"));
  EXPECT_FALSE(IsInRange(kUrl, "https://evil.example/?@bank.example", "bank.example"));
  EXPECT_TRUE(IsInRange(v1::IDENTIFIER_TYPE_EMAIL, "a@mail.bank.example", "bank.example"));
  EXPECT_TRUE(IsInRange(v1::IDENTIFIER_TYPE_PHONE, "+442071234567", "+4420"));
  EXPECT_FALSE(IsInRange(v1::IDENTIFIER_TYPE_PHONE, "+14420", "+4420"));
  EXPECT_FALSE(IsInRange(v1::IDENTIFIER_TYPE_IBAN, "", "DE37040044"));
}

}  // namespace
}  // namespace ringfence::runtime
