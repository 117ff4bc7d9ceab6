#include "services/ringfence/report_lines.h"

#include <gmock/gmock.h>

#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Line> LinesOf(const std::vector<std::string>& texts) {
  std::vector<Line> lines;
  for (const std::string& text : texts) lines.push_back({lines.size() + 1, text, false});
  return lines;
}

v1::SubmitReportsResponse AcceptAll(const ReportLines& lines) {
  v1::SubmitReportsResponse response;
  for (const v1::Report& report : lines.request().reports()) {
    v1::SubmitResult& result = *response.add_results();
    result.set_report_id(report.report_id());
    result.set_outcome(v1::OUTCOME_ACCEPTED);
  }
  return response;
}

TEST(ReportLines, GoodLinesBecomeOneRequest) {
  const ReportLines lines(
      "acme", "a.jsonl",
      LinesOf({R"({"reportId":"r-1"})", "", R"({"reportId":"r-2","revision":3})", "\r"}));
  ASSERT_EQ(lines.request().reports_size(), 2);
  EXPECT_EQ(lines.request().reports(1).report_id(), "r-2");
  EXPECT_EQ(lines.request().reports(1).revision(), 3u);
  const ReportLines::Answers answers = lines.Answer(AcceptAll(lines));
  EXPECT_EQ(answers.accepted, 2u);
  EXPECT_EQ(answers.with_problems, 0u);
  EXPECT_THAT(answers.rejections, IsEmpty());
}

TEST(ReportLines, LineThatIsNoJsonIsRejectedHereWithItsNumber) {
  const ReportLines lines("acme", "a.jsonl",
                          LinesOf({R"({"reportId":"r-1"})", R"({"reportId":)", "row;2"}));
  ASSERT_EQ(lines.request().reports_size(), 1);
  const ReportLines::Answers answers = lines.Answer(AcceptAll(lines));
  EXPECT_EQ(answers.accepted, 1u);
  EXPECT_EQ(answers.rejected, 2u);
  EXPECT_EQ(answers.fatal.at("json.malformed"), 2u);
  ASSERT_EQ(answers.rejections.size(), 2u);
  const v1::Rejection& rejection = answers.rejections[0];
  EXPECT_EQ(rejection.partner(), "acme");
  EXPECT_EQ(rejection.outcome(), v1::OUTCOME_REJECTED);
  EXPECT_EQ(rejection.partition(), -1);
  EXPECT_EQ(rejection.offset(), -1);
  EXPECT_THAT(rejection.problems(0).message(), HasSubstr("a.jsonl:2: "));
}

TEST(ReportLines, ResultsBelongToTheLinesThatWereSent) {
  const ReportLines lines("acme", "a",
                          LinesOf({"no json", R"({"reportId":"r-1"})", R"({"reportId":"r-2"})"}));
  v1::SubmitReportsResponse response = AcceptAll(lines);
  response.mutable_results(1)->set_outcome(v1::OUTCOME_REJECTED);
  v1::Problem& problem = *response.mutable_results(1)->add_problems();
  problem.set_code("tlp.red");
  problem.set_fatal(true);
  problem.set_message("TLP:RED cannot be shared at all.");
  const ReportLines::Answers answers = lines.Answer(response);
  EXPECT_EQ(answers.accepted, 1u);
  EXPECT_EQ(answers.rejected, 2u);
  ASSERT_EQ(answers.rejections.size(), 2u);
  EXPECT_EQ(answers.rejections[1].report_id(), "r-2");
  EXPECT_EQ(answers.rejections[1].problems(0).message(), "a:3: TLP:RED cannot be shared at all.");
}

// A wallet without its tag would be somebody else's.
TEST(ReportLines, IdentifierThatCannotBeReadIsNotSentInPart) {
  const ReportLines lines("acme", "a", LinesOf({R"({"reportId":"r-1","identifiers":[
      {"type":"IDENTIFIER_TYPE_WALLET","value":"rrrrrrrrrrrrrrrrrrrrrhoLvTp","subAccount":17.5},
      {"type":"IDENTIFIER_TYPE_PHONE","value":"+12125550123"}]})"}));
  ASSERT_EQ(lines.request().reports_size(), 1);
  const v1::Report& report = lines.request().reports(0);
  ASSERT_EQ(report.identifiers_size(), 2) << "the others keep their numbers";
  EXPECT_EQ(report.identifiers(0).ByteSizeLong(), 0u);
  EXPECT_EQ(report.identifiers(1).value(), "+12125550123");

  v1::SubmitReportsResponse response = AcceptAll(lines);
  response.mutable_results(0)->add_problems()->set_field("identifiers[0].type");
  response.mutable_results(0)->add_problems()->set_field("identifiers[01]");
  const ReportLines::Answers answers = lines.Answer(response);
  EXPECT_EQ(answers.accepted, 1u);
  EXPECT_EQ(answers.with_problems, 1u);
  ASSERT_EQ(answers.rejections.size(), 1u);
  std::vector<std::string> fields;
  for (const v1::Problem& problem : answers.rejections[0].problems())
    fields.push_back(problem.field());
  EXPECT_THAT(fields, ElementsAre("identifiers[0].sub_account", "identifiers[01]"))
      << "what the server says of a part that was not sent is no news";
}

TEST(ReportLines, PaymentWhoseStatusCannotBeReadIsNoLoss) {
  const ReportLines lines("acme", "a", LinesOf({R"({"reportId":"r-1","payments":[
      {"amount":"299.00","currency":"USD","reference":"FT1234567","status":"STATUS_MAYBE"}]})"}));
  ASSERT_EQ(lines.request().reports_size(), 1);
  const v1::Payment& payment = lines.request().reports(0).payments(0);
  EXPECT_EQ(payment.amount(), "");
  EXPECT_EQ(payment.reference(), "FT1234567");
}

TEST(ReportLines, FieldThatDecidesWhichReportItIsRejectsTheLine) {
  const ReportLines lines("acme", "a", LinesOf({R"({"reportId":"r-1","revision":"first"})"}));
  EXPECT_EQ(lines.request().reports_size(), 0);
  const ReportLines::Answers answers = lines.Answer({});
  EXPECT_EQ(answers.rejected, 1u);
  EXPECT_EQ(answers.rejections[0].report_id(), "r-1");
  EXPECT_EQ(answers.fatal.at("json.wrong_type"), 1u);
}

TEST(ReportLines, OfARetractionOnlyItsOwnFieldsMatter) {
  const ReportLines lines(
      "acme", "a",
      LinesOf({R"({"reportId":"r-1","revision":2,"retracted":true,"occurredAt":"yesterday"})"}));
  ASSERT_EQ(lines.request().reports_size(), 1);
  EXPECT_THAT(lines.Answer(AcceptAll(lines)).rejections, IsEmpty());
}

TEST(ReportLines, RecordsTooLargeForTheServerAreNotSent) {
  std::vector<Line> overlong = LinesOf({"{"});
  overlong[0].too_long = true;
  const ReportLines cut("acme", "a", overlong);
  EXPECT_EQ(cut.Answer({}).fatal.at("record.too_large"), 1u);
  const ReportLines large(
      "acme", "a",
      LinesOf({R"({"reportId":"r-1","narrative":")" + std::string(70'000, 'x') + "\"}"}));
  EXPECT_EQ(large.request().reports_size(), 0);
  EXPECT_EQ(large.Answer({}).fatal.at("record.too_large"), 1u);
}

TEST(ReportLines, MessagesNeverQuoteTheLine) {
  const ReportLines lines("acme", "a",
                          LinesOf({R"({"reportId":"r-1","victim":{"handles":[{"value":5}]},
                                       "revision":"jane.doe@example.com"})"}));
  for (const v1::Rejection& rejection : lines.Answer({}).rejections) {
    EXPECT_THAT(Json(rejection), testing::Not(HasSubstr("jane")));
  }
}

}  // namespace
}  // namespace ringfence::cli
