// What a viewer may see holds on every output alike: one table of outputs, one of viewers, and a
// set with every combination of type, action, level and small and larger counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/util/json_util.h"
#include "pipelines/lists/list_update.h"
#include "services/publish/http/http_api_testing.h"
#include "services/publish/queries.h"
#include "services/publish/subscription_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::kNow;
using campaigns::RecordSpec;
using testing::HasSubstr;
using testing::Not;

struct Seen {
  // All that came out, as text.
  std::string text;
  // Does it hold all that the viewer may see of these?
  v1::Action from = v1::ACTION_MONITOR;
  std::vector<v1::IdentifierType> types;
};

std::string Json(const google::protobuf::Message& message) {
  std::string json;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &json).ok());
  return json;
}

class VisibilityTest : public HttpApiTestBase {
 protected:
  struct Listing {
    RecordSpec spec;
    uint32_t count = 0;
  };

  void SetUp() override {
    int number = 0;
    for (const v1::IdentifierType type :
         {v1::IDENTIFIER_TYPE_PHONE, v1::IDENTIFIER_TYPE_DOMAIN, v1::IDENTIFIER_TYPE_IP}) {
      for (int action = v1::ACTION_MONITOR; action <= v1::ACTION_BLOCK; ++action) {
        for (int tlp = v1::TLP_CLEAR; tlp <= v1::TLP_RED; ++tlp) {
          for (const uint32_t count : {2u, 7u}) {
            const int n = 100 + number++;
            RecordSpec spec;
            spec.type = type;
            spec.action = static_cast<v1::Action>(action);
            spec.tlp = static_cast<v1::Tlp>(tlp);
            spec.value = type == v1::IDENTIFIER_TYPE_PHONE ? "+1212555" + std::to_string(1'000 + n)
                         : type == v1::IDENTIFIER_TYPE_DOMAIN
                             ? "host" + std::to_string(n) + ".example"
                             : "192.0.2." + std::to_string(n);
            // Each with one of its own kind, so that both are a campaign.
            spec.root = type == v1::IDENTIFIER_TYPE_PHONE
                            ? "root" + std::to_string(action) + "/" + std::to_string(tlp)
                            : "";
            spec.first_seen = kNow - 1 - static_cast<int64_t>(count);
            spec.partner = "acme";
            spec.incidents = count;
            listings_.push_back({spec, count});
          }
        }
      }
    }
    for (const Listing& listing : listings_) {
      internal::v1::IndicatorRecord record = Upsert(listing.spec);
      v1::Explanation& explanation = *record.mutable_indicator()->mutable_explanation();
      explanation.set_incidents(listing.count);
      explanation.set_reports(listing.count);
      explanation.set_organisations(listing.count);
      v1::RoleEvidence& role = *explanation.add_by_role();
      role.set_incidents(listing.count);
      role.set_organisations(listing.count);
      Append(record);
    }
    // The second before is over: TAXII shows it.
    log_.SetNow(kNow + 2 * core::kSecond);
    Append(campaigns::Mark(kNow + core::kSecond));
    Start();
    feed_options_.cursor_key = "key";
    feed_options_.clock = [] { return kNow; };
    feed_ = std::make_unique<Feed>(feed_options_, *publisher_, publisher_.metrics);
  }
  void TearDown() override { feed_.reset(); }

  static bool MaySee(const Viewer& viewer, const RecordSpec& spec) {
    return spec.tlp <= viewer.clearance && (viewer.types >> spec.type & 1) != 0 &&
           (viewer.is_analyst || spec.action >= v1::ACTION_CHALLENGE);
  }

  Seen Http(const Viewer& viewer, const std::string& target, v1::Action from,
            std::vector<v1::IdentifierType> types = {}) {
    const Answered answered = Whole(api_->AnswerTo(viewer, Request(target)));
    EXPECT_EQ(answered.status, 200) << target << answered.body;
    return {answered.body, from, std::move(types)};
  }
  Seen Numbers(const Viewer& viewer) {
    const Answered answered = Whole(api_->AnswerTo(viewer, Request("/v1/phones.bin")));
    const absl::StatusOr<lists::Update> update = lists::Decode(answered.body);
    EXPECT_TRUE(update.ok());
    std::string text;
    for (const uint64_t number : update->additions) text += "+" + std::to_string(number) + "\n";
    return {text, v1::ACTION_BLOCK, {v1::IDENTIFIER_TYPE_PHONE}};
  }
  Seen Collections(const Viewer& viewer) {
    Seen seen;
    for (const char* alias : {"clear", "green", "amber", "amber-strict", "analysts"}) {
      const std::string path = "/taxii2/ringfence/collections/" + std::string(alias) + "/";
      for (const char* of : {"objects/", "manifest/"}) {
        runtime::HttpRequest request = Request(path + of + "?limit=10000");
        seen.text += Whole(api_->AnswerTo(viewer, request)).body;
      }
    }
    // What is only monitored stands in a collection of the strictest level.
    if (viewer.clearance < v1::TLP_AMBER_STRICT) seen.from = v1::ACTION_CHALLENGE;
    return seen;
  }
  Seen Subscribed(const Viewer& viewer) {
    v1::SubscribeRequest request;
    request.set_consumer("test");
    request.mutable_filter()->set_min_action(v1::ACTION_MONITOR);
    request.mutable_filter()->set_max_tlp(v1::TLP_RED);
    StreamUnderTest stream(*feed_, request, viewer);
    Consumer consumer;
    stream.Follow(consumer);
    Seen seen;
    for (const auto& [id, indicator] : consumer.set) seen.text += Json(indicator) + "\n";
    return seen;
  }
  Seen LookedUp(const Viewer& viewer) {
    v1::LookupRequest request;
    request.mutable_filter()->set_min_action(v1::ACTION_MONITOR);
    request.mutable_filter()->set_max_tlp(v1::TLP_RED);
    for (const Listing& listing : listings_) {
      v1::Identifier& identifier = *request.add_identifiers();
      identifier.set_type(listing.spec.type);
      identifier.set_value(listing.spec.value);
    }
    campaigns::ReadView view(*publisher_->Latest()->state, publisher_->names());
    const auto response = Lookup(request, viewer, view);
    EXPECT_TRUE(response.ok());
    Seen seen;
    // What was asked stands beside the answer.
    for (const v1::LookupResult& result : response->results()) {
      if (result.has_indicator()) seen.text += Json(result.indicator()) + "\n";
    }
    return seen;
  }
  Seen CampaignsAndMembers(const Viewer& viewer) {
    campaigns::ReadView view(*publisher_->Latest()->state, publisher_->names());
    const auto list = ListCampaigns({}, viewer, publisher_->names(), view);
    EXPECT_TRUE(list.ok());
    Seen seen{"", v1::ACTION_MONITOR, {v1::IDENTIFIER_TYPE_PHONE}};
    for (const v1::Campaign& campaign : list->campaigns()) {
      EXPECT_LE(campaign.tlp(), viewer.clearance);
      seen.text += Json(campaign) + "\n";
    }
    for (const Listing& listing : listings_) {
      v1::GetCampaignRequest request;
      request.set_campaign_id(publisher_->names().NameOf(IdOf(listing.spec)));
      request.set_max_indicators(1'000);
      const auto response = GetCampaign(request, viewer, view);
      if (response.ok()) seen.text += Json(*response) + "\n";
    }
    return seen;
  }

  std::vector<Listing> listings_;
  Feed::Options feed_options_;
  std::unique_ptr<Feed> feed_;
};

TEST_F(VisibilityTest, HoldsOnEveryOutput) {
  struct Output {
    const char* name;
    std::function<Seen(const Viewer&)> of;
  };
  constexpr auto kPhoneType = v1::IDENTIFIER_TYPE_PHONE;
  constexpr auto kDomainType = v1::IDENTIFIER_TYPE_DOMAIN;
  constexpr auto kIpType = v1::IDENTIFIER_TYPE_IP;
  const auto http = [this](const char* target, v1::Action from,
                           std::vector<v1::IdentifierType> types = {}) {
    return [=, this](const Viewer& viewer) { return Http(viewer, target, from, types); };
  };
  const Output outputs[] = {
      {"Subscribe", [this](const Viewer& viewer) { return Subscribed(viewer); }},
      {"Lookup", [this](const Viewer& viewer) { return LookedUp(viewer); }},
      {"campaigns", [this](const Viewer& viewer) { return CampaignsAndMembers(viewer); }},
      {"jsonl", http("/v1/indicators.jsonl?min_action=monitor", v1::ACTION_MONITOR)},
      {"csv", http("/v1/indicators.csv?min_action=monitor", v1::ACTION_MONITOR)},
      {"ips", http("/v1/ips.txt", v1::ACTION_CHALLENGE, {kIpType})},
      {"hosts", http("/v1/hosts.txt", v1::ACTION_BLOCK, {kDomainType})},
      {"rpz", http("/v1/rpz.zone", v1::ACTION_BLOCK, {kDomainType})},
      {"phones.csv", http("/v1/phones.csv", v1::ACTION_BLOCK, {kPhoneType})},
      {"phones.bin", [this](const Viewer& viewer) { return Numbers(viewer); }},
      {"taxii", [this](const Viewer& viewer) { return Collections(viewer); }},
  };
  const Viewer viewers[] = {
      {v1::TLP_AMBER_STRICT, true},
      {v1::TLP_GREEN, true},
      {v1::TLP_CLEAR, false},
      {v1::TLP_AMBER, false},
      {v1::TLP_AMBER_STRICT, false},
      {v1::TLP_AMBER_STRICT, false, 1u << kPhoneType | 1u << kIpType},
      {v1::TLP_UNSPECIFIED, false},
  };
  for (const Output& output : outputs) {
    for (const Viewer& viewer : viewers) {
      SCOPED_TRACE(std::string(output.name) + " for clearance " + std::to_string(viewer.clearance) +
                   (viewer.is_analyst ? ", analyst" : ""));
      const Seen seen = output.of(viewer);
      size_t visible = 0;
      for (const Listing& listing : listings_) {
        const RecordSpec& spec = listing.spec;
        if (!MaySee(viewer, spec)) {
          EXPECT_THAT(seen.text, Not(HasSubstr(spec.value)));
          continue;
        }
        const bool is_of_type =
            seen.types.empty() ||
            std::find(seen.types.begin(), seen.types.end(), spec.type) != seen.types.end();
        if (spec.action < seen.from || !is_of_type) continue;
        ++visible;
        EXPECT_THAT(seen.text, HasSubstr(spec.value));
      }
      EXPECT_TRUE(visible > 0 || viewer.clearance < v1::TLP_CLEAR ||
                  (viewer.types != ~uint32_t{0} && seen.types == std::vector{kDomainType}));
      if (viewer.is_analyst) continue;
      // As protobuf's JSON, CSV and STIX write them.
      for (const char* small :
           {"\"incidents\":2", "\"reports\":2", "\"organisations\":2", ",2,2,", "\"count\":2"}) {
        EXPECT_THAT(seen.text, Not(HasSubstr(small)));
      }
    }
  }
}

TEST_F(VisibilityTest, AnalystsSeeExactCounts) {
  const Viewer analyst{v1::TLP_AMBER_STRICT, true};
  EXPECT_THAT(Subscribed(analyst).text, HasSubstr("\"incidents\":2"));
  EXPECT_THAT(LookedUp(analyst).text, HasSubstr("\"organisations\":2"));
  EXPECT_THAT(Http(analyst, "/v1/indicators.csv", v1::ACTION_MONITOR).text, HasSubstr(",2,2,"));
  EXPECT_THAT(Collections(analyst).text, HasSubstr("\"count\":2"));
}

}  // namespace
}  // namespace ringfence::publish
