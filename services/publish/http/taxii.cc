#include "services/publish/http/taxii.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pipelines/stix/json_writer.h"
#include "services/publish/http/taxii_query.h"

namespace ringfence::publish {
namespace {

using runtime::HttpRequest;
using runtime::HttpResponse;
using stix::JsonWriter;

constexpr char kMediaType[] = "application/taxii+json;version=2.1";
constexpr char kStixMediaType[] = "application/stix+json;version=2.1";
// Of what is posted, which nothing may be; the standard wants a number.
constexpr uint64_t kContentBytesMax = size_t{1} << 20;
constexpr std::string_view kDiscovery = "/taxii2/";
constexpr std::string_view kRoot = "/taxii2/ringfence/";

HttpResponse Json(std::string body) {
  HttpResponse response;
  response.content_type = kMediaType;
  response.headers.emplace_back("Cache-Control", "private, no-cache");
  response.body = std::move(body);
  response.route = "taxii";
  return response;
}

// TAXII 2.1, 3.6.1.
HttpResponse Error(int status, std::string_view title) {
  JsonWriter json;
  json.BeginObject().Member("title", title).Member("http_status", std::to_string(status));
  HttpResponse response = Json(json.EndObject().Take());
  response.status = status;
  return response;
}

// One of the places of those who read through a collection.
class Reading {
 public:
  explicit Reading(std::atomic<int>& taken) : taken_(taken), number_(++taken) {}
  ~Reading() { --taken_; }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  bool HasPlace() const { return number_ <= Taxii::kReadingThroughMax; }

 private:
  std::atomic<int>& taken_;
  const int number_;
};

// The part of a path up to its slash; moves `rest` behind that. Empty where there is no slash.
std::string_view TakePart(std::string_view& rest) {
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view part = rest.substr(0, slash);
  rest.remove_prefix(slash + 1);
  return part;
}

}  // namespace

struct Taxii::Page {
  std::vector<std::pair<DatePlace, stix::Object>> objects;
  bool more = false;
};

Taxii::Taxii(std::string_view deployment, const Publisher& publisher)
    : publisher_(publisher), objects_(deployment) {}

bool Taxii::ReadsThrough(const HttpRequest& request) {
  std::string_view rest = request.path;
  if (!rest.starts_with(kRoot)) return false;
  rest.remove_prefix(kRoot.size());
  // collections/ID/objects/OBJECT/
  if (std::count(rest.begin(), rest.end(), '/') > 3) return true;
  return request.Query("match[id]") || request.Query("match[type]");
}

std::vector<Taxii::Collection> Taxii::CollectionsFor(const Viewer& caller) const {
  std::vector<Collection> collections;
  const auto add = [&](const char* alias, const char* title, v1::Tlp level, bool is_analysts) {
    if (level > caller.clearance || (is_analysts && !caller.is_analyst)) return;
    collections.push_back({objects_.Uuid("taxii/collection/" + std::string(alias)),
                           alias,
                           title,
                           {level, is_analysts, caller.types}});
  };
  add("clear", "TLP:CLEAR", v1::TLP_CLEAR, false);
  add("green", "TLP:GREEN and below", v1::TLP_GREEN, false);
  add("amber", "TLP:AMBER and below", v1::TLP_AMBER, false);
  add("amber-strict", "TLP:AMBER+STRICT and below", v1::TLP_AMBER_STRICT, false);
  add("analysts", "All that analysts see, what is only monitored too", v1::TLP_AMBER_STRICT, true);
  return collections;
}

Taxii::Page Taxii::PageOf(const Collection& collection, const TaxiiQuery& query) const {
  const std::shared_ptr<const Moment> moment = publisher_.Latest();
  DatedObjects objects(*moment, publisher_.names(), objects_, collection.audience);
  Page page;
  if (!query.wants_stix_21) return page;
  objects.After(query.after, [&](const DatePlace& place, const stix::Object& object) {
    if (!query.Matches(place, object)) return true;
    // Equal dates are not torn apart: who goes on by added_after would miss some.
    if (page.objects.size() >= query.limit && page.objects.back().first.micros != place.micros) {
      page.more = true;
      return false;
    }
    page.objects.emplace_back(place, object);
    return true;
  });
  return page;
}

std::optional<HttpResponse> Taxii::Answer(const HttpRequest& request, const Viewer& caller) const {
  if (!request.path.starts_with(kDiscovery)) return std::nullopt;
  if (!AcceptsTaxii(request.Header("accept").value_or("*/*")))
    return Error(406, "application/taxii+json;version=2.1 is what there is");
  if (request.path == kDiscovery) {
    JsonWriter json;
    json.BeginObject().Member("title", "Ringfence");
    json.Member("description", "Identifiers that several companies saw used for fraud");
    json.Member("default", kRoot).Name("api_roots").BeginArray().String(kRoot).EndArray();
    return Json(json.EndObject().Take());
  }
  if (!request.path.starts_with(kRoot)) return Error(404, "no such API root");
  return AnswerBelowRoot(std::string_view(request.path).substr(kRoot.size()), request, caller);
}

HttpResponse Taxii::AnswerBelowRoot(std::string_view rest, const HttpRequest& request,
                                    const Viewer& caller) const {
  if (rest.empty()) {
    JsonWriter json;
    json.BeginObject().Member("title", "Ringfence").Name("versions").BeginArray();
    json.String(kMediaType).EndArray().Name("max_content_length").Number(kContentBytesMax);
    return Json(json.EndObject().Take());
  }
  if (TakePart(rest) != "collections") return Error(404, "no such resource");
  const auto describe = [](const Collection& collection, JsonWriter& json) {
    json.BeginObject().Member("id", collection.id).Member("title", collection.title);
    json.Member("alias", collection.alias)
        .Name("can_read")
        .Bool(true)
        .Name("can_write")
        .Bool(false);
    json.Name("media_types").BeginArray().String(kStixMediaType).EndArray().EndObject();
  };
  const std::vector<Collection> collections = CollectionsFor(caller);
  JsonWriter json;
  if (rest.empty()) {
    json.BeginObject().Name("collections").BeginArray();
    for (const Collection& collection : collections) describe(collection, json);
    return Json(json.EndArray().EndObject().Take());
  }
  const std::string_view asked = TakePart(rest);
  for (const Collection& collection : collections) {
    if (asked != collection.id && asked != collection.alias) continue;
    if (!rest.empty()) return AnswerCollection(collection, rest, request);
    describe(collection, json);
    return Json(json.Take());
  }
  return Error(404, "no such collection");
}

HttpResponse Taxii::AnswerCollection(const Collection& collection, std::string_view rest,
                                     const HttpRequest& request) const {
  const std::string_view what = TakePart(rest);
  const std::string object_id(TakePart(rest));
  const std::string_view of_object = TakePart(rest);
  const bool is_known = rest.empty() && ((what == "manifest" && object_id.empty()) ||
                                         (what == "objects" && of_object.empty()) ||
                                         (what == "objects" && of_object == "versions"));
  if (!is_known) return Error(404, "no such resource");
  absl::StatusOr<TaxiiQuery> query = ParseTaxiiQuery(request);
  if (!query.ok()) return Error(400, std::string(query.status().message()));
  if (!object_id.empty()) query->ids = {object_id};
  std::optional<Reading> reading;
  if (ReadsThrough(request)) {
    reading.emplace(reading_through_);
    if (!reading->HasPlace()) {
      HttpResponse response = Error(503, "too many read through collections at once");
      response.headers.emplace_back("Retry-After", "1");
      return response;
    }
  }
  const Page page = PageOf(collection, *query);
  if (!object_id.empty() && page.objects.empty()) return Error(404, "no such object");
  JsonWriter json;
  json.BeginObject();
  if (page.more) {
    json.Name("more").Bool(true);
    json.Member("next", NextOf(page.objects.back().first));
  }
  const bool is_versions = of_object == "versions";
  if (!page.objects.empty()) json.Name(is_versions ? "versions" : "objects").BeginArray();
  for (const auto& [place, object] : page.objects) {
    if (is_versions) {
      json.String(VersionOf(place, object));
    } else if (what == "objects") {
      json.Raw(object.json);
    } else {
      json.BeginObject().Member("id", object.id).Member("date_added", DateAdded(place));
      json.Member("version", VersionOf(place, object)).Member("media_type", kStixMediaType);
      json.EndObject();
    }
  }
  if (!page.objects.empty()) json.EndArray();
  HttpResponse response = Json(json.EndObject().Take());
  if (page.objects.empty()) return response;
  response.headers.emplace_back("X-TAXII-Date-Added-First", DateAdded(page.objects.front().first));
  response.headers.emplace_back("X-TAXII-Date-Added-Last", DateAdded(page.objects.back().first));
  return response;
}

}  // namespace ringfence::publish
