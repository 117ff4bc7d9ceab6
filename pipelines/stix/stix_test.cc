#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/campaigns/record_testing.h"
#include "pipelines/stix/json_writer.h"
#include "pipelines/stix/objects.h"
#include "pipelines/stix/observable.h"

namespace ringfence::stix {
namespace {

using campaigns::kNow;
using campaigns::RecordSpec;
using campaigns::Removal;
using campaigns::Upsert;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Audience kAmber{v1::TLP_AMBER, false};
constexpr Audience kAnalysts{v1::TLP_AMBER_STRICT, true};

std::vector<Object> Of(const internal::v1::IndicatorRecord& record,
                       const Audience& audience = kAmber,
                       const std::optional<CampaignPlace>& campaign = {}) {
  return Objects("local").OfRecord(record, kNow, campaign, audience);
}

std::vector<std::string> Types(const std::vector<Object>& objects) {
  std::vector<std::string> types;
  for (const Object& object : objects) {
    const bool is_revoked = object.json.find("\"revoked\":true") != std::string::npos;
    types.push_back((is_revoked ? "revoked " : "") + object.Type());
  }
  return types;
}

TEST(JsonWriter, EscapesAndSeparates) {
  JsonWriter json;
  json.BeginObject().Member("a\"b", "x\\y\n\x01").Name("l").BeginArray();
  json.Number(1).Bool(false).String("é\xff").BeginObject().EndObject().EndArray().EndObject();
  EXPECT_EQ(json.Take(),
            "{\"a\\\"b\":\"x\\\\y\\u000a\\u0001\",\"l\":[1,false,\"é\xef\xbf\xbd\",{}]}");
}

// As OASIS's own library (stix2 for Python) makes them.
TEST(Observables, HaveTheIdsThatEverybodyGivesThem) {
  EXPECT_EQ(ObservableOf(v1::IDENTIFIER_TYPE_IP, "198.51.100.3").Id(),
            "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4");
  EXPECT_EQ(ObservableOf(v1::IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "anydesk:123456789").Id(),
            "user-account--59b05113-7744-590f-a22e-64b0447660a7");
}

TEST(Observables, PatternsQuoteAndCoverWhatIsListed) {
  const auto pattern = [](v1::IdentifierType type, const char* value,
                          v1::Scope scope = v1::SCOPE_UNSPECIFIED) {
    return PatternOf(ObservableOf(type, value), scope);
  };
  EXPECT_EQ(pattern(v1::IDENTIFIER_TYPE_URL, "http://a.example/it's\\"),
            "[url:value = 'http://a.example/it\\'s\\\\']");
  EXPECT_EQ(pattern(v1::IDENTIFIER_TYPE_IP, "2001:db8::/64"),
            "[ipv6-addr:value ISSUBSET '2001:db8::/64']");
  EXPECT_EQ(pattern(v1::IDENTIFIER_TYPE_DOMAIN, "a.example", v1::SCOPE_SUBTREE),
            "[domain-name:value = 'a.example' OR domain-name:value LIKE '%.a.example']");
  EXPECT_EQ(pattern(v1::IDENTIFIER_TYPE_PHONE, "+12125550123"),
            "[phone-number:value = '+12125550123']");
  EXPECT_EQ(pattern(v1::IDENTIFIER_TYPE_IBAN, "GB82WEST12345698765432"),
            "[bank-account:iban = 'GB82WEST12345698765432']");
  EXPECT_EQ(pattern(v1::IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "anydesk:123456789"),
            "[user-account:user_id = '123456789' AND user-account:account_type = 'anydesk']");
}

TEST(StixObjects, AreThoseOfAListedIndicator) {
  const RecordSpec spec{.value = "+12125550123"};
  const std::vector<Object> objects = Of(Upsert(spec));
  EXPECT_THAT(Types(objects), ElementsAre("phone-number", "indicator", "sighting"));
  EXPECT_EQ(objects[1].id, "indicator--" + campaigns::IndicatorIdOf(spec));
  EXPECT_EQ(objects[1].version, "2026-03-01T12:00:00.000Z");
  EXPECT_THAT(objects[1].json, HasSubstr("\"valid_from\":\"2026-03-01T11:00:00.000Z\""));
  EXPECT_THAT(objects[1].json, HasSubstr("\"labels\":[\"block\"]"));
  EXPECT_THAT(objects[1].json, HasSubstr("\"object_marking_refs\":[\"" +
                                         std::string(MarkingOf(v1::TLP_GREEN)) + "\"]"));
}

TEST(StixObjects, WhatIsOnlyMonitoredIsNeverAnIndicator) {
  const auto record = Upsert({.value = "+12125550123", .action = v1::ACTION_MONITOR});
  EXPECT_THAT(Of(record), IsEmpty());
  EXPECT_THAT(Types(Of(record, kAnalysts)), ElementsAre("phone-number", "observed-data"));
}

TEST(StixObjects, WhatFallsIsRevokedWithoutItsValue) {
  const auto fallen = Upsert(
      {.value = "+12125550123", .action = v1::ACTION_MONITOR, .peak_action = v1::ACTION_BLOCK});
  const auto removed =
      Removal({.value = "+12125550123", .peak_action = v1::ACTION_BLOCK}, "expired");
  for (const auto& record : {fallen, removed}) {
    const std::vector<Object> objects = Of(record);
    EXPECT_THAT(Types(objects), ElementsAre("revoked indicator", "revoked sighting"));
    EXPECT_EQ(objects[0].id, "indicator--" + campaigns::IndicatorIdOf({.value = "+12125550123"}));
    for (const Object& object : objects) EXPECT_THAT(object.json, Not(HasSubstr("2125550123")));
  }
}

TEST(StixObjects, WhatWasOnlyMonitoredIsTakenBackFromAnalysts) {
  const RecordSpec spec{.value = "+12125550123", .action = v1::ACTION_MONITOR};
  const std::vector<Object> held = Of(Upsert(spec), kAnalysts);
  for (const char* reason : {"retracted", "allowed", "expired"}) {
    const auto removed = Removal(spec, reason);
    EXPECT_THAT(Of(removed), IsEmpty()) << "nobody else has heard of it";
    const std::vector<Object> objects = Of(removed, kAnalysts);
    ASSERT_THAT(Types(objects), ElementsAre("revoked observed-data"));
    EXPECT_EQ(objects[0].id, held[1].id);
    EXPECT_THAT(objects[0].json, Not(HasSubstr("2125550123")));
    // Nor its id, which who guesses the value can make.
    EXPECT_THAT(objects[0].json, Not(HasSubstr(held[0].id)));
    const std::string instead = Objects("local").RevokedObservable(kAnalysts).id;
    EXPECT_THAT(objects[0].json, HasSubstr("\"object_refs\":[\"" + instead + "\"]"));
  }
  const auto red = Upsert({.value = spec.value,
                           .action = v1::ACTION_MONITOR,
                           .tlp = v1::TLP_RED,
                           .least_tlp = v1::TLP_GREEN});
  EXPECT_THAT(Types(Of(red, kAnalysts)), ElementsAre("revoked observed-data"));
}

TEST(StixObjects, AValueThatComesBackHasANewIdAndTheOldStaysRevoked) {
  const RecordSpec spec{.value = "+12125550123", .epoch = 2};
  const std::vector<Object> objects = Of(Upsert(spec));
  EXPECT_THAT(Types(objects), ElementsAre("phone-number", "revoked indicator", "revoked indicator",
                                          "indicator", "sighting"));
  EXPECT_EQ(objects[1].id,
            "indicator--" + campaigns::IndicatorIdOf({.value = spec.value, .epoch = 0}));
  EXPECT_EQ(objects[3].id, "indicator--" + campaigns::IndicatorIdOf(spec));
  EXPECT_LE(Of(Upsert({.value = "+1", .epoch = 99}), kAnalysts).size(), kObjectsOfRecordMax);
}

TEST(StixObjects, ALevelThatAnIndicatorLeavesIsToldSo) {
  const auto record =
      Upsert({.value = "+12125550123", .tlp = v1::TLP_AMBER, .least_tlp = v1::TLP_GREEN});
  EXPECT_THAT(Types(Of(record, {v1::TLP_GREEN, false})),
              ElementsAre("revoked indicator", "revoked sighting"));
  EXPECT_THAT(Types(Of(record)), ElementsAre("phone-number", "indicator", "sighting"));
  // Who cannot have heard of it is told nothing.
  EXPECT_THAT(Of(record, {v1::TLP_CLEAR, false}), IsEmpty());
  EXPECT_THAT(Of(Upsert({.value = "+1", .tlp = v1::TLP_RED}), kAnalysts), IsEmpty());
}

TEST(StixObjects, SmallCountsAreForAnalysts) {
  auto record = Upsert({.value = "+12125550123"});
  v1::Explanation& explanation = *record.mutable_indicator()->mutable_explanation();
  explanation.set_incidents(2);
  explanation.set_organisations(2);
  explanation.set_reports(5);
  const std::vector<Object> others = Of(record);
  EXPECT_THAT(others[1].json, HasSubstr("\"description\":\"5 reports\""));
  EXPECT_THAT(others[2].json, Not(HasSubstr("count")));
  const std::vector<Object> analysts = Of(record, kAnalysts);
  EXPECT_THAT(analysts[1].json, HasSubstr("2 organisations, 2 incidents, 5 reports"));
  EXPECT_THAT(analysts[2].json, HasSubstr("\"count\":2"));
}

TEST(StixObjects, CampaignsGoWithTheirOldestMemberAndAreAsStrictAsTheyAre) {
  const auto record = Upsert({.value = "+12125550123"});
  CampaignPlace campaign{"mj5zc3dtor3ksr5kyyj4c2acdq", v1::TLP_AMBER, kNow, true};
  EXPECT_THAT(Types(Of(record, kAmber, campaign)),
              ElementsAre("phone-number", "indicator", "sighting", "relationship", "campaign"));
  campaign.bears = false;
  EXPECT_THAT(Types(Of(record, kAmber, campaign)),
              ElementsAre("phone-number", "indicator", "sighting", "relationship"));
  EXPECT_THAT(Types(Of(record, {v1::TLP_GREEN, false}, campaign)),
              ElementsAre("phone-number", "indicator", "sighting"));
}

TEST(StixObjects, StaticOnesHoldTheMarkingsOfTheLevel) {
  EXPECT_EQ(Objects("local").Static({v1::TLP_CLEAR, false}).size(), 3U);
  EXPECT_EQ(Objects("local").Static(kAnalysts).size(), 6U);
  EXPECT_NE(Objects("local").Uuid("x"), Objects("other").Uuid("x"));
}

}  // namespace
}  // namespace ringfence::stix
