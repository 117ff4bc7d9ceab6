#include "services/publish/queries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "pipelines/campaigns/read_model.h"
#include "pipelines/campaigns/record_testing.h"
#include "pipelines/core/memory_state.h"

namespace ringfence::publish {
namespace {

using campaigns::IdOf;
using campaigns::kNow;
using campaigns::Removal;
using campaigns::Upsert;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr Viewer kAnalyst{v1::TLP_AMBER_STRICT, true};

class QueriesTest : public testing::Test {
 protected:
  void Apply(const internal::v1::IndicatorRecord& record) {
    ASSERT_TRUE(campaigns::ApplyWritten(model_, 0, offset_, record).ok());
    model_.EndBatch();
  }
  campaigns::ReadView View() { return campaigns::ReadView(state_, names_); }

  absl::StatusOr<v1::LookupResponse> Ask(const v1::LookupRequest& request) {
    campaigns::ReadView view = View();
    return Lookup(request, kAnalyst, view);
  }
  v1::LookupResult AskOne(v1::IdentifierType type, const std::string& value,
                          v1::LookupRequest request = {}) {
    v1::Identifier& identifier = *request.add_identifiers();
    identifier.set_type(type);
    identifier.set_value(value);
    const auto response = Ask(request);
    EXPECT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->results_size(), 1);
    return response->results(0);
  }
  absl::StatusOr<v1::GetCampaignResponse> Get(const v1::GetCampaignRequest& request) {
    campaigns::ReadView view = View();
    return GetCampaign(request, kAnalyst, view);
  }
  absl::StatusOr<v1::ListCampaignsResponse> List(const v1::ListCampaignsRequest& request) {
    campaigns::ReadView view = View();
    return ListCampaigns(request, kAnalyst, names_, view);
  }
  std::string NameOf(const std::string& value) { return names_.NameOf(IdOf({.value = value})); }
  // Two members; the first is the older, and the campaign's name.
  void MakeCampaign(const std::string& name, uint32_t incidents, core::Time last_seen,
                    const std::vector<std::string>& partners, v1::Tlp tlp = v1::TLP_GREEN) {
    internal::v1::IndicatorRecord record = Upsert(
        {.value = name, .tlp = tlp, .first_seen = kNow - 9, .last_seen = last_seen, .root = name});
    record.mutable_share()->set_incidents(incidents);
    for (const std::string& partner : partners) {
      record.mutable_share()->add_partners()->set_partner(partner);
      record.mutable_share()->mutable_partners()->rbegin()->set_incidents(1);
    }
    Apply(record);
    Apply(Upsert(
        {.value = name + "b", .first_seen = kNow - 8, .last_seen = kNow - 99, .root = name}));
  }
  std::vector<std::string> Names(const v1::ListCampaignsResponse& response) {
    std::vector<std::string> names;
    for (const v1::Campaign& campaign : response.campaigns()) {
      for (const char* value : {"a", "b", "c", "d", "e"}) {
        if (campaign.campaign_id() == NameOf(value)) names.push_back(value);
      }
    }
    return names;
  }

  core::MemoryState state_;
  campaigns::ReadModel model_{state_};
  campaigns::CampaignNames names_{{}};
  int64_t offset_ = 0;
};

TEST_F(QueriesTest, FindsWhatIsListedHoweverItIsWritten) {
  Apply(Upsert({.value = "+12125550123"}));
  v1::LookupRequest request;
  v1::Identifier& identifier = *request.add_identifiers();
  identifier.set_type(v1::IDENTIFIER_TYPE_PHONE);
  identifier.set_value("(212) 555-0123");
  identifier.set_region("us");
  const auto response = Ask(request);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->results(0).canonical_value(), "+12125550123");
  EXPECT_EQ(response->results(0).indicator().value(), "+12125550123");
  EXPECT_EQ(response->results(0).problem_code(), "");
}

TEST_F(QueriesTest, NormalisesWithSchemeAndSubAccount) {
  Apply(Upsert({.type = v1::IDENTIFIER_TYPE_SOCIAL_HANDLE, .value = "telegram:crypto_anna"}));
  v1::LookupRequest request;
  v1::Identifier& identifier = *request.add_identifiers();
  identifier.set_type(v1::IDENTIFIER_TYPE_SOCIAL_HANDLE);
  identifier.set_value("@Crypto_Anna");
  identifier.set_scheme("telegram");
  EXPECT_TRUE(Ask(request)->results(0).has_indicator());
}

TEST_F(QueriesTest, AnswersEveryIdentifierInTheRequestsOrder) {
  Apply(Upsert({.type = v1::IDENTIFIER_TYPE_EMAIL, .value = "a@example.com"}));
  v1::LookupRequest request;
  const auto add = [&](v1::IdentifierType type, const std::string& value) {
    v1::Identifier& identifier = *request.add_identifiers();
    identifier.set_type(type);
    identifier.set_value(value);
  };
  add(v1::IDENTIFIER_TYPE_EMAIL, "b@example.com");
  add(v1::IDENTIFIER_TYPE_EMAIL, "A@Example.com");
  add(v1::IDENTIFIER_TYPE_PHONE, "call me");
  add(v1::IDENTIFIER_TYPE_UNSPECIFIED, "x");
  add(static_cast<v1::IdentifierType>(77), "x");
  add(v1::IDENTIFIER_TYPE_PAYMENT_CARD, "4111111111111111");
  add(v1::IDENTIFIER_TYPE_GIFT_CARD, "X1234567");
  const auto response = Ask(request);
  ASSERT_TRUE(response.ok());
  std::vector<std::string> shown;
  for (const v1::LookupResult& result : response->results()) {
    shown.push_back(result.canonical_value() + "|" + result.problem_code() + "|" +
                    (result.has_indicator() ? "listed" : ""));
  }
  EXPECT_THAT(shown, ElementsAre("b@example.com||", "a@example.com||listed", "|phone.not_a_number|",
                                 "|identifier.no_type|", "|enum.unknown|",
                                 "|payment_card.raw_refused|", "|gift_card.raw_refused|"));
}

TEST(LookupCost, IsTheNumberOfIdentifiersAndOneAtLeast) {
  v1::LookupRequest request;
  EXPECT_EQ(CostOf(request), 1u);
  request.add_identifiers();
  EXPECT_EQ(CostOf(request), 1u);
  request.add_identifiers();
  EXPECT_EQ(CostOf(request), 2u);
}

TEST_F(QueriesTest, WhatIsOnlyMonitoredIsNotFoundUnlessAskedFor) {
  Apply(Upsert({.value = "+12125550123", .action = v1::ACTION_MONITOR}));
  EXPECT_FALSE(AskOne(v1::IDENTIFIER_TYPE_PHONE, "+12125550123").has_indicator());
  v1::LookupRequest monitored;
  monitored.mutable_filter()->set_min_action(v1::ACTION_MONITOR);
  EXPECT_TRUE(AskOne(v1::IDENTIFIER_TYPE_PHONE, "+12125550123", monitored).has_indicator());
}

TEST_F(QueriesTest, WhatIsAboveTheClearanceIsNotFound) {
  Apply(Upsert({.value = "+12125550123", .tlp = v1::TLP_RED}));
  v1::LookupRequest red;
  red.mutable_filter()->set_max_tlp(v1::TLP_RED);
  EXPECT_FALSE(AskOne(v1::IDENTIFIER_TYPE_PHONE, "+12125550123", red).has_indicator());
}

TEST_F(QueriesTest, AHostIsFoundThroughTheDomainThatIsListedWithAllBelow) {
  internal::v1::IndicatorRecord record =
      Upsert({.type = v1::IDENTIFIER_TYPE_DOMAIN, .value = "example.com"});
  Apply(record);
  EXPECT_FALSE(AskOne(v1::IDENTIFIER_TYPE_DOMAIN, "login.example.com").has_indicator());
  record.set_place(2);
  record.mutable_indicator()->set_scope(v1::SCOPE_SUBTREE);
  Apply(record);
  const v1::LookupResult result = AskOne(v1::IDENTIFIER_TYPE_DOMAIN, "login.example.com");
  EXPECT_EQ(result.indicator().value(), "example.com");
  EXPECT_EQ(result.canonical_value(), "login.example.com");
  EXPECT_FALSE(AskOne(v1::IDENTIFIER_TYPE_DOMAIN, "example.net").has_indicator());
}

TEST_F(QueriesTest, AtMostFiveHundredAtATime) {
  v1::LookupRequest request;
  for (int i = 0; i < 500; ++i) {
    v1::Identifier& identifier = *request.add_identifiers();
    identifier.set_type(v1::IDENTIFIER_TYPE_IP);
    identifier.set_value("198.51.100.7");
  }
  EXPECT_EQ(Ask(request)->results_size(), 500);
  *request.add_identifiers() = request.identifiers(0);
  EXPECT_EQ(Ask(request).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Ask(request).status().message()), StartsWith("identifiers"));
  EXPECT_THAT(std::string(Ask(request).status().message()), testing::Not(HasSubstr("198")));
}

TEST_F(QueriesTest, GivesThePresentCampaign) {
  MakeCampaign("a", 3, kNow, {});
  v1::GetCampaignRequest request;
  request.set_campaign_id(NameOf("a"));
  request.set_max_indicators(1);
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->campaign().campaign_id(), NameOf("a"));
  EXPECT_EQ(response->campaign().indicators(), 2u);
  EXPECT_EQ(response->superseded_id(), "");
  ASSERT_EQ(response->indicators_size(), 1);
  EXPECT_EQ(response->indicators(0).campaign_id(), NameOf("a"));
}

TEST_F(QueriesTest, AnOldIdLeadsToTheCampaignThatItsIdentifierIsInNow) {
  MakeCampaign("a", 3, kNow, {});
  Apply(Upsert({.value = "x", .first_seen = kNow - 1'000, .root = "a"}));
  v1::GetCampaignRequest request;
  request.set_campaign_id(NameOf("a"));
  const auto response = Get(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->campaign().campaign_id(), NameOf("x"));
  EXPECT_EQ(response->superseded_id(), NameOf("a"));
  EXPECT_EQ(response->indicators_size(), 0);
}

TEST_F(QueriesTest, KnowsNoCampaignThatIsNone) {
  MakeCampaign("r", 1, kNow, {}, v1::TLP_RED);
  Apply(Upsert({.value = "lone", .root = "lone"}));
  v1::GetCampaignRequest request;
  EXPECT_EQ(Get(request).status().code(), absl::StatusCode::kInvalidArgument);
  for (const std::string& id :
       {NameOf("lone"), NameOf("unheard of"), NameOf("r"), std::string("nonsense")}) {
    request.set_campaign_id(id);
    EXPECT_EQ(Get(request).status().code(), absl::StatusCode::kNotFound) << id;
  }
  request.set_max_indicators(1'001);
  EXPECT_THAT(std::string(Get(request).status().message()), StartsWith("max_indicators"));
}

TEST_F(QueriesTest, ListsCampaignsInTheOrderAskedFor) {
  MakeCampaign("a", 5, kNow - 30, {"acme"});
  MakeCampaign("b", 9, kNow - 20, {"acme", "globex"});
  MakeCampaign("c", 7, kNow - 10, {"acme", "globex", "initech"});
  MakeCampaign("e", 99, kNow, {"acme"}, v1::TLP_RED);
  v1::ListCampaignsRequest request;
  EXPECT_THAT(Names(*List(request)), ElementsAre("b", "c", "a"));
  request.set_order(v1::ListCampaignsRequest::ORDER_INCIDENTS);
  EXPECT_THAT(Names(*List(request)), ElementsAre("b", "c", "a"));
  request.set_order(v1::ListCampaignsRequest::ORDER_LAST_SEEN);
  EXPECT_THAT(Names(*List(request)), ElementsAre("c", "b", "a"));
  request.set_order(v1::ListCampaignsRequest::ORDER_ORGANISATIONS);
  EXPECT_THAT(Names(*List(request)), ElementsAre("c", "b", "a"));
  EXPECT_EQ(List(request)->next_page_token(), "");
}

TEST_F(QueriesTest, SeenSinceLeavesOutTheOlder) {
  MakeCampaign("a", 5, kNow - 30, {});
  MakeCampaign("b", 9, kNow - 20, {});
  MakeCampaign("c", 7, kNow - 10, {});
  v1::ListCampaignsRequest request;
  *request.mutable_seen_since() = core::ToProto(kNow - 20);
  EXPECT_THAT(Names(*List(request)), ElementsAre("b", "c"));
  request.set_order(v1::ListCampaignsRequest::ORDER_LAST_SEEN);
  EXPECT_THAT(Names(*List(request)), ElementsAre("c", "b"));
}

TEST_F(QueriesTest, PagesGoOnWhereTheLastEnded) {
  for (const char* name : {"a", "b", "c", "d", "e"}) MakeCampaign(name, 7, kNow, {});
  v1::ListCampaignsRequest request;
  request.set_page_size(2);
  std::vector<std::string> all;
  for (int pages = 1;; ++pages) {
    ASSERT_LE(pages, 3);
    const auto response = List(request);
    ASSERT_TRUE(response.ok()) << response.status();
    for (const std::string& name : Names(*response)) all.push_back(name);
    // What comes and goes meanwhile moves nothing.
    if (pages == 1) {
      Apply(Removal({.value = all.back() + "b", .place = 2}, "expired"));
      MakeCampaign("z", 8, kNow, {});
    }
    if (response->next_page_token().empty()) break;
    request.set_page_token(response->next_page_token());
  }
  EXPECT_THAT(all, testing::UnorderedElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(QueriesTest, ATokenIsGoodForItsOwnRequestOnly) {
  for (const char* name : {"a", "b", "c"}) MakeCampaign(name, 7, kNow, {});
  v1::ListCampaignsRequest request;
  request.set_page_size(1);
  request.set_page_token(List(request)->next_page_token());
  ASSERT_TRUE(List(request).ok());
  v1::ListCampaignsRequest other = request;
  other.set_order(v1::ListCampaignsRequest::ORDER_LAST_SEEN);
  EXPECT_EQ(List(other).status().code(), absl::StatusCode::kInvalidArgument);
  other = request;
  *other.mutable_seen_since() = core::ToProto(kNow);
  EXPECT_EQ(List(other).status().code(), absl::StatusCode::kInvalidArgument);
  other = request;
  other.set_page_token("nonsense");
  EXPECT_THAT(std::string(List(other).status().message()), StartsWith("page_token"));
}

TEST_F(QueriesTest, TokensDoNotShowIdentifiers) {
  for (const char* name : {"a", "b"}) MakeCampaign(name, 7, kNow, {});
  v1::ListCampaignsRequest request;
  request.set_page_size(1);
  std::string token;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(List(request)->next_page_token(), &token));
  for (const char* name : {"a", "b"})
    EXPECT_THAT(token, testing::Not(HasSubstr(IdOf({.value = name}).Bytes())));
}

TEST_F(QueriesTest, RefusalsOfListsNameTheField) {
  v1::ListCampaignsRequest request;
  request.set_order(static_cast<v1::ListCampaignsRequest::Order>(9));
  EXPECT_THAT(std::string(List(request).status().message()), StartsWith("order"));
  request = {};
  request.mutable_seen_since()->set_nanos(-1);
  EXPECT_THAT(std::string(List(request).status().message()), StartsWith("seen_since"));
  request = {};
  request.set_page_size(1'000'000);
  EXPECT_THAT(Names(*List(request)), IsEmpty());
}

}  // namespace
}  // namespace ringfence::publish
