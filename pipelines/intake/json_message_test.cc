#include "pipelines/intake/json_message.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <set>

#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::intake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Texts(const JsonReading& reading) {
  std::vector<std::string> texts;
  for (const JsonProblem& problem : reading.problems) {
    texts.push_back(problem.path + " " + std::string(problem.code));
  }
  return texts;
}

TEST(JsonMessage, ReadsLowerCamelCaseAndOriginalNames) {
  v1::Report report;
  JsonReading reading = JsonMessageParser().Parse(
      R"({"reportId": "a", "scam_type": "SCAM_TYPE_REFUND", "tlp": 2, "retracted": true,
          "occurredAt": "2026-03-01T12:00:00.25+01:00", "external_references": ["x:1", "y:2"],
          "victim": {"handles": [{"kind": "KIND_PHONE", "value": "1"}]}})",
      report);
  EXPECT_THAT(Texts(reading), IsEmpty());
  EXPECT_EQ(reading.unknown_fields, 0u);
  EXPECT_EQ(report.report_id(), "a");
  EXPECT_EQ(report.scam_type(), v1::SCAM_TYPE_REFUND);
  EXPECT_EQ(report.tlp(), v1::TLP_GREEN);
  EXPECT_TRUE(report.retracted());
  EXPECT_EQ(report.occurred_at().seconds(), 1772362800);
  EXPECT_EQ(report.occurred_at().nanos(), 250'000'000);
  EXPECT_THAT(report.external_references(), ElementsAre("x:1", "y:2"));
  EXPECT_EQ(report.victim().handles(0).value(), "1");
}

TEST(JsonMessage, NamesEveryFieldThatItCannotRead) {
  v1::Report report;
  JsonReading reading = JsonMessageParser().Parse(
      R"({"reportId": 5, "revision": -1, "retracted": "true", "occurredAt": "yesterday",
          "reportedAt": 7, "victim": [], "scamType": "SCAM_TYPE_NEW", "narrative": "kept",
          "identifiers": [{"type": "IDENTIFIER_TYPE_PHONE", "role": "IDENTIFIER_ROLE_X"}, 7,
                          {"value": {"a": 1}, "sourcePort": 1.5}, {"value": "last"}],
          "payments": {}, "externalReferences": ["a:1", null, 3]})",
      report);
  EXPECT_THAT(Texts(reading),
              ElementsAre("report_id json.wrong_type", "revision json.out_of_range",
                          "retracted json.wrong_type", "occurred_at json.bad_timestamp",
                          "reported_at json.wrong_type", "victim json.wrong_type",
                          "scam_type json.unknown_enum", "identifiers[0].role json.unknown_enum",
                          "identifiers[1] json.wrong_type", "identifiers[2].value json.wrong_type",
                          "identifiers[2].source_port json.wrong_type", "payments json.wrong_type",
                          "external_references[1] json.wrong_type",
                          "external_references[2] json.wrong_type"));
  EXPECT_EQ(report.narrative(), "kept");
  EXPECT_FALSE(report.has_victim());
  ASSERT_EQ(report.identifiers_size(), 4);
  EXPECT_EQ(report.identifiers(3).value(), "last");
}

TEST(JsonMessage, NullIsAbsentAndUnknownFieldsAreCounted) {
  v1::Report report;
  JsonReading reading = JsonMessageParser().Parse(
      R"({"reportId": null, "new": {"a": {"b": 1}}, "victim": {"shoe": 9, "country": "US"},
          "identifiers": null, "newer": null})",
      report);
  EXPECT_THAT(Texts(reading), IsEmpty());
  EXPECT_EQ(reading.unknown_fields, 3u);
  EXPECT_EQ(report.victim().country(), "US");
}

TEST(JsonMessage, OfAFieldGivenTwiceTheLastHolds) {
  v1::Report report;
  JsonReading reading = JsonMessageParser().Parse(
      R"({"tlp": "TLP_RED", "tlp": "TLP_CLEAR", "externalReferences": ["a:1"],
          "external_references": ["b:1"],
          "victim": {"handles": [{"value": "1", "token": "k:2"}]}})",
      report);
  EXPECT_THAT(Texts(reading),
              ElementsAre("tlp json.duplicate_field", "external_references json.duplicate_field",
                          "victim.handles[0].token json.duplicate_field"));
  EXPECT_EQ(report.tlp(), v1::TLP_CLEAR);
  EXPECT_THAT(report.external_references(), ElementsAre("b:1"));
  EXPECT_EQ(report.victim().handles(0).token(), "k:2");
}

TEST(JsonMessage, ReadsAllKindsOfNumbers) {
  internal::v1::ReportRevision revision;
  JsonReading reading = JsonMessageParser().Parse(
      R"({"arrival": "-9223372036854775808", "occurredAt": 9223372036854775807, "reportedAt": 1e3,
          "revision": "4294967295", "contentHash": "_-8="})",
      revision);
  EXPECT_THAT(Texts(reading), IsEmpty());
  EXPECT_EQ(revision.arrival(), INT64_MIN);
  EXPECT_EQ(revision.occurred_at(), INT64_MAX);
  EXPECT_EQ(revision.reported_at(), 1000);
  EXPECT_EQ(revision.revision(), UINT32_MAX);
  EXPECT_EQ(revision.content_hash(), "\xff\xef");

  google::protobuf::UninterpretedOption option;
  reading = JsonMessageParser().Parse(
      R"({"positiveIntValue": 18446744073709551615, "negativeIntValue": -3, "doubleValue": 0.5})",
      option);
  EXPECT_THAT(Texts(reading), IsEmpty());
  EXPECT_EQ(option.positive_int_value(), UINT64_MAX);
  EXPECT_EQ(option.negative_int_value(), -3);
  EXPECT_EQ(option.double_value(), 0.5);
  reading = JsonMessageParser().Parse(R"({"doubleValue": "Infinity"})", option);
  EXPECT_THAT(Texts(reading), IsEmpty());
  EXPECT_GT(option.double_value(), 1e308);
}

TEST(JsonMessage, RefusesNumbersThatDoNotFit) {
  internal::v1::ReportRevision revision;
  JsonReading reading = JsonMessageParser().Parse(
      R"({"arrival": "9223372036854775808", "occurredAt": 9223372036854775808, "reportedAt": 1e19,
          "revision": 4294967296, "tlp": 4294967296, "contentHash": "*"})",
      revision);
  EXPECT_THAT(Texts(reading),
              ElementsAre("arrival json.out_of_range", "occurred_at json.out_of_range",
                          "reported_at json.out_of_range", "revision json.out_of_range",
                          "tlp json.out_of_range", "content_hash json.wrong_type"));
  reading = JsonMessageParser().Parse(R"({"arrival": "1x", "occurredAt": "", "revision": 0.5})",
                                      revision);
  EXPECT_THAT(Texts(reading), ElementsAre("arrival json.wrong_type", "occurred_at json.wrong_type",
                                          "revision json.wrong_type"));
}

TEST(JsonMessage, KeepsUnknownEnumNumbersAsBinaryDoes) {
  v1::Report report;
  EXPECT_THAT(Texts(JsonMessageParser().Parse(R"({"scamType": 999})", report)), IsEmpty());
  EXPECT_EQ(static_cast<int>(report.scam_type()), 999);
}

TEST(JsonMessage, SaysWhatIsWrongWithTheText) {
  JsonMessageParser parser;
  v1::Report report;
  for (const auto& [json, code] : std::vector<std::pair<std::string, std::string>>{
           {"", "json.malformed"},
           {"{", "json.malformed"},
           {"{}{}", "json.malformed"},
           {"{\"a\": 1e999}", "json.malformed"},
           {"{\"a\": 123456789012345678901234567890}", "json.malformed"},
           {"{\"reportId\": \"\x01\"}", "json.malformed"},
           {"{\"reportId\": \"\xff\"}", "json.not_utf8"},
           {"[]", "json.not_an_object"},
           {"\"text\"", "json.not_an_object"},
           {std::string(50, '['), "json.malformed"},
           {std::string(50, '[') + std::string(50, ']'), "json.too_deep"},
           {"{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}", "json.too_deep"}}) {
    report.set_report_id("of the call before");
    EXPECT_THAT(Texts(parser.Parse(json, report)), ElementsAre(" " + code)) << json;
    EXPECT_EQ(report.ByteSizeLong(), 0u);
  }
  EXPECT_THAT(
      Texts(parser.Parse("{\"a\":" + std::string(20, '[') + std::string(20, ']') + "}", report)),
      IsEmpty());
}

TEST(JsonMessage, RefusesHalvesOfSurrogatePairs) {
  v1::Report report;
  JsonMessageParser parser;
  EXPECT_THAT(Texts(parser.Parse(R"({"narrative": "\ud83d\ude00"})", report)), IsEmpty());
  EXPECT_EQ(report.narrative(), "\xf0\x9f\x98\x80");
  for (const char* json : {R"({"narrative": "\ud83d"})", R"({"narrative": "\ude00"})",
                           R"({"narrative": "\ude00x"})"}) {
    EXPECT_THAT(Texts(parser.Parse(json, report)), ElementsAre(" json.malformed")) << json;
    EXPECT_EQ(report.narrative(), "");
  }
}

TEST(JsonMessage, TextsLongerThanUsualAreRead) {
  v1::Report report;
  std::string narrative(300'000, 'x');
  JsonMessageParser parser;
  EXPECT_THAT(Texts(parser.Parse("{\"narrative\": \"" + narrative + "\"}", report)), IsEmpty());
  EXPECT_EQ(report.narrative(), narrative);
  EXPECT_THAT(Texts(parser.Parse(std::string(300'000, '[') + std::string(300'000, ']'), report)),
              ElementsAre(" json.too_deep"));
}

TEST(JsonMessage, ReadsWhatProtobufWrites) {
  v1::Report report;
  report.set_report_id("quotes \" and \\ and \n");
  report.mutable_occurred_at()->set_seconds(-1);
  report.mutable_occurred_at()->set_nanos(5);
  report.mutable_reported_at()->set_seconds(253402300799);
  report.set_revision(7);
  auto* payment = report.add_payments();
  payment->set_rail(v1::Payment::RAIL_CRYPTO);
  payment->mutable_payee()->set_type(v1::IDENTIFIER_TYPE_WALLET);
  payment->mutable_payee()->set_value("0x1");
  report.mutable_victim();
  std::string json;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(report, &json).ok());
  v1::Report read;
  EXPECT_THAT(Texts(JsonMessageParser().Parse(json, read)), IsEmpty());
  EXPECT_EQ(read.SerializeAsString(), report.SerializeAsString());
}

// A report grows fields without the parser being touched, as long as they are of kinds that it has.
void CheckKinds(const google::protobuf::Descriptor* type,
                std::set<const google::protobuf::Descriptor*>& seen) {
  if (!seen.insert(type).second || type->full_name() == "google.protobuf.Timestamp") return;
  EXPECT_NE(type->file()->package(), "google.protobuf") << type->full_name();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    EXPECT_FALSE(field->is_map()) << field->full_name();
    if (field->message_type() != nullptr) CheckKinds(field->message_type(), seen);
  }
}

TEST(JsonMessage, HasAllKindsOfFieldsThatReportsHave) {
  std::set<const google::protobuf::Descriptor*> seen;
  CheckKinds(v1::Report::descriptor(), seen);
  EXPECT_GE(seen.size(), 5u);
}

}  // namespace
}  // namespace ringfence::intake
