#include "services/publish/http/taxii.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "services/publish/http/http_api_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::kNow;
using campaigns::RecordSpec;
using campaigns::Removal;
using campaigns::Upsert;
using testing::HasSubstr;
using testing::Not;

constexpr char kCollections[] = "/taxii2/ringfence/collections/";

struct Listed {
  std::string id;
  std::string date_added;
  std::string version;
};
struct ListedPage {
  std::vector<Listed> objects;
  bool more = false;
  std::string next;
  std::map<std::string, std::string> headers;
};

class TaxiiTest : public HttpApiTestBase {
 protected:
  TaxiiTest() : HttpApiTestBase(2) {}

  ListedPage Manifest(const std::string& query, const std::string& collection = "green") {
    const Answered answered = Get(kCollections + collection + "/manifest/" + query);
    EXPECT_EQ(answered.status, 200) << answered.body;
    ListedPage page;
    page.headers = answered.headers;
    simdjson::dom::parser parser;
    const simdjson::dom::element json = parser.parse(answered.body);
    bool more = false;
    page.more = json["more"].get(more) == simdjson::SUCCESS && more;
    std::string_view next;
    if (json["next"].get(next) == simdjson::SUCCESS) page.next = next;
    simdjson::dom::array objects;
    if (json["objects"].get(objects) != simdjson::SUCCESS) return page;
    for (const simdjson::dom::element object : objects) {
      page.objects.push_back({std::string(std::string_view(object["id"])),
                              std::string(std::string_view(object["date_added"])),
                              std::string(std::string_view(object["version"]))});
    }
    return page;
  }
  static size_t OfType(const ListedPage& page, const std::string& type) {
    size_t count = 0;
    for (const Listed& object : page.objects) count += object.id.starts_with(type + "--");
    return count;
  }
  void Put(RecordSpec spec) {
    spec.place = ++place_;
    Append(Upsert(spec), static_cast<int32_t>(campaigns::IdOf(spec).lo % 2));
  }
  void Remove(RecordSpec spec) {
    spec.place = ++place_;
    Append(Removal(spec, "retracted"), static_cast<int32_t>(campaigns::IdOf(spec).lo % 2));
  }
  // Time goes on, and all partitions are heard of.
  void Pass(core::Time time) {
    log_.SetNow(now_ += time);
    for (int32_t p = 0; p < 2; ++p) Append(campaigns::Mark(now_), p);
  }

  core::Place place_ = 0;
  core::Time now_ = kNow;
};

// A request that reads through a collection while as many do as may is told to come again, and
// those that go on from a date are not.
TEST_F(TaxiiTest, FewReadThroughACollectionAtOnce) {
  const auto reads_through = [](const std::string& target) {
    return Taxii::ReadsThrough(Request(kCollections + target));
  };
  EXPECT_TRUE(reads_through("green/objects/indicator--1/"));
  EXPECT_TRUE(reads_through("green/objects/indicator--1/versions/"));
  EXPECT_TRUE(reads_through("green/manifest/?match[id]=indicator--1"));
  EXPECT_TRUE(reads_through("green/objects/?match[type]=indicator"));
  for (const char* poll : {"", "green/", "green/objects/", "green/manifest/",
                           "green/objects/?added_after=2026-03-01T12:00:00Z&limit=10",
                           "green/objects/?match[spec_version]=2.1&match[version]=all"}) {
    EXPECT_FALSE(reads_through(poll)) << poll;
  }

  Start();
  constexpr int kAtOnce = 4 * Taxii::kReadingThroughMax;
  std::atomic<int> refused = 0;
  std::atomic<int> answered = 0;
  std::vector<std::jthread> readers;
  for (int i = 0; i < kAtOnce; ++i) {
    readers.emplace_back([&] {
      for (int k = 0; k < 50; ++k) {
        const Answered answer = Get(kCollections + std::string("green/objects/?match[id]=x"));
        ++(answer.status == 503 ? refused : answered);
        EXPECT_TRUE(answer.status == 200 || answer.headers.at("Retry-After") == "1");
      }
    });
  }
  readers.clear();
  EXPECT_EQ(refused + answered, kAtOnce * 50);
  EXPECT_GT(answered, 0);
  EXPECT_EQ(Get(kCollections + std::string("green/objects/?match[id]=x")).status, 200)
      << "all places are free again";
}

TEST_F(TaxiiTest, DiscoveryLeadsToCollections) {
  Start();
  EXPECT_THAT(Get("/taxii2/").body, HasSubstr("\"api_roots\":[\"/taxii2/ringfence/\"]"));
  EXPECT_EQ(Get("/taxii2/").content_type, "application/taxii+json;version=2.1");
  EXPECT_THAT(Get("/taxii2/ringfence/").body, HasSubstr("\"versions\":[\"application/taxii+json"));
  const std::string collections = Get(kCollections).body;
  for (const char* alias : {"clear", "green", "amber", "amber-strict", "analysts"}) {
    EXPECT_THAT(collections, HasSubstr("\"alias\":\"" + std::string(alias) + "\""));
    EXPECT_EQ(Get(kCollections + std::string(alias) + "/").status, 200);
  }
}

TEST_F(TaxiiTest, ErrorsAreThoseOfTheStandard) {
  Put({.value = "+12125550123"});
  Start();
  const std::string collection = kCollections + std::string("green/");
  EXPECT_EQ(Get("/taxii2/other/").status, 404);
  EXPECT_EQ(Get("/taxii2/ringfence/status/x/").status, 404);
  EXPECT_EQ(Get(kCollections + std::string("nothing/")).status, 404);
  EXPECT_EQ(Get(collection + "objects/indicator--x/").status, 404);
  EXPECT_EQ(Get(collection + "objects/indicator--x/versions/").status, 404);
  EXPECT_EQ(Get(collection + "elsewhere/").status, 404);
  for (const char* query : {"?limit=0", "?limit=-1", "?limit=x", "?added_after=yesterday",
                            "?added_after=2026-01-01T00:00:00+01:00", "?next=x",
                            "?match[version]=newest", "?match[colour]=red"}) {
    const Answered answered = Get(collection + "objects/" + query);
    EXPECT_EQ(answered.status, 400) << query;
    EXPECT_THAT(answered.body, HasSubstr("\"http_status\":\"400\""));
    EXPECT_EQ(answered.content_type, "application/taxii+json;version=2.1");
  }
  const auto accepting = [&](const char* accept) {
    runtime::HttpRequest request = Request(collection + "objects/");
    request.headers.emplace("accept", accept);
    return Whole(api_->Answer(request, Analyst())).status;
  };
  EXPECT_EQ(accepting("application/taxii+json;version=2.1"), 200);
  EXPECT_EQ(accepting("text/html, application/taxii+json; version=2.1"), 200);
  EXPECT_EQ(accepting("application/taxii+json"), 200);
  EXPECT_EQ(accepting("*/*"), 200);
  EXPECT_EQ(accepting("application/taxii+json;version=2.0"), 406);
  EXPECT_EQ(accepting("application/json"), 406);
}

// All appended at one moment: dates are made of where they stand.
TEST_F(TaxiiTest, AThousandAddedAtOnceArePagedThroughExactlyOnce) {
  for (int i = 0; i < 1'000; ++i) Put({.value = "+1212555" + std::to_string(1'000 + i)});
  Start();
  Pass(2 * core::kSecond);
  for (const bool goes_by_date : {false, true}) {
    std::map<std::string, int> times;
    std::set<std::string> dates;
    std::string query = "?limit=97";
    std::string last_date;
    for (;;) {
      const ListedPage page = Manifest(query);
      EXPECT_EQ(page.headers.at("X-TAXII-Date-Added-First"), page.objects.front().date_added);
      EXPECT_EQ(page.headers.at("X-TAXII-Date-Added-Last"), page.objects.back().date_added);
      for (const Listed& object : page.objects) {
        ++times[object.id];
        EXPECT_GT(object.date_added, last_date);
        last_date = object.date_added;
        dates.insert(object.date_added);
      }
      if (!page.more) break;
      query = goes_by_date ? "?limit=97&added_after=" + last_date : "?limit=97&next=" + page.next;
    }
    // Phone number, indicator and sighting of each; identity, two markings, extension.
    EXPECT_EQ(times.size(), 3'004U);
    EXPECT_EQ(dates.size(), 3'004U);
    for (const auto& [id, count] : times) EXPECT_EQ(count, 1) << id;
  }
}

// The same with ten thousand, while others write: what does not change meanwhile comes exactly
// once, what changes comes once as it was at most, and once as it is.
TEST_F(TaxiiTest, TenThousandAddedAtOnceArePagedThroughExactlyOnceWhileOthersWrite) {
  constexpr int kValues = 3'400;
  for (int i = 0; i < kValues; ++i) Put({.value = "+1212555" + std::to_string(1'000 + i)});
  Start();
  Pass(2 * core::kSecond);
  for (const bool goes_by_date : {false, true}) {
    std::map<std::string, int> times;
    std::set<std::string> given;
    std::set<int> changed;
    std::string query = "?limit=700";
    for (int pages = 0;; ++pages) {
      const ListedPage page = Manifest(query);
      for (const Listed& object : page.objects) {
        ++times[object.id];
        EXPECT_TRUE(given.insert(object.id + object.version + object.date_added).second);
      }
      if (!page.more) break;
      query = "?limit=700";
      query +=
          goes_by_date ? "&added_after=" + page.objects.back().date_added : "&next=" + page.next;
      if (pages > 12) continue;
      for (const int i : {pages * 250, pages * 250 + 1, kValues - 1 - pages}) {
        changed.insert(i);
        Put({.value = "+1212555" + std::to_string(1'000 + i)});
      }
      Pass(2 * core::kSecond);
    }
    EXPECT_GT(times.size(), 10'000U);
    size_t once = 0;
    for (const auto& [id, count] : times) {
      EXPECT_LE(count, 2);
      once += count == 1;
    }
    EXPECT_GE(once, times.size() - 3 * changed.size());
  }
}

// Whoever polls by date, whatever is written meanwhile, holds in the end what there is, and is
// given no version twice.
TEST_F(TaxiiTest, WhoPollsWhileOthersWriteMissesNothing) {
  Start();
  std::mt19937_64 rng(1);
  std::map<std::string, std::string> held;
  std::set<std::string> given;
  std::string after = "2020-01-01T00:00:00.000000Z";
  const auto poll = [&](const std::string& limit) {
    const ListedPage page = Manifest("?added_after=" + after + "&limit=" + limit);
    for (const Listed& object : page.objects) {
      held[object.id] = object.version;
      after = object.date_added;
      const bool is_new = given.insert(object.id + object.version + object.date_added).second;
      EXPECT_TRUE(is_new) << object.id;
    }
    return page.more;
  };
  for (int step = 0; step < 600; ++step) {
    RecordSpec spec{.value = "+1212555" + std::to_string(1'000 + rng() % 100),
                    .action = static_cast<v1::Action>(1 + rng() % 3),
                    .peak_action = v1::ACTION_BLOCK};
    rng() % 5 == 0 ? Remove(spec) : Put(spec);
    if (rng() % 3 == 0) Pass(static_cast<core::Time>(rng() % 700) * 1'000'000);
    if (rng() % 2 == 0) poll("3");
  }
  Pass(2 * core::kSecond);
  while (poll("50")) {
  }
  std::map<std::string, std::string> truth;
  for (const Listed& object : Manifest("").objects) truth[object.id] = object.version;
  EXPECT_GT(truth.size(), 100U);
  for (const auto& [id, version] : truth) {
    // What has no version of its own is said to be of when it was last added.
    if (id.starts_with("phone-number--")) {
      EXPECT_EQ(held.count(id), 1U) << id;
    } else {
      EXPECT_EQ(held[id], version) << id;
    }
  }
}

TEST_F(TaxiiTest, DatesAreTheSameOnEveryReplicaAndAfterACompaction) {
  for (int i = 0; i < 200; ++i) Put({.value = "+1212555" + std::to_string(1'000 + i % 60)});
  Start();
  Pass(2 * core::kSecond);
  const std::string before = Get(kCollections + std::string("green/manifest/")).body;
  PublisherUnderTest other(log_);
  ASSERT_TRUE(other.Start().ok());
  other.AwaitApplied();
  const HttpApi replica(options_, *other);
  EXPECT_EQ(
      Whole(replica.Answer(Request(kCollections + std::string("green/manifest/")), Analyst())).body,
      before);
  publisher_.End();
  Start();
  EXPECT_EQ(Get(kCollections + std::string("green/manifest/")).body, before);
}

// A label moves all hosts of a domain with one record; of some there is a later one.
TEST_F(TaxiiTest, WhatALabelMovedIsPagedThroughOnceAndHasTheSameDatesAfterACompaction) {
  RecordSpec host{.type = v1::IDENTIFIER_TYPE_DOMAIN,
                  .value = {},
                  .root = "other.example",
                  .base = "x.example"};
  for (int i = 0; i < 30; ++i) {
    host.value = "h" + std::to_string(i) + ".x.example";
    host.place = ++place_;
    log_.Append(0, Upsert(host));
  }
  Start();
  log_.SetNow(now_ += 10 * core::kSecond);
  const campaigns::Label node = campaigns::NodeOf(Upsert(host));
  const auto say = [&](const std::string& root) {
    const campaigns::Label label{core::IdentifierId(host.type, root), 0};
    log_.AppendBytes(0, core::LabelKeyOf(node.root, node.day),
                     campaigns::LabelRecord(node, label, ++place_).SerializeAsString());
    publisher_.AwaitApplied();
  };
  say("another.example");
  // What it was, as who reads only the last of the two does not know.
  say("another.example");
  host.value = "h3.x.example";
  host.place = ++place_;
  host.root = "another.example";
  Append(Upsert(host));
  Pass(2 * core::kSecond);
  std::map<std::string, int> seen;
  std::string next;
  for (ListedPage page; seen.empty() || page.more; next = page.next) {
    page = Manifest("?limit=7" + (next.empty() ? "" : "&next=" + next));
    for (const Listed& object : page.objects) ++seen[object.id];
    ASSERT_FALSE(page.objects.empty());
    // Those of one date stand on one page.
    EXPECT_LE(page.objects.size(), 7u);
  }
  size_t indicators = 0;
  for (const auto& [id, times] : seen) {
    EXPECT_EQ(times, 1) << id;
    indicators += id.starts_with("indicator--");
  }
  EXPECT_EQ(indicators, 30u);
  const std::string path = kCollections + std::string("green/manifest/");
  EXPECT_THAT(Get(path).body, HasSubstr("\"date_added\":\"2026-03-01T12:00:10."));
  PublisherUnderTest other(log_);
  ASSERT_TRUE(other.Start().ok());
  other.AwaitApplied();
  const HttpApi replica(options_, *other);
  EXPECT_EQ(Whole(replica.Answer(Request(path), Analyst())).body, Get(path).body);
}

// The same record once more in the log (a sender that did not know that it had been sent): those
// who read both and those who find only the second agree.
TEST_F(TaxiiTest, ARecordThatWasSentTwiceHasTheDateOfTheSecond) {
  const auto record = Upsert({.value = "+12125550123", .place = 7});
  log_.Append(0, record);
  Start();
  log_.SetNow(now_ += 10 * core::kSecond);
  Append(record);
  Pass(2 * core::kSecond);
  PublisherUnderTest other(log_);
  ASSERT_TRUE(other.Start().ok());
  other.AwaitApplied();
  const HttpApi replica(options_, *other);
  const std::string path = kCollections + std::string("green/manifest/");
  EXPECT_EQ(Whole(replica.Answer(Request(path), Analyst())).body, Get(path).body);
  EXPECT_THAT(Get(path).body, HasSubstr("\"date_added\":\"2026-03-01T12:00:10."));
}

TEST_F(TaxiiTest, NothingIsShownBeforeItsSecondIsOverEverywhere) {
  Put({.value = "+12125550123"});
  Start();
  EXPECT_EQ(OfType(Manifest(""), "indicator"), 0U);
  log_.SetNow(kNow + 5 * core::kSecond);
  Append(campaigns::Mark(kNow), 0);
  EXPECT_EQ(OfType(Manifest(""), "indicator"), 0U);
  Append(campaigns::Mark(kNow), 1);
  EXPECT_EQ(OfType(Manifest(""), "indicator"), 1U);
}

TEST_F(TaxiiTest, FiltersAreThoseOfTheStandard) {
  Put({.value = "+12125550123"});
  Put({.type = v1::IDENTIFIER_TYPE_DOMAIN, .value = "a.example"});
  Start();
  Pass(2 * core::kSecond);
  EXPECT_EQ(Manifest("?match[type]=indicator").objects.size(), 2U);
  EXPECT_EQ(Manifest("?match[type]=domain-name,phone-number").objects.size(), 2U);
  const ListedPage indicators = Manifest("?match[type]=indicator&limit=1");
  EXPECT_TRUE(indicators.more);
  const Listed one = indicators.objects[0];
  EXPECT_EQ(Manifest("?match[id]=" + one.id).objects.size(), 1U);
  EXPECT_EQ(Manifest("?match[id]=" + one.id + "&match[type]=sighting").objects.size(), 0U);
  for (const char* version : {"first", "last", "all"})
    EXPECT_EQ(Manifest("?match[id]=" + one.id + "&match[version]=" + version).objects.size(), 1U);
  EXPECT_EQ(Manifest("?match[id]=" + one.id + "&match[version]=" + one.version).objects.size(), 1U);
  EXPECT_EQ(Manifest("?match[version]=2020-01-01T00:00:00.000Z").objects.size(), 0U);
  EXPECT_EQ(Manifest("?match[spec_version]=2.0").objects.size(), 0U);
  EXPECT_EQ(Manifest("?match[spec_version]=2.0,2.1&match[type]=indicator").objects.size(), 2U);
  const std::string object = kCollections + std::string("green/objects/") + one.id + "/";
  EXPECT_THAT(Get(object).body, HasSubstr("\"type\":\"indicator\""));
  EXPECT_EQ(Get(object + "versions/").body, "{\"versions\":[\"" + one.version + "\"]}");
}

TEST_F(TaxiiTest, WhatRevokedObservedDataRefersToIsThere) {
  const RecordSpec spec{.value = "+12125550123", .action = v1::ACTION_MONITOR};
  Put(spec);
  Remove(spec);
  Start();
  Pass(2 * core::kSecond);
  const ListedPage page = Manifest("", "analysts");
  EXPECT_EQ(OfType(page, "observed-data"), 1U);
  EXPECT_EQ(OfType(page, "phone-number"), 0U);
  EXPECT_EQ(OfType(page, "ringfence-value"), 1U);
  EXPECT_EQ(OfType(Manifest("", "amber-strict"), "ringfence-value"), 0U);
}

TEST_F(TaxiiTest, ACollectionHoldsItsLevelAndThoseBelow) {
  Put({.value = "+1", .tlp = v1::TLP_CLEAR});
  Put({.value = "+2", .tlp = v1::TLP_AMBER});
  Put({.value = "+3", .action = v1::ACTION_MONITOR, .tlp = v1::TLP_CLEAR});
  Put({.value = "+4", .tlp = v1::TLP_RED});
  Start();
  Pass(2 * core::kSecond);
  EXPECT_EQ(OfType(Manifest("", "clear"), "indicator"), 1U);
  EXPECT_EQ(OfType(Manifest("", "green"), "indicator"), 1U);
  EXPECT_EQ(OfType(Manifest("", "amber"), "indicator"), 2U);
  EXPECT_EQ(OfType(Manifest("", "amber"), "observed-data"), 0U);
  EXPECT_EQ(OfType(Manifest("", "analysts"), "indicator"), 2U);
  EXPECT_EQ(OfType(Manifest("", "analysts"), "observed-data"), 1U);
  EXPECT_THAT(Get(kCollections + std::string("analysts/objects/")).body,
              Not(HasSubstr("\"value\":\"+4\"")));
  const Taxii taxii("local", *publisher_);
  const Viewer blocker{v1::TLP_GREEN, false};
  const auto status = [&](const char* alias) {
    return taxii.Answer(Request(kCollections + std::string(alias) + "/"), blocker)->status;
  };
  EXPECT_EQ(status("green"), 200);
  EXPECT_EQ(status("amber"), 404);
  EXPECT_EQ(status("analysts"), 404);
}

}  // namespace
}  // namespace ringfence::publish
