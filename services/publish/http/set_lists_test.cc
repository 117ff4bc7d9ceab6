#include "services/publish/http/set_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "google/protobuf/util/json_util.h"
#include "services/publish/http/answers.h"
#include "services/publish/http/http_api_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::Mark;
using campaigns::RecordSpec;
using campaigns::Upsert;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr v1::IdentifierType kDomain = v1::IDENTIFIER_TYPE_DOMAIN;
constexpr v1::IdentifierType kIp = v1::IDENTIFIER_TYPE_IP;

class SetListsTest : public HttpApiTestBase {
 protected:
  static std::vector<v1::Indicator> Parsed(const std::string& lines) {
    std::vector<v1::Indicator> indicators;
    for (size_t from = 0; from < lines.size();) {
      const size_t end = lines.find('\n', from);
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(lines.substr(from, end - from),
                                                              &indicators.emplace_back())
                      .ok());
      from = end + 1;
    }
    return indicators;
  }
};

TEST_F(SetListsTest, JsonLinesHoldTheWholeSetInOrderOfIds) {
  std::map<std::string, std::string> expected;
  for (int i = 0; i < 3'000; ++i) {
    const internal::v1::IndicatorRecord record =
        Upsert({.value = "+1212555" + std::to_string(1'000 + i), .place = core::Place(i + 1)});
    expected[record.identifier_id()] = record.indicator().SerializeAsString();
    Append(record);
  }
  Start();
  const Answered answered = Get("/v1/indicators.jsonl");
  EXPECT_EQ(answered.status, 200);
  EXPECT_EQ(answered.headers.at("Ringfence-Count"), "3000");
  const std::vector<v1::Indicator> got = Parsed(answered.body);
  ASSERT_EQ(got.size(), expected.size());
  auto it = expected.begin();
  for (const v1::Indicator& indicator : got)
    EXPECT_EQ(indicator.SerializeAsString(), (it++)->second);
}

TEST_F(SetListsTest, TakeTheFilterOfSubscribeWithItsDefaults) {
  Append(Upsert({.value = "+1", .action = v1::ACTION_MONITOR}));
  Append(Upsert({.value = "+2", .action = v1::ACTION_CHALLENGE, .score = 450}));
  Append(Upsert({.value = "+3", .score = 700, .tlp = v1::TLP_AMBER}));
  Append(Upsert({.type = kDomain, .value = "a.example", .tlp = v1::TLP_CLEAR}));
  Append(Upsert({.value = "+9", .tlp = v1::TLP_RED}));
  Start();
  const auto values = [&](const std::string& query) {
    std::string all;
    for (const v1::Indicator& indicator : Parsed(Get("/v1/indicators.jsonl" + query).body))
      all += indicator.value() + " ";
    return all.size() < 2 ? all : all.substr(0, all.size() - 1);
  };
  EXPECT_THAT(values(""), Not(HasSubstr("+1")));
  EXPECT_THAT(values(""), Not(HasSubstr("+9")));
  EXPECT_EQ(Parsed(Get("/v1/indicators.jsonl").body).size(), 3U);
  EXPECT_EQ(Parsed(Get("/v1/indicators.jsonl?min_action=monitor").body).size(), 4U);
  EXPECT_EQ(values("?types=domain"), "a.example");
  EXPECT_EQ(values("?min_action=block&types=phone"), "+3");
  EXPECT_EQ(values("?min_score=701&types=phone,domain"), "a.example");
  EXPECT_EQ(values("?max_tlp=clear"), "a.example");
}

TEST_F(SetListsTest, AWrongQuestionIsRefusedNotWidened) {
  Start();
  for (const char* query :
       {"?min_acton=block", "?min_action=all", "?types=", "?types=phones", "?types=phone,,ip",
        "?min_score=x", "?min_score=1001", "?max_tlp=red", "?types=phone&types=domain"}) {
    const Answered answered = Get("/v1/indicators.jsonl" + std::string(query));
    EXPECT_EQ(answered.status, 400) << query;
  }
  EXPECT_EQ(Get("/v1/ips.txt?min_action=monitor").status, 400);
  EXPECT_EQ(Get("/v1/ips.txt?types=phone").status, 400);
  EXPECT_EQ(Get("/v1/nothing").status, 404);
}

TEST_F(SetListsTest, WhatIsOnlyMonitoredIsOnNoList) {
  Append(Upsert({.type = kIp, .value = "192.0.2.1", .action = v1::ACTION_MONITOR}));
  Append(Upsert({.type = kIp, .value = "192.0.2.2", .action = v1::ACTION_CHALLENGE}));
  Append(Upsert({.type = kDomain, .value = "m.example", .action = v1::ACTION_MONITOR}));
  Append(Upsert({.type = kDomain, .value = "c.example", .action = v1::ACTION_CHALLENGE}));
  Append(Upsert({.type = kDomain, .value = "b.example"}));
  Start();
  EXPECT_EQ(Get("/v1/ips.txt").body, "192.0.2.2\n");
  EXPECT_THAT(Get("/v1/hosts.txt").body, testing::EndsWith(".\n0.0.0.0 b.example\n"));
  EXPECT_THAT(Get("/v1/hosts.txt?min_action=challenge").body, HasSubstr("c.example"));
  EXPECT_THAT(Get("/v1/rpz.zone?min_action=challenge").body, Not(HasSubstr("m.example")));
}

TEST_F(SetListsTest, AZoneCoversWhatIsBelowADomainOnlyWhereThatIsListed) {
  Append(Upsert({.type = kDomain, .value = "host.example"}));
  internal::v1::IndicatorRecord whole = Upsert({.type = kDomain, .value = "whole.example"});
  whole.mutable_indicator()->set_scope(v1::SCOPE_SUBTREE);
  Append(whole);
  Append(Upsert({.type = kDomain, .value = std::string(200, 'x') + ".example"}));
  Append(Mark(campaigns::kNow));
  Start();
  const std::string zone = Get("/v1/rpz.zone").body;
  EXPECT_THAT(zone, StartsWith("$TTL 60\n@ IN SOA localhost. hostmaster.localhost. ( 1772366400 60 "
                               "30 300 60 )\n@ IN NS localhost.\n"));
  EXPECT_THAT(zone, HasSubstr("\nhost.example CNAME .\n"));
  EXPECT_THAT(zone, Not(HasSubstr("*.host.example")));
  EXPECT_THAT(zone, HasSubstr("\n*.whole.example CNAME .\n"));
  // With a zone's own name behind it, it is none.
  EXPECT_THAT(zone, Not(HasSubstr("xxx")));
}

TEST_F(SetListsTest, CsvQuotesWhatNeedsIt) {
  Append(Upsert({.type = v1::IDENTIFIER_TYPE_APP, .value = "store:a,\"b\"", .tlp = v1::TLP_AMBER}));
  Start();
  const std::string csv = Get("/v1/indicators.csv").body;
  EXPECT_THAT(csv, StartsWith("type,value,action,score,tlp,scope,"));
  EXPECT_THAT(csv, HasSubstr("\r\napp,\"store:a,\"\"b\"\"\",block,800,amber,value,"));
}

TEST_F(SetListsTest, NoCellOfCsvIsAFormulaButPhoneNumbersStayAsTheyAre) {
  Append(Upsert({.type = v1::IDENTIFIER_TYPE_SENDER_ID, .value = "=HYPERLINK(1)"}));
  Append(Upsert({.type = v1::IDENTIFIER_TYPE_SENDER_ID, .value = "@sum"}));
  Append(Upsert({.value = "+12125550142"}));
  Start();
  const std::string csv = Get("/v1/indicators.csv").body;
  EXPECT_THAT(csv, HasSubstr("\r\nsender_id,'=HYPERLINK(1),"));
  EXPECT_THAT(csv, HasSubstr("\r\nsender_id,'@sum,"));
  EXPECT_THAT(csv, HasSubstr("\r\nphone,+12125550142,"));
}

TEST_F(SetListsTest, TheTagChangesWithTheContentAndWithNothingElse) {
  Append(Upsert({.value = "+1", .place = 1}));
  Start();
  const std::string tag = Get("/v1/indicators.jsonl").etag;
  Append(Mark(campaigns::kNow));
  EXPECT_EQ(Get("/v1/indicators.jsonl").etag, tag);
  EXPECT_NE(Get("/v1/indicators.csv").etag, tag);
  EXPECT_NE(Get("/v1/indicators.jsonl?min_action=block").etag, tag);
  Append(Upsert({.value = "+1", .place = 2}));
  EXPECT_NE(Get("/v1/indicators.jsonl").etag, tag);
}

TEST_F(SetListsTest, SayHowLongTheyMayBeUsedAndWhereToGoOn) {
  Append(Upsert({.value = "+1"}));
  Append(Mark(campaigns::kNow));
  Start();
  const auto headers = Get("/v1/indicators.jsonl").headers;
  EXPECT_EQ(headers.at("Cache-Control"), "private, max-age=300, must-revalidate");
  EXPECT_EQ(headers.at("Expires"), "Sun, 01 Mar 2026 12:05:00 GMT");
  EXPECT_EQ(headers.at("Ringfence-As-Of"), "2026-03-01T12:00:00.000000Z");
  const Cursors cursors("key", publisher_->incarnation(), publisher_->partitions());
  const auto cursor = cursors.Decode(headers.at("Ringfence-Cursor"));
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->offsets, publisher_->Latest()->offsets);
}

TEST_F(SetListsTest, NobodyGetsAShortList) {
  Append(Upsert({.value = "+1"}));
  log_.FailReads(absl::StatusCode::kUnavailable);
  ASSERT_TRUE(publisher_.Start().ok());
  api_ = std::make_unique<HttpApi>(options_, *publisher_);
  EXPECT_EQ(Get("/v1/indicators.jsonl").status, 503);
  log_.FailReads(absl::StatusCode::kOk);
  publisher_.AwaitApplied();
  EXPECT_EQ(Get("/v1/indicators.jsonl").status, 200);
  log_.FailReads(absl::StatusCode::kDataLoss);
  while (!publisher_.HasStopped()) std::this_thread::yield();
  EXPECT_EQ(Get("/v1/indicators.jsonl").status, 503);
}

TEST_F(SetListsTest, NobodyGetsAListOfWhichNothingMoreIsHeard) {
  core::Time now = campaigns::kNow;
  options_.clock = [&now] { return now; };
  Append(Upsert({.value = "+1"}));
  Append(Mark(campaigns::kNow));
  Start();
  now += 65 * core::kSecond;
  EXPECT_EQ(Get("/v1/indicators.jsonl").headers.at("Cache-Control"),
            "private, max-age=240, must-revalidate");
  EXPECT_THAT(Get("/v1/rpz.zone").body, HasSubstr(" 60 30 240 60 )"));
  now += core::kHour;
  for (const char* path : {"/v1/indicators.jsonl", "/v1/rpz.zone", "/v1/phones.bin", "/taxii2/"})
    EXPECT_EQ(Get(path).status, 503) << path;
}

TEST_F(SetListsTest, CountsBelowThreeAreForAnalysts) {
  RecordSpec spec{.value = "+1"};
  internal::v1::IndicatorRecord record = Upsert(spec);
  v1::Explanation& explanation = *record.mutable_indicator()->mutable_explanation();
  explanation.set_incidents(3);
  explanation.set_reports(4);
  explanation.set_organisations(2);
  explanation.add_by_role()->set_incidents(1);
  Append(record);
  Append(Upsert({.value = "+2", .action = v1::ACTION_MONITOR}));
  Start();
  const Cursors cursors("key", "", 1);
  const ListSource source{*publisher_, cursors, options_.clock};
  const auto get = [&](bool is_analyst) {
    return Whole(*AnswerSetList(source, Request("/v1/indicators.jsonl?min_action=monitor"),
                                {v1::TLP_AMBER, is_analyst}));
  };
  EXPECT_EQ(Parsed(get(true).body).size(), 2U);
  const std::vector<v1::Indicator> others = Parsed(get(false).body);
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others[0].explanation().incidents(), 3U);
  EXPECT_EQ(others[0].explanation().reports(), 4U);
  EXPECT_EQ(others[0].explanation().organisations(), 0U);
  EXPECT_EQ(others[0].explanation().by_role(0).incidents(), 0U);
  EXPECT_NE(get(true).etag, get(false).etag);
}

}  // namespace
}  // namespace ringfence::publish
