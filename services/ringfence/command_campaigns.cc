#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "services/ringfence/client.h"
#include "services/ringfence/commands.h"
#include "services/ringfence/indicator_text.h"
#include "services/ringfence/options.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr char kFooter[] =
    R"(Without an id: a table of campaigns. With one: that campaign and
its indicators, best score first. An id of a campaign that has become part of another leads to
that one.

Exit status: 0 answered; 2 wrong use; 3 no answer, or no such campaign.

Examples:
  ringfence campaigns --order organisations --limit 10
  ringfence campaigns mj5zc3dtor3ksr5kyyj4c2acdq --members 50
  ringfence campaigns --json --limit 1000)";

constexpr uint32_t kPageMax = 500;

const std::map<std::string, v1::ListCampaignsRequest::Order> kOrders = {
    {"incidents", v1::ListCampaignsRequest::ORDER_INCIDENTS},
    {"last-seen", v1::ListCampaignsRequest::ORDER_LAST_SEEN},
    {"organisations", v1::ListCampaignsRequest::ORDER_ORGANISATIONS},
};

struct Arguments {
  Endpoint server;
  std::string id;
  std::string order = "incidents";
  uint32_t limit = 20;
  uint32_t members = 20;
  bool json = false;
};

template <typename Words, typename Word>
std::string Joined(const Words& words, Word word) {
  std::string text;
  for (const auto& one : words) text += (text.empty() ? "" : ", ") + word(one);
  return text.empty() ? "-" : text;
}

std::string Countries(const v1::Campaign& campaign) {
  return Joined(campaign.victims_by_country(), [](const v1::CountryCount& count) {
    return fmt::format("{} {}", Printable(count.country()), CountWord(count.incidents()));
  });
}

std::string Losses(const v1::Campaign& campaign) {
  return Joined(campaign.losses(), [](const v1::AmountTotal& total) {
    return fmt::format("{} {}", Printable(total.amount()), Printable(total.currency()));
  });
}

std::string Brands(const v1::Campaign& campaign) {
  return Joined(campaign.impersonated(), [](const std::string& brand) { return Printable(brand); });
}

std::string Scams(const v1::Campaign& campaign) {
  std::string text;
  for (int type : campaign.scam_types())
    text += (text.empty() ? "" : ", ") + ScamWord(static_cast<v1::ScamType>(type));
  return text.empty() ? "-" : text;
}

void PrintCampaign(const v1::GetCampaignResponse& response) {
  const v1::Campaign& campaign = response.campaign();
  if (!response.superseded_id().empty()) {
    fmt::print("{} is now part of\n", Printable(response.superseded_id()));
  }
  fmt::print("campaign       {}\n", Printable(campaign.campaign_id()));
  fmt::print("organisations  {}\n", CountWord(campaign.organisations()));
  fmt::print("incidents      {} in {}\n", CountWord(campaign.incidents()),
             CountOf(campaign.reports(), "report"));
  fmt::print("victims        {}\n", Countries(campaign));
  fmt::print("losses         {}\n", Losses(campaign));
  fmt::print("scams          {}\n", Scams(campaign));
  fmt::print("impersonated   {}\n", Brands(campaign));
  fmt::print("seen           {} to {}\n", TimeWord(campaign.first_seen()),
             TimeWord(campaign.last_seen()));
  fmt::print("fingerprint    {}\n", Printable(campaign.fingerprint()));
  for (const std::string& id : campaign.related_campaign_ids())
    fmt::print("related        {}\n", Printable(id));
  fmt::print("indicators     {}{}\n", CountWord(campaign.indicators()),
             response.indicators_size() > 0 ? ", of which:" : "");
  for (const v1::Indicator& indicator : response.indicators()) {
    fmt::print("  {}  ({})\n", IndicatorLine(indicator), ReasonsOf(indicator));
  }
}

int ShowOne(const Arguments& arguments, Client& client) {
  v1::GetCampaignRequest request;
  request.set_campaign_id(arguments.id);
  request.set_max_indicators(arguments.members);
  const absl::StatusOr<v1::GetCampaignResponse> response = client.GetCampaign(request);
  if (!response.ok()) return Fail(response.status());
  if (arguments.json) {
    fmt::print("{}\n", Json(*response));
  } else {
    PrintCampaign(*response);
  }
  return kDone;
}

int List(const Arguments& arguments, Client& client) {
  v1::ListCampaignsRequest request;
  request.set_order(kOrders.at(arguments.order));
  Table table({"CAMPAIGN", "ORGANISATIONS", "INCIDENTS", "INDICATORS", "LAST SEEN", "VICTIMS",
               "IMPERSONATED"});
  uint32_t left = arguments.limit;
  do {
    request.set_page_size(std::min(left, kPageMax));
    const absl::StatusOr<v1::ListCampaignsResponse> page = client.ListCampaigns(request);
    if (!page.ok()) return Fail(page.status());
    for (const v1::Campaign& campaign : page->campaigns()) {
      if (left == 0) break;
      --left;
      if (arguments.json) {
        fmt::print("{}\n", Json(campaign));
        continue;
      }
      table.Add({Printable(campaign.campaign_id()), CountWord(campaign.organisations()),
                 CountWord(campaign.incidents()), CountWord(campaign.indicators()),
                 TimeWord(campaign.last_seen()), Countries(campaign), Brands(campaign)});
    }
    request.set_page_token(page->next_page_token());
  } while (left > 0 && !request.page_token().empty());
  if (!arguments.json) fmt::print("{}", table.Text());
  return kDone;
}

}  // namespace

Command DeclareCampaigns(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.footer(kFooter);
  AddServerOption(app, arguments->server);
  app.add_option("id", arguments->id, "A campaign's id")->type_name("");
  app.add_option("--order", arguments->order, "What the first has most of")
      ->type_name("incidents|organisations|last-seen")
      ->check(CLI::IsMember(kOrders))
      ->capture_default_str();
  app.add_option("--limit", arguments->limit, "How many campaigns")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--members", arguments->members, "How many indicators of one campaign")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000))
      ->capture_default_str();
  app.add_flag("--json", arguments->json, "One JSON object a campaign");
  return [arguments] {
    Client client(arguments->server);
    return arguments->id.empty() ? List(*arguments, client) : ShowOne(*arguments, client);
  };
}

}  // namespace ringfence::cli
