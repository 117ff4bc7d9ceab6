#include "services/publish/console/console.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "services/publish/console/campaign_page.h"
#include "services/publish/console/exports.h"
#include "services/publish/console/json_answers.h"
#include "services/publish/console/overlap.h"
#include "services/publish/console/override_answers.h"
#include "services/publish/console/overview.h"
#include "services/publish/console/pages.h"
#include "services/publish/console/referral_answers.h"
#include "services/publish/console/search.h"
#include "services/publish/http/answers.h"
#include "services/publish/queries.h"
#include "services/runtime/logging.h"

namespace ringfence::publish {
namespace {

using runtime::HttpRequest;
using runtime::HttpResponse;

constexpr std::string_view kApi = kConsoleApi;
constexpr uint32_t kPageSizeDefaultOfConsole = 50;

absl::StatusOr<v1::ListCampaignsRequest> ListRequestOf(const HttpRequest& request) {
  v1::ListCampaignsRequest list;
  const std::string order = request.Query("order").value_or("organisations");
  if (order == "organisations") {
    list.set_order(v1::ListCampaignsRequest::ORDER_ORGANISATIONS);
  } else if (order == "incidents") {
    list.set_order(v1::ListCampaignsRequest::ORDER_INCIDENTS);
  } else if (order == "last_seen") {
    list.set_order(v1::ListCampaignsRequest::ORDER_LAST_SEEN);
  } else {
    return absl::InvalidArgumentError("order: organisations, incidents or last_seen");
  }
  list.set_page_size(kPageSizeDefaultOfConsole);
  list.set_page_token(request.Query("page").value_or(""));
  return list;
}

HttpResponse Busy() {
  HttpResponse response = Problem(503, "busy: ask again a little later");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

Console::Console(const Options& options, const Publisher& publisher)
    : options_(options),
      publisher_(publisher),
      stix_(options.deployment),
      held_(options.list_held, options.operators),
      events_(options.events, publisher) {}

std::optional<HttpResponse> Console::Answer(const HttpRequest& request,
                                            const runtime::Caller& caller) const {
  const bool is_api = request.path.starts_with(kApi);
  std::optional<HttpResponse> page = is_api ? std::nullopt : AnswerPage(request.path);
  if (!is_api && !page) return std::nullopt;
  HttpResponse response;
  if (page) {
    response = *std::move(page);
  } else {
    Places* const places = PlacesFor(request, std::string_view(request.path).substr(kApi.size()));
    const std::shared_ptr<const void> place = places == nullptr ? nullptr : places->Take();
    response = places == nullptr || place ? AnswerApi(request, caller) : Busy();
  }
  response.route = is_api ? "api" : "console";
  AddSecurityHeaders(response);
  return response;
}

Places* Console::PlacesFor(const HttpRequest& request, std::string_view path) const {
  if (request.method == "POST") {
    if (path == "referrals") return &packs_;
    return path == "lookup" ? nullptr : &writes_;
  }
  const bool looks = path == "status" || path == "partners" || path == "held" ||
                     (path.starts_with("campaigns/") && path.ends_with("/graph"));
  return looks ? &looks_ : nullptr;
}

HttpResponse Console::AnswerApi(const HttpRequest& request, const runtime::Caller& who) const {
  const std::string_view path = std::string_view(request.path).substr(kApi.size());
  // Also while the set is being read: an operator need not wait for it.
  if (options_.operators != nullptr && (path == "overrides" || path == "overrides/delete"))
    return AnswerOverrides(request, path, who, *options_.operators);
  if (options_.referrals != nullptr && (path == "referrals" || path == "holds"))
    return AnswerReferrals(request, path, who, *options_.referrals);
  if (held_.IsAnything() && path == "held") return held_.Answer(request, who);
  const Viewer caller = ViewerOf(who);
  const std::shared_ptr<const Moment> moment = publisher_.Latest();
  if (!moment->complete) return Problem(503, "the set is still being read");
  if (!publisher_.Health().ok())
    return Problem(503, "the set is not kept up to date here any more");
  campaigns::ReadView view(*moment->state, publisher_.names());
  if (path == "lookup") {
    if (request.method != "POST")
      return Problem(405, "POST, so that no value stands in an address");
    const auto asked = Parse<console::v1::SearchRequest>(request);
    return asked.ok() ? Json(Search(*asked, caller, view)) : Problem(asked.status());
  }
  if (request.method != "GET" && request.method != "HEAD") return Problem(405, "GET only");
  if (path == "session") return AnswerSession(caller, who.Is(internal::v1::ROLE_OPERATOR));
  if (path == "overview") return AnswerOverview(*moment, caller);
  if (path == "partners" && options_.partners) {
    if (!caller.is_analyst) return Problem(403, "for analysts");
    const auto partners = options_.partners();
    return partners.ok() ? Json(**partners) : Problem(partners.status());
  }
  if (path == "consumers" && options_.consumers) {
    if (!caller.is_analyst) return Problem(403, "for analysts");
    return Json(options_.consumers());
  }
  if (path == "status" && options_.status) {
    if (!caller.is_analyst) return Problem(403, "for analysts");
    return Json(*status_.Get(0, ++status_asked_, options_.status));
  }
  if (path == "events") {
    auto stream = events_.Begin([this, caller](const Moment& now) {
      campaigns::ReadView present(*now.state, publisher_.names());
      return JsonOf(CountersOf(present, now, caller));
    });
    return stream ? *std::move(stream) : Problem(503, "as many streams as there can be");
  }
  if (path == "campaigns") {
    const absl::StatusOr<v1::ListCampaignsRequest> list = ListRequestOf(request);
    if (!list.ok()) return Problem(list.status());
    return Json(ListCampaigns(*list, caller, publisher_.names(), view));
  }
  if (path.starts_with("campaigns/")) return AnswerCampaign(request, caller, *moment);
  return Problem(404, "no such resource");
}

HttpResponse Console::AnswerSession(const Viewer& caller, bool is_operator) const {
  console::v1::Session session;
  session.set_analyst(caller.is_analyst);
  session.set_operator_(is_operator);
  session.set_clearance(caller.clearance);
  session.set_deployment(options_.deployment);
  if (options_.ties) session.add_features("ties");
  if (options_.partners) session.add_features("partners");
  if (options_.consumers) session.add_features("consumers");
  if (options_.operators != nullptr) session.add_features("overrides");
  if (held_.Lists()) session.add_features("held");
  if (options_.referrals != nullptr) session.add_features("referrals");
  if (options_.status) session.add_features("pipeline");
  return Json(session);
}

HttpResponse Console::AnswerOverview(const Moment& moment, const Viewer& caller) const {
  campaigns::ReadView view(*moment.state, publisher_.names());
  console::v1::Overview overview;
  *overview.mutable_counters() = CountersOf(view, moment, caller);
  AddNews(view, moment, caller, overview);
  v1::ListCampaignsRequest list;
  list.set_order(v1::ListCampaignsRequest::ORDER_ORGANISATIONS);
  list.set_page_size(kOverviewCampaigns);
  if (auto listed = ListCampaigns(list, caller, publisher_.names(), view); listed.ok())
    overview.mutable_campaigns()->Swap(listed->mutable_campaigns());
  if (caller.is_analyst) {
    *overview.mutable_overlap() = *overlap_.Get(caller.clearance, moment.changes,
                                                [&] { return OverlapOf(view, caller.clearance); });
  }
  return Json(overview);
}

std::shared_ptr<const console::v1::CampaignGraph> Console::Graph(const campaigns::Label& label,
                                                                 const v1::Campaign& campaign,
                                                                 const Viewer& caller,
                                                                 const Moment& moment) const {
  const std::string key = campaign.campaign_id() + " " + std::to_string(caller.clearance) + " " +
                          std::to_string(caller.types) + (caller.is_analyst ? " exact" : "");
  return graphs_.Get(key, moment.changes, [&] {
    campaigns::ReadView view(*moment.state, publisher_.names());
    const Members members = MembersOf(view, label, campaign, caller);
    console::v1::CampaignGraph graph = GraphOf(members);
    if (!options_.ties || !caller.is_analyst) return graph;
    const absl::Status status = AddTies(members, options_.ties, view, label, caller, graph);
    if (!status.ok()) {
      runtime::LogLine(runtime::LogLevel::kWarning, "ties cannot be read",
                       {{"error", std::string(status.message())}});
    }
    return graph;
  });
}

HttpResponse Console::AnswerCampaign(const HttpRequest& request, const Viewer& caller,
                                     const Moment& moment) const {
  std::string_view rest = std::string_view(request.path).substr(kApi.size() + 10);
  const std::string_view id = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(rest.size(), id.size() + 1));
  campaigns::ReadView view(*moment.state, publisher_.names());
  const std::optional<campaigns::Label> label = view.LabelOfCampaign(id);
  const std::optional<v1::Campaign> campaign = label ? view.CampaignOf(*label) : std::nullopt;
  if (!campaign || campaign->tlp() > caller.clearance) return Problem(404, "no such campaign");
  if (rest.empty()) {
    console::v1::CampaignPage page = PageOf(view, *label, *campaign, caller);
    if (campaign->campaign_id() != id) page.set_superseded_id(std::string(id));
    return Json(page);
  }
  if (rest == "graph") return Json(*Graph(*label, *campaign, caller, moment));
  if (rest == "indicators.csv")
    return ExportCsv(MembersOf(view, *label, *campaign, caller), *campaign);
  if (rest == "stix.json")
    return ExportStix(MembersOf(view, *label, *campaign, caller), *campaign, caller, stix_);
  return Problem(404, "no such resource");
}

}  // namespace ringfence::publish
