#include "services/publish/http/set_lists.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "google/protobuf/util/json_util.h"
#include "pipelines/identifiers/normalise.h"
#include "services/publish/http/answers.h"
#include "services/publish/http/csv.h"
#include "services/publish/http/row_walk.h"

namespace ringfence::publish {
namespace {

constexpr size_t kPieceBytes = size_t{64} << 10;
// A name in a zone, with the zone's own (up to 60) behind it, has at most 253 characters.
constexpr size_t kZoneNameMax = 190;
constexpr int kZoneTtlSeconds = 60;

struct ListForm {
  const char* path;
  const char* content_type;
  // With its `types` the list holds them alone.
  std::initializer_list<v1::IdentifierType> types;
  // ACTION_MONITOR: the caller's whole filter is taken.
  v1::Action least;
  std::string (*header)(const ListSource& source, const Moment& moment);
  void (*line)(const v1::Indicator& indicator, std::string& out);
};

void AppendJson(const v1::Indicator& indicator, std::string& out) {
  std::string json;
  // Fails for messages of types that it does not know; there are none here.
  if (!google::protobuf::util::MessageToJsonString(indicator, &json).ok()) return;
  out += json;
  out += '\n';
}

std::string CsvHeader(const ListSource&, const Moment&) { return std::string(kCsvHeader); }

std::string NoHeader(const ListSource&, const Moment&) { return ""; }

void AppendValue(const v1::Indicator& indicator, std::string& out) {
  out += indicator.value();
  out += '\n';
}

std::string HostsHeader(const ListSource&, const Moment&) {
  return "# A hosts file cannot hold what is below a domain: where whole domains are listed, "
         "rpz.zone does.\n";
}

void AppendHost(const v1::Indicator& indicator, std::string& out) {
  out += "0.0.0.0 ";
  AppendValue(indicator, out);
}

std::string ZoneHeader(const ListSource& source, const Moment& moment) {
  const int64_t valid_for = source.valid_for.count();
  const int64_t lease = LeaseOf(moment, source.clock(), source.valid_for).count();
  const core::Time as_of = std::max<core::Time>(moment.as_of, core::kSecond);
  const auto serial = static_cast<uint32_t>(as_of / core::kSecond);
  return "$TTL " + std::to_string(kZoneTtlSeconds) +
         "\n@ IN SOA localhost. hostmaster.localhost. ( " + std::to_string(serial) + " " +
         std::to_string(valid_for / 5) + " " + std::to_string(valid_for / 10) + " " +
         std::to_string(lease) + " " + std::to_string(kZoneTtlSeconds) + " )\n@ IN NS localhost.\n";
}

void AppendZoneName(const v1::Indicator& indicator, std::string& out) {
  if (indicator.value().size() > kZoneNameMax) return;
  out += indicator.value();
  out += " CNAME .\n";
  if (indicator.scope() != v1::SCOPE_SUBTREE) return;
  out += "*." + indicator.value() + " CNAME .\n";
}

constexpr v1::IdentifierType kDomain = v1::IDENTIFIER_TYPE_DOMAIN;
const ListForm kForms[] = {
    {"/v1/indicators.jsonl", "application/x-ndjson", {}, v1::ACTION_MONITOR, NoHeader, AppendJson},
    {"/v1/indicators.csv", "text/csv; charset=utf-8", {}, v1::ACTION_MONITOR, CsvHeader, AppendCsv},
    {"/v1/ips.txt",
     "text/plain; charset=utf-8",
     {v1::IDENTIFIER_TYPE_IP},
     v1::ACTION_CHALLENGE,
     NoHeader,
     AppendValue},
    {"/v1/hosts.txt",
     "text/plain; charset=utf-8",
     {kDomain},
     v1::ACTION_BLOCK,
     HostsHeader,
     AppendHost},
    {"/v1/rpz.zone", "text/dns", {kDomain}, v1::ACTION_BLOCK, ZoneHeader, AppendZoneName},
};

absl::StatusOr<Filter> FilterOf(const ListForm& form, const runtime::HttpRequest& request,
                                const Viewer& caller) {
  if (form.least != v1::ACTION_MONITOR)
    return FilterOfBlockList(request, caller, form.types, form.least);
  const absl::StatusOr<v1::Filter> asked = FilterOfQuery(request);
  if (!asked.ok()) return asked.status();
  return MakeFilter(*asked, caller);
}

runtime::HttpResponse::NextPiece Pieces(const ListForm& form, const ListSource& source,
                                        const std::shared_ptr<const Moment>& moment,
                                        const Filter& filter) {
  auto walk = std::make_shared<RowWalk>(moment, source.publisher.names(), filter);
  auto header = std::make_shared<std::string>(form.header(source, *moment));
  return [walk, header, withholds = filter.withholds, line = form.line](std::string& piece) {
    piece += std::exchange(*header, "");
    return walk->Step([&](const internal::v1::IndicatorRecord& record) {
      v1::Indicator indicator = walk->view().Show(record);
      if (withholds) WithholdSmallCounts(indicator);
      line(indicator, piece);
      return piece.size() < kPieceBytes;
    });
  };
}

}  // namespace

absl::StatusOr<Filter> FilterOfBlockList(const runtime::HttpRequest& request, const Viewer& caller,
                                         std::initializer_list<v1::IdentifierType> types,
                                         v1::Action least) {
  absl::StatusOr<v1::Filter> asked = FilterOfQuery(request);
  if (!asked.ok()) return asked.status();
  if (types.size() > 0 && !asked->types().empty())
    return absl::InvalidArgumentError("types: this list has its own");
  for (const v1::IdentifierType type : types) asked->add_types(type);
  if (asked->min_action() == v1::ACTION_MONITOR) {
    return absl::InvalidArgumentError(
        "min_action: what is only monitored is on no list; challenge or block");
  }
  if (asked->min_action() == v1::ACTION_UNSPECIFIED) asked->set_min_action(least);
  return MakeFilter(*asked, caller);
}

void AddLease(const ListSource& source, const Moment& moment, runtime::HttpResponse& response) {
  const core::Time now = source.clock();
  const int64_t lease = LeaseOf(moment, now, source.valid_for).count();
  response.headers.emplace_back("Cache-Control",
                                "private, max-age=" + std::to_string(lease) + ", must-revalidate");
  response.headers.emplace_back("Expires", runtime::HttpDate(now / core::kSecond + lease));
}

void AddSetHeaders(const ListSource& source, const Moment& moment, const Filter& filter,
                   const v1::SetDigest& digest, runtime::HttpResponse& response) {
  AddLease(source, moment, response);
  if (moment.as_of != core::kTimeMin)
    response.headers.emplace_back("Ringfence-As-Of", Rfc3339(moment.as_of));
  response.headers.emplace_back("Ringfence-Cursor",
                                source.cursors.Encode(moment.offsets, filter.Key()));
  response.headers.emplace_back("Ringfence-Count", std::to_string(digest.count()));
  response.headers.emplace_back("Ringfence-Digest", absl::BytesToHexString(digest.sum()));
}

std::optional<runtime::HttpResponse> AnswerSetList(const ListSource& source,
                                                   const runtime::HttpRequest& request,
                                                   const Viewer& caller) {
  for (const ListForm& form : kForms) {
    if (request.path != form.path) continue;
    const absl::StatusOr<Filter> filter = FilterOf(form, request, caller);
    if (!filter.ok()) return Problem(filter.status());
    const std::shared_ptr<const Moment> moment = source.publisher.Latest();
    campaigns::ReadView view(*moment->state, source.publisher.names());
    const v1::SetDigest digest = DigestOf(view, *filter);
    runtime::HttpResponse response;
    response.content_type = form.content_type;
    response.route = std::string_view(form.path).substr(4);
    AddSetHeaders(source, *moment, *filter, digest, response);
    response.etag = TagOf({form.path, filter->Key(), std::to_string(digest.count()), digest.sum()});
    response.next = Pieces(form, source, moment, *filter);
    return response;
  }
  return std::nullopt;
}

}  // namespace ringfence::publish
