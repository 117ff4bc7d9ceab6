#include "services/runtime/identity/roles.h"

namespace ringfence::runtime {
namespace {

constexpr Role kPartner = internal::v1::ROLE_PARTNER;
constexpr Role kConsumer = internal::v1::ROLE_CONSUMER;
constexpr Role kAnalyst = internal::v1::ROLE_ANALYST;
constexpr Role kCustodian = internal::v1::ROLE_CUSTODIAN;
constexpr Role kOperator = internal::v1::ROLE_OPERATOR;
constexpr Role kMonitor = internal::v1::ROLE_MONITOR;

// Who takes the set.
constexpr Roles kReaders{kConsumer, kAnalyst};
// Who looks into it.
constexpr Roles kPeople{kAnalyst, kOperator};

constexpr RpcRow kRpcs[] = {
    {"/ringfence.v1.ReportService/SubmitReports", {kPartner}},

    {"/ringfence.v1.IndicatorService/Subscribe", kReaders},
    {"/ringfence.v1.IndicatorService/Acknowledge", kReaders},
    {"/ringfence.v1.IndicatorService/Lookup", {kConsumer, kAnalyst, kCustodian, kOperator}},
    {"/ringfence.v1.IndicatorService/SubmitFeedback", {kConsumer, kAnalyst, kCustodian}},
    {"/ringfence.v1.IndicatorService/GetCampaign", kPeople},
    {"/ringfence.v1.IndicatorService/ListCampaigns", kPeople},

    {"/ringfence.v1.AdminService/PutOverride", {kOperator}},
    {"/ringfence.v1.AdminService/DeleteOverride", {kOperator}},
    {"/ringfence.v1.AdminService/ListOverrides", kPeople},
    {"/ringfence.v1.AdminService/RetractPartner", {kOperator}},
    {"/ringfence.v1.AdminService/GetStatus", {kAnalyst, kOperator, kMonitor}},
    {"/ringfence.v1.AdminService/CreateReferral", {kOperator}},
    {"/ringfence.v1.AdminService/ListHolds", {kOperator}},
    {"/ringfence.v1.AdminService/LiftHold", {kOperator}},
    {"/ringfence.v1.AdminService/ExplainReport", kPeople},
    {"/ringfence.v1.AdminService/ExplainIndicator", kPeople},
    {"/ringfence.v1.AdminService/ExplainCampaign", kPeople},
    {"/ringfence.v1.AdminService/GetPolicy", kPeople},
    {"/ringfence.v1.AdminService/ListHeld", kPeople},
    {"/ringfence.v1.AdminService/DecideHeld", {kOperator}},
    {"/ringfence.v1.AdminService/ListConsumers", kPeople},

    {"/grpc.health.v1.Health/*", kEverybody},
    {"/grpc.reflection.v1alpha.ServerReflection/*", kEverybody},
};

constexpr RouteRow kRoutes[] = {
    {"GET", "/healthz/live", kNobody, true},
    {"GET", "/healthz/ready", kNobody, true},
    {"GET", "/metrics", {kOperator, kMonitor}},

    {"POST", "/v1/reports", {kPartner}},
    {"GET", "/v1/openapi.json", kNobody, true},

    {"GET", "/v1/indicators.jsonl", kReaders},
    {"GET", "/v1/indicators.csv", kReaders},
    {"GET", "/v1/ips.txt", kReaders},
    {"GET", "/v1/hosts.txt", kReaders},
    {"GET", "/v1/rpz.zone", kReaders},
    {"GET", "/v1/phones.csv", kReaders},
    {"GET", "/v1/phones.bin", kReaders},
    {"GET", "/v1/private.bin", kReaders},
    {"GET", "/v1/private.key", kReaders},
    {"GET", "/taxii2/*", kReaders},

    {"GET", "/", kPeople},
    {"GET", "/console", kPeople},
    {"GET", "/console/*", kPeople},
    {"GET", "/api/v1/*", kPeople},
    {"POST", "/api/v1/lookup", kPeople},
    {"POST", "/api/v1/overrides", {kOperator}},
    {"POST", "/api/v1/overrides/delete", {kOperator}},
    {"POST", "/api/v1/held", {kOperator}},
    {"GET", "/api/v1/holds", {kOperator}},
    {"POST", "/api/v1/referrals", {kOperator}},
};

bool Fits(std::string_view row, std::string_view name) {
  return row.ends_with("/*") ? name.starts_with(row.substr(0, row.size() - 1)) : name == row;
}

bool IsBetter(std::string_view row, std::string_view than) {
  const bool whole = !row.ends_with("/*");
  const bool than_whole = !than.ends_with("/*");
  return whole != than_whole ? whole : row.size() > than.size();
}

}  // namespace

std::span<const RpcRow> RpcRows() { return kRpcs; }
std::span<const RouteRow> RouteRows() { return kRoutes; }

const RpcRow* FindRpc(std::string_view method) {
  const RpcRow* best = nullptr;
  for (const RpcRow& row : kRpcs) {
    if (Fits(row.method, method) && (best == nullptr || IsBetter(row.method, best->method)))
      best = &row;
  }
  return best;
}

const RouteRow* FindRoute(std::string_view method, std::string_view path) {
  if (method == "HEAD") method = "GET";
  const RouteRow* best = nullptr;
  for (const RouteRow& row : kRoutes) {
    if (row.method == method && Fits(row.path, path) &&
        (best == nullptr || IsBetter(row.path, best->path)))
      best = &row;
  }
  return best;
}

bool HasRoute(std::string_view path) {
  for (const RouteRow& row : kRoutes) {
    if (Fits(row.path, path)) return true;
  }
  return false;
}

std::string AllowedMethods(std::string_view path) {
  std::string methods;
  for (const RouteRow& row : kRoutes) {
    if (!Fits(row.path, path) || methods.find(row.method) != std::string::npos) continue;
    methods += methods.empty() ? "" : ", ";
    methods += row.method == "GET" ? "GET, HEAD" : row.method;
  }
  return methods;
}

const char* RoleWord(Role role) {
  switch (role) {
    case kPartner:
      return "partner";
    case kConsumer:
      return "consumer";
    case kAnalyst:
      return "analyst";
    case kCustodian:
      return "custodian";
    case kOperator:
      return "operator";
    case kMonitor:
      return "monitor";
    case internal::v1::ROLE_PROXY:
      return "proxy";
    default:
      return "none";
  }
}

}  // namespace ringfence::runtime
