#include "pipelines/intake/intake.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "pipelines/core/id.h"
#include "pipelines/intake/intake_testing.h"

namespace ringfence::intake {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Intake, AReportComesOutNormalised) {
  v1::Report report = Parse(R"({
    "reportId": "r-1", "revision": 3, "occurredAt": "2026-03-01T10:00:00Z",
    "victim": {"country": "UK", "handles": [{"kind": "KIND_PHONE", "value": "+1 212 555 0123"}]},
    "scamType": "SCAM_TYPE_TECH_SUPPORT", "narrative": "They said my computer was ill.",
    "identifiers": [
      {"type": "IDENTIFIER_TYPE_PHONE", "value": "0044 20 7946 0018",
       "role": "IDENTIFIER_ROLE_CALLBACK"},
      {"type": "IDENTIFIER_TYPE_REMOTE_ACCESS_ID", "value": "123 456 789", "scheme": "anydesk",
       "role": "IDENTIFIER_ROLE_REMOTE_CONTROLLER", "observedAt": "2026-03-01T09:00:00Z"}],
    "origin": "ic3:77", "externalReferences": ["b:2", "a:1", "b:2"]})");
  Intake::Result result = Read(report);
  EXPECT_EQ(result.outcome, v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(result.report_id, "r-1");
  EXPECT_EQ(result.revision, 3u);
  EXPECT_THAT(Codes(result), IsEmpty());
  ASSERT_TRUE(result.revision_message.has_value());
  const auto& message = *result.revision_message;
  EXPECT_EQ(message.partner(), "acme");
  EXPECT_EQ(message.report_id(), "r-1");
  EXPECT_EQ(message.revision(), 3u);
  EXPECT_FALSE(message.retracted());
  EXPECT_EQ(message.arrival(), kArrival);
  EXPECT_EQ(message.occurred_at(), At("2026-03-01T10:00:00Z"));
  EXPECT_EQ(message.reported_at(), message.occurred_at());
  EXPECT_EQ(message.scam_type(), v1::SCAM_TYPE_TECH_SUPPORT);
  EXPECT_EQ(message.country(), "GB");
  EXPECT_EQ(message.tlp(), v1::TLP_AMBER);
  EXPECT_EQ(message.basis(), v1::BASIS_SELF_REPORTED);
  EXPECT_EQ(message.origin(), "ic3:77");
  EXPECT_THAT(message.external_references(), ElementsAre("a:1", "b:2"));
  EXPECT_THAT(Names(result), ElementsAre("PHONE +442079460018 CALLBACK",
                                         "REMOTE_ACCESS_ID anydesk:123456789 REMOTE_CONTROLLER"));
  EXPECT_EQ(message.identifiers(0).observed_at(), message.occurred_at());
  EXPECT_EQ(message.identifiers(1).observed_at(), At("2026-03-01T09:00:00Z"));
  EXPECT_THAT(Tokens(result), ElementsAre("1 k1:IObS9nOKvDmHWPFnke7TQQ"));
  core::Sha256Digest hash = core::Sha256(report.SerializeAsString());
  EXPECT_EQ(message.content_hash(), std::string(hash.begin(), hash.end()));
}

TEST(Intake, NothingOfTheVictimsComesOut) {
  v1::Report report = GoodReport();
  report.set_narrative("My name is Jane Doe");
  AddHandle(report, v1::VictimHandle::KIND_EMAIL, "jane.doe@example.com");
  AddHandle(report, v1::VictimHandle::KIND_PHONE, "definitely not a number");
  AddHandle(report, v1::VictimHandle::KIND_ACCOUNT, "GB82 WEST 1234 5698 7654 32");
  AddIdentifier(report, v1::IDENTIFIER_TYPE_EMAIL, "jane.doe@example.com",
                v1::IDENTIFIER_ROLE_CONTACT);
  Intake::Result result = Read(report);
  std::string everything = result.revision_message->SerializeAsString();
  for (const v1::Problem& problem : result.problems) everything += problem.SerializeAsString();
  for (const char* secret : {"jane", "Jane", "definitely", "WEST", "98765432"}) {
    EXPECT_THAT(everything, Not(HasSubstr(secret)));
  }
  EXPECT_THAT(Codes(result),
              ElementsAre("victim.handles[1].value victim.handles.phone.not_a_number",
                          "identifiers[1] identifier.is_victim"));
}

TEST(Intake, ReportIdsArePrintableAsciiOf128Characters) {
  v1::Report report = GoodReport();
  for (const auto& [id, code] : std::vector<std::pair<std::string, std::string>>{
           {"", "report_id report_id.missing"},
           {std::string(129, 'a'), "report_id report_id.too_long"},
           {"a\tb", "report_id report_id.malformed"},
           {"\xc3\xbc", "report_id report_id.malformed"}}) {
    report.set_report_id(id);
    Intake::Result result = Read(report);
    EXPECT_EQ(result.outcome, v1::OUTCOME_REJECTED);
    EXPECT_THAT(Codes(result), ElementsAre(code));
    EXPECT_EQ(result.report_id, "");
    EXPECT_FALSE(result.revision_message.has_value());
  }
  report.set_report_id(std::string(127, '~') + " ");
  EXPECT_EQ(Read(report).outcome, v1::OUTCOME_ACCEPTED);
}

TEST(Intake, ARetractionNeedsOnlyIdAndRevision) {
  v1::Report report;
  report.set_report_id("r-1");
  report.set_revision(4);
  report.set_retracted(true);
  report.set_retraction_reason(v1::RETRACTION_REASON_ERASURE);
  report.set_tlp(v1::TLP_RED);
  report.set_origin("whatever");
  report.mutable_victim()->set_country("??");
  AddIdentifier(report, v1::IDENTIFIER_TYPE_PHONE, "x", v1::IDENTIFIER_ROLE_CALLBACK);
  Intake::Result result = Read(report);
  EXPECT_EQ(result.outcome, v1::OUTCOME_ACCEPTED);
  EXPECT_THAT(Codes(result), IsEmpty());
  internal::v1::ReportRevision expected;
  expected.set_partner("acme");
  expected.set_report_id("r-1");
  expected.set_revision(4);
  expected.set_retracted(true);
  expected.set_arrival(kArrival);
  expected.set_retraction_reason(v1::RETRACTION_REASON_ERASURE);
  EXPECT_EQ(result.revision_message->SerializeAsString(), expected.SerializeAsString());
}

TEST(Intake, WhatElseARetractionHoldsMayBeUnreadable) {
  Intake intake({.token_key = VectorKey()});
  Intake::Result result = intake.FromJson(
      "acme", R"({"reportId": "r", "retracted": true, "tlp": "TLP_X", "identifiers": 7})",
      kArrival);
  EXPECT_EQ(result.outcome, v1::OUTCOME_ACCEPTED);
  EXPECT_THAT(result.problems, IsEmpty());
  result =
      intake.FromJson("acme", R"({"reportId": "r", "retracted": true, "revision": "x"})", kArrival);
  EXPECT_THAT(Codes(result), ElementsAre("revision json.wrong_type"));
  EXPECT_EQ(result.outcome, v1::OUTCOME_REJECTED);
}

TEST(Intake, OccurredAtIsWithin400DaysBeforeAndOneDayAfterTheArrival) {
  v1::Report report = GoodReport();
  auto codes = [&report](core::Time occurred_at) {
    *report.mutable_occurred_at() = core::ToProto(occurred_at);
    return Codes(Read(report));
  };
  EXPECT_THAT(codes(kArrival + core::kDay), IsEmpty());
  EXPECT_THAT(codes(kArrival + core::kDay + 1), ElementsAre("occurred_at occurred_at.in_future"));
  EXPECT_THAT(codes(kArrival - 400 * core::kDay), IsEmpty());
  EXPECT_THAT(codes(kArrival - 400 * core::kDay - 1),
              ElementsAre("occurred_at occurred_at.too_old"));
  report.mutable_occurred_at()->set_seconds(253402300799);
  EXPECT_THAT(Codes(Read(report)), ElementsAre("occurred_at occurred_at.in_future"));
  report.mutable_occurred_at()->set_seconds(-62135596800);
  EXPECT_THAT(Codes(Read(report)), ElementsAre("occurred_at occurred_at.too_old"));
  for (int64_t seconds : {INT64_MIN, INT64_MAX, int64_t{253402300800}}) {
    report.mutable_occurred_at()->set_seconds(seconds);
    EXPECT_THAT(Codes(Read(report)), ElementsAre("occurred_at occurred_at.malformed"));
  }
  report.clear_occurred_at();
  EXPECT_THAT(Codes(Read(report)), ElementsAre("occurred_at occurred_at.missing"));
}

TEST(Intake, ReportedAtIsRaisedToOccurredAtThenCutToTheArrival) {
  v1::Report report = GoodReport();
  auto reported_at = [&report](core::Time occurred_at, core::Time given) {
    *report.mutable_occurred_at() = core::ToProto(occurred_at);
    *report.mutable_reported_at() = core::ToProto(given);
    return Read(report).revision_message->reported_at();
  };
  core::Time hour = core::kHour;
  EXPECT_EQ(reported_at(kArrival - 2 * hour, kArrival - hour), kArrival - hour);
  EXPECT_EQ(reported_at(kArrival - 2 * hour, kArrival - 3 * hour), kArrival - 2 * hour);
  EXPECT_EQ(reported_at(kArrival - 2 * hour, kArrival + hour), kArrival);
  EXPECT_EQ(reported_at(kArrival + 2 * hour, kArrival + hour), kArrival);
}

TEST(Intake, InAReplayTheReportsOwnTimesAreItsArrival) {
  Intake intake({.token_key = VectorKey(), .replay = true});
  core::Time now = kArrival + 4000 * core::kDay;
  v1::Report report = GoodReport();
  Intake::Result result = intake.FromReport("acme", report, now);
  EXPECT_EQ(result.revision_message->arrival(), core::FromProto(report.occurred_at()));
  *report.mutable_reported_at() = core::ToProto(kArrival);
  EXPECT_EQ(intake.FromReport("acme", report, now).revision_message->arrival(), kArrival);
  EXPECT_EQ(intake.FromReport("acme", report, kArrival - core::kHour).revision_message->arrival(),
            kArrival - core::kHour);
}

TEST(Intake, TlpRedIsRejectedAndUnknownNumbersAreWhereTheyDecide) {
  v1::Report report = GoodReport();
  report.set_tlp(v1::TLP_RED);
  EXPECT_THAT(Codes(Read(report)), ElementsAre("tlp tlp.red"));
  report.set_tlp(static_cast<v1::Tlp>(9));
  report.set_basis(static_cast<v1::Basis>(9));
  report.set_referral(static_cast<v1::Referral>(9));
  report.set_scam_type(static_cast<v1::ScamType>(99));
  Intake::Result result = Read(report);
  EXPECT_EQ(result.outcome, v1::OUTCOME_REJECTED);
  EXPECT_THAT(Codes(result), ElementsAre("tlp enum.unknown", "basis enum.unknown",
                                         "referral enum.unknown", "scam_type enum.unknown"));
  EXPECT_TRUE(result.problems[0].fatal());
  EXPECT_FALSE(result.problems[3].fatal());
}

TEST(Intake, TooManyIdentifiersOrPaymentsAreRejected) {
  v1::Report report = GoodReport();
  while (report.identifiers_size() < 64) *report.add_identifiers() = report.identifiers(0);
  while (report.payments_size() < 32) {
    report.add_payments()->set_amount("1");
    report.mutable_payments()->rbegin()->set_currency("EUR");
  }
  Intake::Result result = Read(report);
  EXPECT_EQ(result.outcome, v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(result.revision_message->identifiers_size(), 1);
  EXPECT_EQ(result.revision_message->payments_size(), 32);
  *report.add_identifiers() = report.identifiers(0);
  report.add_payments();
  EXPECT_THAT(Codes(Read(report)),
              ElementsAre("identifiers identifiers.too_many", "payments payments.too_many"));
}

TEST(Intake, OtherListsAreCut) {
  v1::Report report = GoodReport();
  for (int i = 0; i < 9; ++i) {
    AddHandle(report, v1::VictimHandle::KIND_ACCOUNT, "account" + std::to_string(i));
    report.add_external_references("ic3:" + std::to_string(i));
  }
  Intake::Result result = Read(report);
  EXPECT_THAT(Codes(result), ElementsAre("external_references external_references.too_many",
                                         "victim.handles victim.handles.too_many"));
  EXPECT_EQ(result.revision_message->victim_tokens_size(), 8);
  EXPECT_EQ(result.revision_message->external_references_size(), 8);
}

TEST(Intake, OddDetailsAreLeftOutAndNamed) {
  v1::Report report = GoodReport();
  report.mutable_victim()->set_country("us");
  report.set_origin("no colon");
  report.add_external_references("");
  report.set_narrative(std::string(16 * 1024 + 1, 'x'));
  report.mutable_reported_at()->set_nanos(-1);
  report.mutable_identifiers(0)->set_region("EU");
  report.mutable_identifiers(0)->set_source_port(65536);
  report.mutable_identifiers(0)->set_attestation(static_cast<v1::Attestation>(9));
  Intake::Result result = Read(report);
  EXPECT_EQ(result.outcome, v1::OUTCOME_ACCEPTED);
  EXPECT_THAT(
      Codes(result),
      ElementsAre("victim.country country.unknown", "reported_at reported_at.malformed",
                  "narrative narrative.too_long", "origin origin.malformed",
                  "external_references[0] external_reference.malformed",
                  "identifiers[0].region region.unknown", "identifiers[0].attestation enum.unknown",
                  "identifiers[0].source_port source_port.out_of_range"));
  EXPECT_EQ(result.revision_message->country(), "");
  EXPECT_EQ(result.revision_message->origin(), "");
}

TEST(Intake, AReportWithNothingUsableIsRejected) {
  v1::Report report = GoodReport();
  report.mutable_identifiers(0)->set_value("call me");
  Intake::Result result = Read(report);
  EXPECT_THAT(Codes(result),
              ElementsAre("identifiers[0].value phone.not_a_number", " report.nothing_usable"));
  EXPECT_EQ(result.outcome, v1::OUTCOME_REJECTED);
  // Cash, paid to nobody who could be named, is something.
  v1::Payment* payment = report.add_payments();
  payment->set_rail(v1::Payment::RAIL_CASH);
  payment->set_amount("100");
  payment->set_currency("EUR");
  EXPECT_EQ(Read(report).outcome, v1::OUTCOME_ACCEPTED);
  payment->clear_amount();
  EXPECT_THAT(Codes(Read(report)),
              AllOf(Contains("payments[0] payment.empty"), Contains(" report.nothing_usable")));
}

TEST(Intake, AllProblemsAreReportedAtOnce) {
  v1::Report report;
  report.set_tlp(v1::TLP_RED);
  AddIdentifier(report, v1::IDENTIFIER_TYPE_PHONE, "1111111111", v1::IDENTIFIER_ROLE_CALLBACK)
      ->set_region("US");
  EXPECT_THAT(
      Codes(Read(report)),
      ElementsAre("report_id report_id.missing", "occurred_at occurred_at.missing", "tlp tlp.red",
                  "identifiers[0].value phone.not_valid", " report.nothing_usable"));
}

TEST(Intake, FieldsOfJsonThatCannotBeReadAreNamedAndTheRestIsUsed) {
  Intake intake({.token_key = VectorKey()});
  Intake::Result result = intake.FromJson("acme", R"({
    "reportId": "r", "occurredAt": "2026-03-01T10:00:00Z", "scamType": "SCAM_TYPE_BRAND_NEW",
    "victim": {"handles": [{"kind": "KIND_SHOE", "value": "43"}, 5]},
    "identifiers": [
      {"type": "IDENTIFIER_TYPE_TELEPATHY", "value": "1"}, null,
      {"type": "IDENTIFIER_TYPE_WALLET", "value": "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
       "subAccount": 5},
      {"type": "IDENTIFIER_TYPE_PHONE", "value": "+12125550123", "role": 2, "sourcePort": "x"}],
    "payments": [{"amount": 299.00, "currency": "USD"},
                 {"amount": "1", "currency": "USD", "status": "STATUS_NEW"}],
    "shoeSize": 43})",
                                          kArrival);
  EXPECT_EQ(result.outcome, v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(result.unknown_fields, 1u);
  EXPECT_THAT(
      Codes(result),
      ElementsAre("scam_type json.unknown_enum", "victim.handles[0].kind json.unknown_enum",
                  "victim.handles[1] json.wrong_type", "identifiers[0].type json.unknown_enum",
                  "identifiers[1] json.wrong_type", "identifiers[2].sub_account json.wrong_type",
                  "identifiers[3].source_port json.wrong_type",
                  "payments[0].amount json.wrong_type", "payments[1].status json.unknown_enum",
                  "payments[0] payment.empty", "payments[1] payment.empty"));
  EXPECT_THAT(Names(result), ElementsAre("PHONE +12125550123 CALLBACK"));
}

// Of two reports of one revision the hash decides, so what reads differently must not have one
// hash.
TEST(Intake, WhatReadsDifferentlyHasAnotherContentHash) {
  constexpr std::string_view kBegin =
      R"({"reportId": "r-1", "occurredAt": "2026-03-01T10:00:00Z", "externalReferences": ["a:1"],
          "identifiers": [{"type": "IDENTIFIER_TYPE_DOMAIN", "value": "example.com"}], )";
  constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
      {R"("payments": [{"amount": "5", "currency": "GBP", "status": "X"}])",
       R"("payments": [{"amount": "5", "currency": "GBP"}])"},
      {R"("payments": [{"amount": "5", "currency": "GBP", "payee": {"role": 1.5,
             "type": "IDENTIFIER_TYPE_PHONE", "value": "+12125550123"}}])",
       R"("payments": [{"amount": "5", "currency": "GBP", "payee": {
             "type": "IDENTIFIER_TYPE_PHONE", "value": "+12125550123"}}])"},
      {R"("identifiers": [{"type": "IDENTIFIER_TYPE_DOMAIN", "value": "example.org", "role": "X"},
                          {"type": "IDENTIFIER_TYPE_DOMAIN", "value": "example.com"}])",
       R"("identifiers": [{"type": "IDENTIFIER_TYPE_DOMAIN", "value": "example.org"},
                          {"type": "IDENTIFIER_TYPE_DOMAIN", "value": "example.com"}])"},
      {R"("victim": {"handles": [{"kind": "KIND_PHONE", "value": 5, "token":
             "k1:IObS9nOKvDmHWPFnke7TQQ"}]})",
       R"("victim": {"handles": [{"kind": "KIND_PHONE", "token": "k1:IObS9nOKvDmHWPFnke7TQQ"}]})"},
      {R"("narrative": "a", "narrative": "They called twice.")", R"("narrative": "")"},
      {R"("externalReferences": [5], "externalReferences": ["b:2"])",
       R"("externalReferences": ["b:2"])"},
  };
  for (const auto& [unreadable, readable] : kPairs) {
    Intake intake({.token_key = VectorKey()});
    auto read = [&](std::string_view rest) {
      Intake::Result result =
          intake.FromJson("acme", std::string(kBegin).append(rest) + "}", kArrival);
      EXPECT_TRUE(result.revision_message) << rest;
      return result.revision_message.value_or(internal::v1::ReportRevision());
    };
    internal::v1::ReportRevision one = read(unreadable);
    internal::v1::ReportRevision other = read(readable);
    EXPECT_NE(one.SerializeAsString(), other.SerializeAsString()) << unreadable;
    EXPECT_NE(one.content_hash(), other.content_hash()) << unreadable;
  }
}

TEST(Intake, WhatDecidesMustBeReadable) {
  Intake intake({.token_key = VectorKey()});
  for (const char* field : {R"("tlp": "TLP_READ")", R"("reportId": 5)", R"("revision": -1)",
                            R"("occurredAt": "today")", R"("referral": "NEVER")"}) {
    std::string json = R"({"reportId": "r", "occurredAt": "2026-03-01T10:00:00Z", "identifiers": [
      {"type": 1, "value": "+12125550123", "role": 2}], )" +
                       std::string(field) + "}";
    Intake::Result result = intake.FromJson("acme", json, kArrival);
    EXPECT_EQ(result.outcome, v1::OUTCOME_REJECTED) << field;
    EXPECT_TRUE(result.problems.at(0).fatal()) << field;
  }
}

TEST(Intake, RecordsThatAreNoReportAreRefusedWithTheReason) {
  Intake intake({.token_key = VectorKey()});
  auto codes = [&intake](const std::string& record) {
    Intake::Result result = intake.FromRecord("acme", record, kArrival);
    EXPECT_EQ(result.outcome, v1::OUTCOME_REJECTED);
    return Codes(result);
  };
  EXPECT_THAT(codes(""), ElementsAre(" record.empty"));
  EXPECT_THAT(codes("{"), ElementsAre(" json.malformed"));
  EXPECT_THAT(codes(" \n{\"a\": \"\xff\"}"), ElementsAre(" json.not_utf8"));
  EXPECT_THAT(codes("\xff\xff"), ElementsAre(" binary.malformed"));
  EXPECT_THAT(codes("{\"narrative\": \"" + std::string(64 * 1024, 'x') + "\"}"),
              ElementsAre(" record.too_large"));
  EXPECT_THAT(codes(std::string(64 * 1024 + 1, 'x')), ElementsAre(" record.too_large"));
  v1::Report report = GoodReport();
  report.set_narrative(std::string(64 * 1024, 'x'));
  EXPECT_THAT(Codes(Read(report)), ElementsAre(" record.too_large"));
}

TEST(Intake, BinaryReportsWhoseIdLooksLikeJsonAreRead) {
  Intake intake({.token_key = VectorKey()});
  // The tag of report_id is a line feed; a length of 9, 10, 13, 32 white space, and of 123 a '{'.
  for (size_t length : {9u, 10u, 13u, 32u, 123u}) {
    v1::Report report = GoodReport();
    report.set_report_id("{" + std::string(length - 1, 'x'));
    Intake::Result result = intake.FromRecord("acme", report.SerializeAsString(), kArrival);
    EXPECT_EQ(result.outcome, v1::OUTCOME_ACCEPTED) << length;
    EXPECT_EQ(result.report_id, report.report_id());
  }
}

TEST(Intake, UnknownFieldsAreCountedAndLeaveNoTrace) {
  v1::Report report = GoodReport();
  Intake::Result plain = Read(report);
  auto add = [](google::protobuf::Message& message) {
    message.GetReflection()->MutableUnknownFields(&message)->AddVarint(1000, 1);
  };
  add(report);
  add(*report.mutable_identifiers(0));
  add(*report.mutable_occurred_at());
  Intake::Result result = Read(report);
  EXPECT_EQ(result.unknown_fields, 3u);
  EXPECT_EQ(result.revision_message->SerializeAsString(),
            plain.revision_message->SerializeAsString());
  Intake intake({.token_key = VectorKey()});
  result = intake.FromBinary("acme", report.SerializeAsString(), kArrival);
  EXPECT_EQ(result.unknown_fields, 3u);
  EXPECT_EQ(result.revision_message->content_hash(), plain.revision_message->content_hash());
}

TEST(Intake, RejectionsAreOfWhatWasNotUsedWhole) {
  v1::Report report = GoodReport();
  EXPECT_FALSE(RejectionOf("acme", Read(report), 2, 7).has_value());
  report.mutable_identifiers(0)->clear_role();
  auto rejection = RejectionOf("acme", Read(report), 2, 7);
  ASSERT_TRUE(rejection.has_value());
  EXPECT_EQ(rejection->outcome(), v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(rejection->problems(0).code(), "phone.no_role");
  report.set_tlp(v1::TLP_RED);
  report.set_revision(9);
  rejection = RejectionOf("acme", Read(report), 2, 7);
  EXPECT_EQ(rejection->outcome(), v1::OUTCOME_REJECTED);
  EXPECT_EQ(rejection->report_id(), report.report_id());
  EXPECT_EQ(rejection->revision(), 9u);
  EXPECT_EQ(rejection->partner(), "acme");
  EXPECT_EQ(rejection->partition(), 2);
  EXPECT_EQ(rejection->offset(), 7);
  EXPECT_EQ(rejection->problems_size(), 2);
}

}  // namespace
}  // namespace ringfence::intake
