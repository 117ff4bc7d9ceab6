#include "services/publish/console/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "google/protobuf/util/json_util.h"
#include "ringfence/console/v1/console.pb.h"
#include "services/publish/console/pages.h"
#include "services/publish/decision_book.h"
#include "services/publish/http/http_api_testing.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::RecordSpec;
using campaigns::Removal;
using campaigns::Upsert;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ConsoleTest : public HttpApiTestBase {
 protected:
  void Start() {
    HttpApiTestBase::Start();
    Console::Options options;
    options.events.state_every = std::chrono::milliseconds(0);
    options.events.step = std::chrono::milliseconds(20);
    options.events.streams_max = 2;
    console_ = std::make_unique<Console>(options, *publisher_);
  }
  runtime::HttpResponse Ask(const runtime::HttpRequest& request) {
    std::optional<runtime::HttpResponse> response = console_->Answer(request, Analyst());
    EXPECT_TRUE(response.has_value()) << request.path;
    return response ? *std::move(response) : runtime::HttpResponse();
  }
  Answered Get(const std::string& target) { return Whole(Ask(Request(target))); }
  static runtime::HttpRequest Posting(const std::string& path, const std::string& body) {
    runtime::HttpRequest request = Request(path);
    request.method = "POST";
    request.headers.emplace("content-type", "application/json");
    request.body = body;
    return request;
  }
  template <typename Message>
  static Message Parsed(const Answered& answered) {
    EXPECT_EQ(answered.status, 200) << answered.body;
    Message message;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(answered.body, &message).ok())
        << answered.body;
    return message;
  }
  void Put(RecordSpec spec) {
    spec.place = ++place_;
    Append(Upsert(spec));
  }
  // Members on bases of their own, reported by these partners.
  void PutCampaign(const std::string& root, const std::vector<std::string>& partners,
                   v1::Tlp tlp = v1::TLP_GREEN) {
    for (size_t i = 0; i < partners.size(); ++i) {
      RecordSpec spec;
      spec.value = root + std::to_string(i);
      spec.root = root;
      spec.partner = partners[i];
      spec.tlp = tlp;
      spec.incidents = 3;
      Put(spec);
    }
  }
  std::string OnlyCampaign() {
    const auto listed = Parsed<v1::ListCampaignsResponse>(Get("/api/v1/campaigns"));
    EXPECT_EQ(listed.campaigns_size(), 1);
    return listed.campaigns_size() == 0 ? "" : listed.campaigns(0).campaign_id();
  }

  core::Place place_ = 0;
  std::unique_ptr<Console> console_;
};

TEST_F(ConsoleTest, OverviewCountsWhatThereIs) {
  Start();
  EXPECT_EQ(Parsed<console::v1::Overview>(Get("/api/v1/overview")).counters().blocked(), 0u);
  PutCampaign("+1212555010", {"bank", "maker"});
  RecordSpec watched;
  watched.type = v1::IDENTIFIER_TYPE_DOMAIN;
  watched.value = "one.example";
  watched.action = v1::ACTION_MONITOR;
  Put(watched);
  const auto overview = Parsed<console::v1::Overview>(Get("/api/v1/overview"));
  EXPECT_EQ(overview.counters().blocked(), 2u);
  EXPECT_EQ(overview.counters().monitored(), 1u);
  EXPECT_EQ(overview.counters().campaigns(), 1u);
  ASSERT_EQ(overview.campaigns_size(), 1);
  EXPECT_EQ(overview.campaigns(0).organisations(), 2u);
}

TEST_F(ConsoleTest, NewsAreTheLatestFirstAndTellWhatWent) {
  Start();
  RecordSpec first;
  first.value = "+12125550101";
  Put(first);
  RecordSpec second;
  second.value = "+12125550102";
  Put(second);
  first.place = ++place_;
  Append(Removal(first, "retracted"));
  RecordSpec watched;
  watched.value = "+12125550103";
  watched.action = v1::ACTION_MONITOR;
  Put(watched);
  const auto overview = Parsed<console::v1::Overview>(Get("/api/v1/overview"));
  ASSERT_EQ(overview.news_size(), 2);
  EXPECT_EQ(overview.news(0).removal().value(), "+12125550101");
  EXPECT_EQ(overview.news(0).removal().reason(), "retracted");
  EXPECT_EQ(overview.news(1).indicator().value(), "+12125550102");
}

TEST_F(ConsoleTest, OverlapCountsCampaignsThatPairsShare) {
  Start();
  PutCampaign("+1212555010", {"bank", "maker"});
  PutCampaign("+1212555020", {"bank", "maker", "telco"});
  PutCampaign("+1212555030", {"telco", "telco"});
  PutCampaign("+1212555040", {"bank", "secret"}, v1::TLP_RED);
  const auto overlap = Parsed<console::v1::Overview>(Get("/api/v1/overview")).overlap();
  ASSERT_EQ(overlap.organisations_size(), 3);
  std::map<std::string, int> place;
  for (int i = 0; i < 3; ++i) place[overlap.organisations(i).organisation()] = i;
  ASSERT_EQ(place.count("secret"), 0u);
  EXPECT_EQ(overlap.organisations(place["bank"]).campaigns(), 2u);
  EXPECT_EQ(overlap.organisations(place["telco"]).alone(), 1u);
  std::map<std::set<std::string>, uint32_t> pairs;
  for (const auto& pair : overlap.pairs()) {
    pairs[{overlap.organisations(static_cast<int>(pair.first())).organisation(),
           overlap.organisations(static_cast<int>(pair.second())).organisation()}] =
        pair.campaigns();
  }
  const std::map<std::set<std::string>, uint32_t> kExpected = {
      {{"bank", "maker"}, 2}, {{"bank", "telco"}, 1}, {{"maker", "telco"}, 1}};
  EXPECT_EQ(pairs, kExpected);
}

TEST_F(ConsoleTest, OverlapCountsIncidentsThatPairsShare) {
  Start();
  for (int i = 0; i < 4; ++i) {
    RecordSpec spec;
    spec.value = "+121255501" + std::to_string(10 + i);
    spec.root = i < 2 ? "+12125550110" : "+12125550112";
    spec.partner = i % 2 == 0 ? "bank" : "maker";
    spec.place = ++place_;
    internal::v1::IndicatorRecord record = Upsert(spec);
    internal::v1::PartnerPair& pair = *record.mutable_share()->add_pairs();
    pair.set_first("bank");
    pair.set_second("maker");
    pair.set_incidents(static_cast<uint32_t>(i));
    Append(record);
  }
  const auto overlap = Parsed<console::v1::Overview>(Get("/api/v1/overview")).overlap();
  ASSERT_EQ(overlap.pairs_size(), 1);
  EXPECT_EQ(overlap.pairs(0).campaigns(), 2u);
  EXPECT_EQ(overlap.pairs(0).incidents(), 6u);
}

TEST_F(ConsoleTest, CampaignHasItsMembersBestFirst) {
  Start();
  PutCampaign("+1212555010", {"bank", "maker", "telco"});
  RecordSpec best;
  best.value = "+12125550109";
  best.root = "+1212555010";
  best.score = 900;
  Put(best);
  const std::string id = OnlyCampaign();
  const auto page = Parsed<console::v1::CampaignPage>(Get("/api/v1/campaigns/" + id));
  EXPECT_EQ(page.campaign().indicators(), 4u);
  ASSERT_EQ(page.indicators_size(), 4);
  EXPECT_EQ(page.indicators(0).value(), "+12125550109");
  EXPECT_EQ(page.indicators(0).campaign_id(), id);
  ASSERT_EQ(page.organisations_size(), 3);
  EXPECT_EQ(page.organisations(0).organisation(), "bank");
  ASSERT_EQ(page.types_size(), 1);
  EXPECT_EQ(page.types(0).blocked(), 4u);
  ASSERT_EQ(page.days_size(), 2);
  EXPECT_EQ(page.days(0).day(), "2026-02-28");
  EXPECT_EQ(page.days(0).first_seen(), 4u);
  EXPECT_EQ(page.days(1).last_seen(), 4u);
  const auto graph = Parsed<console::v1::CampaignGraph>(Get("/api/v1/campaigns/" + id + "/graph"));
  EXPECT_EQ(graph.values(0), "+12125550109");
  EXPECT_EQ(graph.bases_size(), 4);
}

TEST_F(ConsoleTest, MembersAboveTheClearanceAreCountedAndNotShown) {
  Start();
  PutCampaign("+1212555010", {"bank", "maker"});
  RecordSpec red;
  red.value = "+12125550109";
  red.root = "+1212555010";
  red.tlp = v1::TLP_RED;
  Put(red);
  // The campaign is as strict as its strictest member.
  EXPECT_EQ(Parsed<v1::ListCampaignsResponse>(Get("/api/v1/campaigns")).campaigns_size(), 0);
  EXPECT_THAT(Get("/api/v1/overview").body, Not(HasSubstr("+12125550109")));
}

TEST_F(ConsoleTest, CampaignExportsAreWhole) {
  Start();
  PutCampaign("+1212555010", {"bank", "maker"});
  const std::string id = OnlyCampaign();
  const Answered csv = Get("/api/v1/campaigns/" + id + "/indicators.csv");
  EXPECT_EQ(csv.status, 200);
  EXPECT_THAT(csv.headers.at("Content-Disposition"), HasSubstr(id + ".csv"));
  EXPECT_THAT(csv.body, HasSubstr("phone,+12125550100,block"));
  EXPECT_THAT(csv.body, HasSubstr(id));
  const Answered bundle = Get("/api/v1/campaigns/" + id + "/stix.json");
  EXPECT_THAT(bundle.body, HasSubstr("\"type\":\"campaign\""));
  EXPECT_THAT(bundle.body, HasSubstr("+12125550101"));
}

TEST_F(ConsoleTest, SearchReadsValuesAsPeopleWriteThem) {
  Start();
  RecordSpec spec;
  spec.value = "+12125550142";
  spec.action = v1::ACTION_MONITOR;
  Put(spec);
  const auto answer = Parsed<console::v1::SearchAnswer>(Whole(
      Ask(Posting("/api/v1/lookup",
                  R"({"text":" (212) 555-0142 \n\nhxxps://a[.]example/x\n@","region":"us"})"))));
  ASSERT_EQ(answer.results_size(), 3);
  EXPECT_EQ(answer.results(0).asked(), "(212) 555-0142");
  ASSERT_EQ(answer.results(0).readings_size(), 1);
  EXPECT_EQ(answer.results(0).readings(0).result().indicator().value(), "+12125550142");
  std::vector<std::string> read;
  for (const auto& reading : answer.results(1).readings())
    read.push_back(reading.result().canonical_value());
  EXPECT_THAT(read, ElementsAre("https://a.example/x", "a.example"));
  ASSERT_EQ(answer.results(2).readings_size(), 1);
  EXPECT_NE(answer.results(2).readings(0).result().problem_code(), "");
}

TEST_F(ConsoleTest, PostsOfOtherSitesAreRefused) {
  Start();
  runtime::HttpRequest form = Posting("/api/v1/lookup", R"({"text":"x"})");
  form.headers.erase("content-type");
  form.headers.emplace("content-type", "text/plain");
  EXPECT_EQ(Ask(form).status, 400);
  runtime::HttpRequest foreign = Posting("/api/v1/lookup", R"({"text":"x"})");
  foreign.headers.emplace("origin", "https://elsewhere.example");
  EXPECT_EQ(Ask(foreign).status, 403);
  runtime::HttpRequest own = Posting("/api/v1/lookup", R"({"text":"x"})");
  own.headers.emplace("origin", "http://127.0.0.1:7780");
  EXPECT_EQ(Ask(own).status, 200);
  EXPECT_EQ(Ask(Posting("/api/v1/lookup", R"({"texts":"x"})")).status, 400);
  EXPECT_EQ(Ask(Posting("/api/v1/overview", "{}")).status, 405);
}

TEST_F(ConsoleTest, EventsTellOfChangesAndAreFew) {
  Start();
  runtime::HttpResponse stream = Ask(Request("/api/v1/events"));
  EXPECT_EQ(stream.content_type, "text/event-stream");
  std::string told;
  while (told.empty()) ASSERT_TRUE(*stream.next(told));
  EXPECT_THAT(told, HasSubstr("event: state\ndata: {"));
  PutCampaign("+1212555010", {"bank", "maker"});
  told.clear();
  while (told.find("\"blocked\":2") == std::string::npos) ASSERT_TRUE(*stream.next(told));
  {
    const runtime::HttpResponse second = Ask(Request("/api/v1/events"));
    EXPECT_EQ(second.status, 200);
    EXPECT_EQ(Ask(Request("/api/v1/events")).status, 503);
  }
  EXPECT_EQ(Ask(Request("/api/v1/events")).status, 200);
}

TEST_F(ConsoleTest, EveryViewIsOnePageThatMayLoadNothingFromElsewhere) {
  Start();
  for (const char* path : {"/console/", "/console/campaigns/x", "/console/search"}) {
    const Answered page = Get(path);
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
    EXPECT_THAT(page.headers.at("Content-Security-Policy"), HasSubstr("default-src 'none'"));
    EXPECT_THAT(page.headers.at("Content-Security-Policy"), Not(HasSubstr("unsafe")));
    EXPECT_THAT(page.body, Not(HasSubstr("//")));
  }
  EXPECT_EQ(Get("/").headers.at("Location"), "/console/");
  EXPECT_EQ(Get("/console/assets/none.js").status, 404);
  EXPECT_FALSE(console_->Answer(Request("/v1/indicators.csv"), Analyst()).has_value());
  EXPECT_EQ(Get("/api/v1/nothing").status, 404);
}

// Consumers are known to who serves them, decisions to who takes them.
TEST_F(ConsoleTest, WithoutConsumersAndDecisionsThereAreNoPages) {
  Start();
  EXPECT_EQ(Get("/api/v1/consumers").status, 404);
  EXPECT_EQ(Get("/api/v1/overrides").status, 404);
  EXPECT_EQ(Get("/api/v1/held").status, 404);
  const auto session = Parsed<console::v1::Session>(Get("/api/v1/session"));
  EXPECT_TRUE(session.operator_());
  EXPECT_THAT(session.features(), Not(testing::Contains("overrides")));
}

class OverrideAnswersTest : public ConsoleTest {
 protected:
  void Start() {
    ConsoleTest::Start();
    auto log = runtime::EmbeddedLog::Open({.dir = folder_.path(),
                                           .clock = [] { return campaigns::kNow; },
                                           .memory = runtime::MakeRocksMemory({}),
                                           .reserve_bytes = 0});
    ASSERT_TRUE(log.ok()) << log.status();
    decisions_log_ = *std::move(log);
    for (const std::string_view topic :
         {runtime::kOverridesTopic, runtime::kDedupeTopic, runtime::kClusterTopic}) {
      ASSERT_TRUE(decisions_log_->CreateTopic(std::string(topic), {}).ok());
    }
    DecisionBook::Options book;
    book.clock = [] { return campaigns::kNow; };
    auto started = DecisionBook::Start(book, *decisions_log_);
    ASSERT_TRUE(started.ok()) << started.status();
    book_ = *std::move(started);
    Operators::Options operators;
    operators.clock = book.clock;
    operators.audit = &audit_;
    operators.count_held = [](const auto&...) { return 2; };
    operators_ = std::make_unique<Operators>(std::move(operators), *book_);
    MakeConsole(nullptr);
  }
  void MakeConsole(HeldAnswers::List list_held) {
    Console::Options options;
    options.operators = operators_.get();
    options.list_held = std::move(list_held);
    options.consumers = [] {
      v1::ListConsumersResponse response;
      response.add_consumers()->set_consumer("blocker");
      return response;
    };
    console_ = std::make_unique<Console>(options, *publisher_);
  }
  runtime::HttpResponse AskAs(internal::v1::Role role, const runtime::HttpRequest& request) {
    runtime::Caller caller = Analyst();
    caller.is_local = false;
    caller.role = role;
    caller.name = "spiffe://t/somebody";
    return *console_->Answer(request, caller);
  }

  runtime::TemporaryFolder folder_;
  std::unique_ptr<runtime::EmbeddedLog> decisions_log_;
  std::unique_ptr<DecisionBook> book_;
  struct : AuditSink {
    absl::Status Record(const AuditEntry& entry) override {
      entries.push_back(entry.who + " " + entry.what + " " + entry.subject + " " + entry.why);
      return absl::OkStatus();
    }
    std::vector<std::string> entries;
  } audit_;
  std::unique_ptr<Operators> operators_;
};

constexpr char kAllowOne[] =
    R"({"override": {"type": "IDENTIFIER_TYPE_PHONE", "value": "+1 212 555 0123",
        "effect": "EFFECT_ALLOW", "reason": "our own"}})";

TEST_F(OverrideAnswersTest, OperatorsDecideAndAnalystsRead) {
  Start();
  const auto put = AskAs(internal::v1::ROLE_OPERATOR, Posting("/api/v1/overrides", kAllowOne));
  EXPECT_EQ(put.status, 200) << put.body;
  EXPECT_THAT(put.body, HasSubstr("+12125550123"));
  const auto listed = AskAs(internal::v1::ROLE_ANALYST, Request("/api/v1/overrides"));
  EXPECT_THAT(listed.body, HasSubstr("\"setBy\":\"spiffe://t/somebody\""));
  EXPECT_EQ(AskAs(internal::v1::ROLE_ANALYST, Posting("/api/v1/overrides", kAllowOne)).status, 403);
  EXPECT_EQ(AskAs(internal::v1::ROLE_CONSUMER, Request("/api/v1/overrides")).status, 403);
  EXPECT_EQ(AskAs(internal::v1::ROLE_CONSUMER, Request("/api/v1/consumers")).status, 403);
  EXPECT_THAT(Get("/api/v1/consumers").body, HasSubstr("blocker"));

  const std::string which = R"({"type": "IDENTIFIER_TYPE_PHONE", "value": "+12125550123")";
  const auto no_reason =
      AskAs(internal::v1::ROLE_OPERATOR, Posting("/api/v1/overrides/delete", which + "}"));
  EXPECT_EQ(no_reason.status, 400);
  EXPECT_THAT(no_reason.body, HasSubstr("reason"));
  const auto ended = AskAs(internal::v1::ROLE_OPERATOR,
                           Posting("/api/v1/overrides/delete", which + R"(, "reason": "sold"})"));
  EXPECT_EQ(ended.status, 200) << ended.body;
  EXPECT_EQ(AskAs(internal::v1::ROLE_ANALYST, Request("/api/v1/overrides")).body, "{}");
}

TEST_F(OverrideAnswersTest, WhatIsWrongIsNamedAndOtherSitesAreRefused) {
  Start();
  auto wrong = AskAs(internal::v1::ROLE_OPERATOR,
                     Posting("/api/v1/overrides", R"({"override": {"value": "+12125550123"}})"));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr("override.type"));
  runtime::HttpRequest foreign = Posting("/api/v1/overrides", kAllowOne);
  foreign.headers.emplace("origin", "https://elsewhere.example");
  EXPECT_EQ(AskAs(internal::v1::ROLE_OPERATOR, foreign).status, 403);
}

TEST_F(OverrideAnswersTest, HeldReportsAnalystsReadAndOperatorsDecide) {
  Start();
  int lists = 0;
  MakeConsole([&lists] {
    v1::ListHeldResponse held;
    held.add_partners()->set_partner("bank");
    held.mutable_partners(0)->set_waiting(2);
    ++lists;
    return held;
  });
  const auto listed = AskAs(internal::v1::ROLE_ANALYST, Request("/api/v1/held"));
  EXPECT_EQ(listed.status, 200);
  EXPECT_EQ(listed.body, R"({"partners":[{"partner":"bank","waiting":"2"}]})");
  // It looks through all that is held: who asks again gets what there is.
  EXPECT_EQ(AskAs(internal::v1::ROLE_OPERATOR, Request("/api/v1/held")).status, 200);
  EXPECT_EQ(lists, 1);
  EXPECT_THAT(Get("/api/v1/session").body, HasSubstr("\"held\""));

  const auto release = Posting("/api/v1/held", R"({"partner": "bank", "reason": "a backlog"})");
  const auto released = AskAs(internal::v1::ROLE_OPERATOR, release);
  EXPECT_EQ(released.status, 200) << released.body;
  EXPECT_EQ(released.body, R"({"reports":"2"})");
  const auto dropped =
      AskAs(internal::v1::ROLE_OPERATOR,
            Posting("/api/v1/held", R"({"partner": "bank", "drop": true, "reason": "made up",
                                  "receivedUntil": "2020-01-01T00:00:00Z"})"));
  EXPECT_EQ(dropped.status, 200) << dropped.body;
  EXPECT_EQ(AskAs(internal::v1::ROLE_ANALYST, release).status, 403);
  for (const auto role : {internal::v1::ROLE_CONSUMER, internal::v1::ROLE_PARTNER}) {
    EXPECT_EQ(AskAs(role, Request("/api/v1/held")).status, 403);
    EXPECT_EQ(AskAs(role, release).status, 403);
  }
  EXPECT_THAT(audit_.entries, ElementsAre("spiffe://t/somebody held.release bank a backlog",
                                          "spiffe://t/somebody held.drop bank made up"));
}

TEST_F(OverrideAnswersTest, WhatIsWrongAboutHeldReportsIsNamed) {
  Start();
  const std::pair<const char*, const char*> kWrong[] = {
      {R"({"partner": "Bank!", "reason": "x"})", "partner: "},
      {R"({"reason": "x"})", "partner: "},
      {R"({"partner": "bank"})", "reason: "},
      {R"({"partner": "bank", "reason": "x", "receivedFrom": "2020-01-02T00:00:00Z",
           "receivedUntil": "2020-01-01T00:00:00Z"})",
       "received_until: "},
      {R"({"partner": "bank", "reason": "x", "release": true})", "body: "}};
  for (const auto& [body, said] : kWrong) {
    const auto answer = AskAs(internal::v1::ROLE_OPERATOR, Posting("/api/v1/held", body));
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(answer.body, HasSubstr(said)) << body;
  }
  runtime::HttpRequest foreign =
      Posting("/api/v1/held", R"({"partner": "bank", "reason": "a backlog"})");
  foreign.headers.emplace("origin", "https://elsewhere.example");
  EXPECT_EQ(AskAs(internal::v1::ROLE_OPERATOR, foreign).status, 403);
  runtime::HttpRequest put = Request("/api/v1/held");
  put.method = "PUT";
  EXPECT_EQ(AskAs(internal::v1::ROLE_OPERATOR, put).status, 405);
  EXPECT_THAT(audit_.entries, testing::IsEmpty());
}

// Publish as a process of its own.
TEST_F(OverrideAnswersTest, WithoutDedupeHeldReportsAreDecidedAboutAndNotListed) {
  Start();
  const auto listed = AskAs(internal::v1::ROLE_ANALYST, Request("/api/v1/held"));
  EXPECT_EQ(listed.status, 501);
  EXPECT_THAT(listed.body, HasSubstr("cannot be listed here"));
  EXPECT_EQ(AskAs(internal::v1::ROLE_CONSUMER, Request("/api/v1/held")).status, 403);
  EXPECT_THAT(Get("/api/v1/session").body, Not(HasSubstr("\"held\"")));
  const auto released =
      AskAs(internal::v1::ROLE_OPERATOR,
            Posting("/api/v1/held", R"({"partner": "bank", "reason": "a backlog"})"));
  EXPECT_EQ(released.status, 200) << released.body;
  EXPECT_EQ(audit_.entries.size(), 1u);
}

TEST_F(OverrideAnswersTest, AListThatCannotBeReadIsAnError) {
  Start();
  MakeConsole([] { return absl::UnavailableError("the state is being restored"); });
  const auto listed = AskAs(internal::v1::ROLE_ANALYST, Request("/api/v1/held"));
  EXPECT_EQ(listed.status, 503);
  EXPECT_THAT(listed.body, HasSubstr("being restored"));
}

}  // namespace
}  // namespace ringfence::publish
