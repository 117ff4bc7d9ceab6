// What an identity is not given, the console's pages do not show either.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "google/protobuf/util/json_util.h"
#include "ringfence/console/v1/console.pb.h"
#include "services/publish/console/console.h"
#include "services/publish/http/http_api_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::RecordSpec;
using campaigns::Upsert;
using testing::HasSubstr;
using testing::Not;

constexpr char kPhone[] = "+12125550100";
constexpr char kHost[] = "pay.example";

class ClearanceTest : public HttpApiTestBase {
 protected:
  void SetUp() override {
    Start();
    console_ = std::make_unique<Console>(Console::Options(), *publisher_);
    RecordSpec phone;
    phone.value = phone.root = kPhone;
    phone.place = 1;
    Append(Upsert(phone));
    RecordSpec host;
    host.type = v1::IDENTIFIER_TYPE_DOMAIN;
    host.value = host.root = kHost;
    host.place = 2;
    internal::v1::IndicatorRecord in_campaign = Upsert(host);
    const core::Id root = core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, kPhone);
    in_campaign.set_root_hi(root.hi);
    in_campaign.set_root_lo(root.lo);
    Append(in_campaign);
    v1::ListCampaignsResponse list;
    ASSERT_TRUE(
        google::protobuf::util::JsonStringToMessage(Get("/api/v1/campaigns", Analyst()), &list)
            .ok());
    ASSERT_EQ(list.campaigns_size(), 1);
    campaign_ = "/api/v1/campaigns/" + list.campaigns(0).campaign_id();
  }
  std::string Get(const std::string& target, const runtime::Caller& caller) {
    std::optional<runtime::HttpResponse> response = console_->Answer(Request(target), caller);
    if (!response) return "";
    EXPECT_EQ(response->status, 200) << target;
    return Whole(*std::move(response)).body;
  }
  static runtime::Caller PhonesOnly() {
    runtime::Caller caller = Analyst();
    caller.types = uint32_t{1} << v1::IDENTIFIER_TYPE_PHONE;
    return caller;
  }

  std::string campaign_;
  std::unique_ptr<Console> console_;
};

TEST_F(ClearanceTest, OtherTypesAreOnNoPageOfACampaign) {
  for (const char* page : {"", "/graph", "/indicators.csv", "/stix.json"}) {
    EXPECT_THAT(Get(campaign_ + page, Analyst()), HasSubstr(kHost)) << page;
    const std::string shown = Get(campaign_ + page, PhonesOnly());
    EXPECT_THAT(shown, HasSubstr(kPhone)) << page;
    EXPECT_THAT(shown, Not(HasSubstr(kHost))) << page;
  }
}

TEST_F(ClearanceTest, OtherTypesAreNotCounted) {
  console::v1::Overview overview;
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(Get("/api/v1/overview", PhonesOnly()), &overview)
          .ok());
  ASSERT_EQ(overview.counters().types_size(), 1);
  EXPECT_EQ(overview.counters().types(0).type(), v1::IDENTIFIER_TYPE_PHONE);
}

}  // namespace
}  // namespace ringfence::publish
