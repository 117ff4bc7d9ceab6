#include "services/runtime/kafka/topic_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "services/runtime/kafka/incarnation.h"
#include "services/runtime/kafka/statistics.h"

namespace ringfence::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TopicPlan Plan() {
  TopicPlan plan;
  plan.prefix = "p.";
  plan.partners = {"harbour-bank"};
  return plan;
}

KafkaTopic Planned(const TopicPlan& plan, const std::string& name) {
  for (KafkaTopic& topic : PlanTopics(plan)) {
    if (topic.name == name) return topic;
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(TopicPlan, HasAllTopicsOfADeployment) {
  TopicPlan plan = Plan();
  plan.partners = {"b", "a", "b"};
  std::vector<std::string> names;
  for (const KafkaTopic& topic : PlanTopics(plan)) names.push_back(topic.name);
  EXPECT_THAT(names,
              ElementsAre("p.rejects.a", "p.rejects.b", "p.reports.a", "p.reports.b",
                          "p.ringfence.cluster", "p.ringfence.dedupe", "p.ringfence.incarnation",
                          "p.ringfence.indicators", "p.ringfence.overrides"));
}

TEST(TopicPlan, OnlyIndicatorsAreCompacted) {
  for (const KafkaTopic& topic : PlanTopics(Plan())) {
    EXPECT_EQ(topic.config.at("cleanup.policy"),
              topic.name == "p.ringfence.indicators" || topic.name == "p.ringfence.overrides"
                  ? "compact"
                  : "delete");
    EXPECT_EQ(topic.config.at("message.timestamp.type"), "LogAppendTime");
    EXPECT_EQ(topic.config.at("min.insync.replicas"), "2");
    EXPECT_EQ(topic.replication, 3);
  }
  EXPECT_EQ(Planned(Plan(), "p.ringfence.dedupe").config.at("retention.ms"), "604800000");
  EXPECT_EQ(Planned(Plan(), "p.ringfence.incarnation").config.at("retention.ms"), "-1");
  EXPECT_EQ(Planned(Plan(), "p.ringfence.incarnation").partitions, 1);
  EXPECT_EQ(Planned(Plan(), "p.ringfence.cluster").partitions, 12);
  EXPECT_EQ(Planned(Plan(), "p.rejects.harbour-bank").partitions, 1);
}

TEST(TopicPlan, ReportsAreKeptLongerThanEvidenceLinks) {
  EXPECT_EQ(Planned(Plan(), "p.reports.harbour-bank").config.at("retention.ms"), "34819200000");
  EXPECT_EQ(Planned(Plan(), "p.rejects.harbour-bank").config.at("retention.ms"), "604800000");
  TopicPlan plan = Plan();
  plan.report_retention = std::chrono::hours(24 * 30);
  EXPECT_EQ(Planned(plan, "p.reports.harbour-bank").config.at("retention.ms"), "2592000000");
}

TEST(TopicPlan, KeysRemovedFromIndicatorsAreSeenForAMonthAtLeast) {
  const auto seen = [](const TopicPlan& plan) {
    return Planned(plan, "p.ringfence.indicators").config.at("delete.retention.ms");
  };
  TopicPlan plan = Plan();
  EXPECT_EQ(seen(plan), "2592000000");
  plan.retention = std::chrono::hours(24 * 40);
  EXPECT_EQ(seen(plan), "3456000000");
  EXPECT_EQ(Planned(Plan(), "p.ringfence.overrides").config.at("delete.retention.ms"), "604800000");
  // Topics that are there are held to it.
  KafkaTopic actual = Planned(Plan(), "p.ringfence.indicators");
  actual.config["delete.retention.ms"] = "604800000";
  EXPECT_THAT(CompareTopics(Planned(Plan(), actual.name), actual),
              ElementsAre(HasSubstr("delete.retention.ms=2592000000")));
}

TEST(TopicPlan, WhatIsWrongIsSaid) {
  struct Row {
    std::function<void(TopicPlan&)> change;
    const char* said;
  };
  const Row rows[] = {
      {[](TopicPlan& p) { p.partners = {"Harbour"}; }, "partner"},
      {[](TopicPlan& p) { p.partners = {std::string(41, 'a')}; }, "partner"},
      {[](TopicPlan& p) { p.partitions = 0; }, "partitions"},
      {[](TopicPlan& p) { p.report_partitions = 5'000; }, "partitions"},
      {[](TopicPlan& p) { p.replication = 0; }, "replicas"},
      {[](TopicPlan& p) { p.min_insync_replicas = 4; }, "in sync"},
      {[](TopicPlan& p) { p.min_insync_replicas = 3; }, "stops everything"},
      {[](TopicPlan& p) { p.retention = std::chrono::hours(0); }, "retention"},
      {[](TopicPlan& p) { p.report_retention = std::chrono::hours(0); }, "retention"},
      {[](TopicPlan& p) { p.prefix = "a b"; }, "name"},
  };
  EXPECT_TRUE(CheckTopicPlan(Plan()).ok());
  for (const Row& row : rows) {
    TopicPlan plan = Plan();
    row.change(plan);
    EXPECT_THAT(std::string(CheckTopicPlan(plan).message()), HasSubstr(row.said));
  }
  TopicPlan single = Plan();
  single.replication = single.min_insync_replicas = 1;
  EXPECT_TRUE(CheckTopicPlan(single).ok());
}

TEST(CompareTopics, MoreThanIsWantedFits) {
  const KafkaTopic wanted = Planned(Plan(), "p.reports.harbour-bank");
  EXPECT_TRUE(CompareTopics(wanted, wanted).empty());
  KafkaTopic actual = wanted;
  actual.replication = 5;
  actual.config["retention.ms"] = "-1";
  actual.config["max.message.bytes"] = "100000000";
  actual.config["min.insync.replicas"] = "3";
  actual.config["segment.ms"] = "1";
  EXPECT_TRUE(CompareTopics(wanted, actual).empty());
}

TEST(CompareTopics, EachDifferenceIsSaidWithTheWayOut) {
  const KafkaTopic wanted = Planned(Plan(), "p.ringfence.dedupe");
  const auto only = [&](const std::function<void(KafkaTopic&)>& change) {
    KafkaTopic actual = wanted;
    change(actual);
    const std::vector<std::string> problems = CompareTopics(wanted, actual);
    EXPECT_EQ(problems.size(), 1u);
    return problems.empty() ? std::string() : problems[0];
  };
  EXPECT_THAT(only([](KafkaTopic& t) { t.partitions = 13; }), HasSubstr("another --prefix"));
  EXPECT_THAT(only([](KafkaTopic& t) { t.replication = 2; }), HasSubstr("kafka-reassign"));
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"cleanup.policy", "compact"},
                                          {"message.timestamp.type", "CreateTime"},
                                          {"retention.ms", "604799999"},
                                          {"retention.bytes", "1000000000"},
                                          {"max.message.bytes", "1048588"},
                                          {"min.insync.replicas", "1"}}) {
    EXPECT_THAT(only([&](KafkaTopic& t) { t.config[name] = value; }),
                HasSubstr(name + " is " + value + ", not " + wanted.config.at(name)));
    EXPECT_THAT(only([&](KafkaTopic& t) { t.config.erase(name); }), HasSubstr("unknown"));
  }
}

TEST(TopicNames, AreThoseThatKafkaTakes) {
  for (const char* good : {"a", "A.b_c-9", "reports.x"}) EXPECT_TRUE(CheckTopicName(good).ok());
  for (const std::string& bad : {std::string(), std::string("."), std::string(".."),
                                 std::string("a/b"), std::string("a b"), std::string(250, 'a')}) {
    EXPECT_FALSE(CheckTopicName(bad).ok()) << bad;
  }
}

TEST(Incarnation, IsTheFirstOfTheHighestEpoch) {
  EXPECT_EQ(CurrentIncarnation({}), "");
  EXPECT_EQ(CurrentIncarnation({"1 a"}), "a");
  // Two processes began at the same time.
  EXPECT_EQ(CurrentIncarnation({"1 a", "1 b"}), "a");
  EXPECT_EQ(CurrentIncarnation({"1 a", "2 b", "1 c", "2 d"}), "b");
  EXPECT_EQ(CurrentIncarnation({"9 a", "10 b"}), "b");
  // What is none is passed over.
  EXPECT_EQ(CurrentIncarnation({"", "x", "3", "1 a", "x 4"}), "a");
}

TEST(Incarnation, TheNextIsAnother) {
  EXPECT_EQ(NextIncarnation({}, "a"), "1 a");
  EXPECT_EQ(NextIncarnation({"1 a", "3 b"}, "c"), "4 c");
  EXPECT_EQ(CurrentIncarnation({"1 a", NextIncarnation({"1 a"}, "b")}), "b");
}

TEST(Incarnation, ATopicThatWasMadeBeforeInTheSameEpochWasDeleted) {
  EXPECT_FALSE(WasMadeBefore({"1 a"}, "dedupe", "m"));
  EXPECT_FALSE(WasMadeBefore({"1 a", TopicMade("cluster", "x")}, "dedupe", "m"));
  EXPECT_TRUE(WasMadeBefore({"1 a", TopicMade("dedupe", "x")}, "dedupe", "m"));
  // An answer that was lost.
  EXPECT_FALSE(WasMadeBefore({"1 a", TopicMade("dedupe", "m")}, "dedupe", "m"));
  // Another epoch, begun by two processes at once.
  const std::vector<std::string> renewed = {"1 a", TopicMade("dedupe", "x"), "2 b",
                                            TopicMade("cluster", "y"), "2 c"};
  EXPECT_FALSE(WasMadeBefore(renewed, "dedupe", "m"));
  EXPECT_TRUE(WasMadeBefore(renewed, "cluster", "m"));
  EXPECT_EQ(CurrentIncarnation(renewed), "b");
}

TEST(KafkaStatistics, AreAddedUpOverBrokers) {
  const auto statistics = ReadKafkaStatistics(R"({"msg_cnt":3,"msg_size":400,"brokers":{
      "boot":{"nodeid":-1,"state":"UP","txerrs":9,"req_timeouts":9,"rtt":{"p99":9000000}},
      "a":{"nodeid":1,"state":"UP","txerrs":1,"req_timeouts":2,"rtt":{"p99":1500}},
      "b":{"nodeid":2,"state":"DOWN","txerrs":4,"req_timeouts":0,"rtt":{"p99":2500}},
      "c":{"nodeid":3,"state":"UP"}}})");
  ASSERT_TRUE(statistics.ok()) << statistics.status();
  EXPECT_EQ(statistics->brokers_up, 2);
  EXPECT_EQ(statistics->queued_records, 3);
  EXPECT_EQ(statistics->queued_bytes, 400);
  EXPECT_EQ(statistics->failed_requests, 7);
  EXPECT_DOUBLE_EQ(statistics->request_seconds, 0.0025);
  Metrics metrics;
  ReportKafkaStatistics(*statistics, "producer", metrics);
  EXPECT_THAT(metrics.Text(), HasSubstr("ringfence_kafka_brokers_up{client=\"producer\"} 2"));
}

TEST(KafkaStatistics, WhatIsNoneIsRefused) {
  for (const char* text : {"", "{", "[]", "{}", R"({"brokers":3})"}) {
    EXPECT_FALSE(ReadKafkaStatistics(text).ok()) << text;
  }
}

}  // namespace
}  // namespace ringfence::runtime
