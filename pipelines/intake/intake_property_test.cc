// Properties that hold for every input, tried on random ones. A failure names its seed.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <random>

#include "pipelines/intake/intake.h"
#include "pipelines/intake/intake_testing.h"
#include "pipelines/intake/problems.h"

namespace ringfence::intake {
namespace {

using Random = std::mt19937_64;

size_t Below(Random& random, size_t bound) { return random() % bound; }

// With values of every kind, good and bad.
v1::Report RandomReport(Random& random) {
  static const std::vector<std::string> kValues = {"+12125550123",
                                                   "020 7946 0018",
                                                   "call me",
                                                   "",
                                                   "jane.doe@example.com",
                                                   "a@b@c",
                                                   "198.51.100.7",
                                                   "10.0.0.1",
                                                   "2001:db8::1",
                                                   "login.example.com",
                                                   "co.uk",
                                                   "https://login.example.com/a?b=c",
                                                   "http://198.51.100.7/x",
                                                   "https://example.com/jane.doe@example.com",
                                                   "GB82 WEST 1234 5698 7654 32",
                                                   "021000021/00123456",
                                                   "some.one@okbank",
                                                   "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
                                                   "FT 2311-7 xk",
                                                   "ABCD-1234-EFGH",
                                                   "@crypto_anna",
                                                   "$QuickHelp",
                                                   "123 456 789",
                                                   std::string(2100, 'x'),
                                                   "\xe2\x80\x8b\xef\xbb\xbf"};
  static const std::vector<std::string> kSchemes = {"",     "anydesk",  "us-aba",  "telegram",
                                                    "goto", "ethereum", "cashapp", "google-play"};
  static const std::vector<std::string> kCountries = {"", "US", "UK", "GB", "XX"};
  v1::Report report;
  report.set_report_id("r-" + std::to_string(Below(random, 1000)));
  report.set_revision(static_cast<uint32_t>(Below(random, 3)));
  report.set_retracted(Below(random, 20) == 0);
  auto hours = static_cast<int64_t>(Below(random, 24 * 405));
  *report.mutable_occurred_at() = core::ToProto(kArrival - hours * core::kHour);
  if (Below(random, 2) == 0) *report.mutable_reported_at() = core::ToProto(kArrival - core::kHour);
  report.mutable_victim()->set_country(kCountries[Below(random, kCountries.size())]);
  for (size_t i = Below(random, 4); i > 0; --i) {
    AddHandle(report, static_cast<v1::VictimHandle::Kind>(Below(random, 9)),
              kValues[Below(random, kValues.size())]);
  }
  auto fill = [&](v1::Identifier& identifier) {
    identifier.set_type(static_cast<v1::IdentifierType>(Below(random, 19)));
    identifier.set_value(kValues[Below(random, kValues.size())]);
    identifier.set_role(static_cast<v1::IdentifierRole>(Below(random, 12)));
    identifier.set_scheme(kSchemes[Below(random, kSchemes.size())]);
    identifier.set_region(kCountries[Below(random, kCountries.size())]);
    if (Below(random, 4) == 0) identifier.set_token("k1:IObS9nOKvDmHWPFnke7TQQ");
    if (Below(random, 4) == 0) *identifier.mutable_observed_at() = core::ToProto(kArrival);
    if (Below(random, 4) == 0) identifier.set_attestation(v1::ATTESTATION_FULL);
  };
  for (size_t i = Below(random, 8); i > 0; --i) fill(*report.add_identifiers());
  for (size_t i = Below(random, 3); i > 0; --i) {
    v1::Payment* payment = report.add_payments();
    if (Below(random, 3) > 0) fill(*payment->mutable_payee());
    payment->set_amount(Below(random, 3) == 0 ? "1e5" : "299.90");
    payment->set_currency("EUR");
    payment->set_status(static_cast<v1::Payment::Status>(Below(random, 5)));
    payment->set_reference(kValues[Below(random, kValues.size())]);
  }
  report.set_tlp(static_cast<v1::Tlp>(Below(random, 6)));
  report.set_origin(Below(random, 2) == 0 ? "ic3:1" : "");
  return report;
}

std::string ToJson(const v1::Report& report, Random& random) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = Below(random, 2) == 0;
  options.always_print_enums_as_ints = Below(random, 2) == 0;
  options.always_print_primitive_fields = Below(random, 2) == 0;
  std::string json;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(report, &json, options).ok());
  return json;
}

void Mutate(std::string& bytes, Random& random) {
  static constexpr std::string_view kPieces[] = {
      "\xff", "{",       "}",    "[",        "]",   "\"",
      "\\u",  "\\ud800", "null", "1e400",    "-0",  "99999999999999999999",
      ",",    ":",       "\xc3", "[[[[[[[[", "true"};
  for (size_t i = 1 + Below(random, 4); i > 0 && !bytes.empty(); --i) {
    size_t at = Below(random, bytes.size());
    switch (Below(random, 5)) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes.erase(at, 1 + Below(random, 20));
        break;
      case 2:
        bytes.insert(at, kPieces[Below(random, std::size(kPieces))]);
        break;
      case 3:
        bytes.insert(at, bytes.substr(Below(random, bytes.size()), Below(random, 50)));
        break;
      default:
        bytes.resize(at);
    }
  }
}

void CheckInvariants(const Intake::Result& result) {
  bool accepted = result.outcome == v1::OUTCOME_ACCEPTED;
  EXPECT_TRUE(accepted || result.outcome == v1::OUTCOME_REJECTED);
  EXPECT_EQ(accepted, result.revision_message.has_value());
  bool fatal = false;
  for (const v1::Problem& problem : result.problems) {
    fatal = fatal || problem.fatal();
    EXPECT_NE(FindProblemCode(problem.code()), nullptr) << problem.code();
    EXPECT_FALSE(problem.message().empty());
  }
  EXPECT_EQ(accepted, !fatal);
  EXPECT_LE(result.problems.size(), ProblemList::kProblemsMax);
  if (!accepted) return;
  const auto& message = *result.revision_message;
  EXPECT_EQ(message.content_hash().size(), message.retracted() ? 0u : 32u);
  EXPECT_TRUE(message.retracted() || message.identifiers_size() + message.payments_size() > 0);
  // What dedupe reads is what was written: a text that is no UTF-8 would not come back.
  internal::v1::ReportRevision read;
  EXPECT_TRUE(read.ParseFromString(message.SerializeAsString()));
  for (const auto& named : message.identifiers()) {
    EXPECT_NE(named.role(), v1::IDENTIFIER_ROLE_VICTIM_SIDE);
    EXPECT_FALSE(named.value().empty());
  }
  for (const auto& token : message.victim_tokens()) EXPECT_TRUE(IsToken(token.token()));
}

TEST(IntakeProperties, JsonAndBinaryOfOneReportComeToTheSame) {
  Intake intake({.token_key = VectorKey()});
  int accepted = 0;
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    v1::Report report = RandomReport(random);
    Intake::Result from_json = intake.FromRecord("acme", ToJson(report, random), kArrival);
    Intake::Result from_binary = intake.FromRecord("acme", report.SerializeAsString(), kArrival);
    CheckInvariants(from_json);
    EXPECT_EQ(from_json.outcome, from_binary.outcome);
    EXPECT_EQ(Codes(from_json), Codes(from_binary));
    // An Intake of its own has nothing in its memory: that must not matter either.
    Intake::Result fresh = Read(report);
    EXPECT_EQ(Codes(fresh), Codes(from_binary));
    if (from_json.outcome != v1::OUTCOME_ACCEPTED) continue;
    ++accepted;
    EXPECT_EQ(from_json.revision_message->SerializeAsString(),
              from_binary.revision_message->SerializeAsString());
    EXPECT_EQ(fresh.revision_message->SerializeAsString(),
              from_binary.revision_message->SerializeAsString());
  }
  EXPECT_GT(accepted, 500);
}

TEST(IntakeProperties, DamagedJsonIsAnsweredNeverFatal) {
  Intake intake({.token_key = VectorKey()});
  for (uint64_t seed = 1; seed <= 6000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::string json = ToJson(RandomReport(random), random);
    Mutate(json, random);
    CheckInvariants(intake.FromJson("acme", json, kArrival));
    CheckInvariants(intake.FromRecord("acme", json, kArrival));
  }
}

TEST(IntakeProperties, DamagedBinaryIsAnsweredNeverFatal) {
  google::protobuf::LogSilencer silent;
  Intake intake({.token_key = VectorKey()});
  for (uint64_t seed = 1; seed <= 6000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::string bytes = RandomReport(random).SerializeAsString();
    Mutate(bytes, random);
    CheckInvariants(intake.FromRecord("acme", bytes, kArrival));
  }
}

TEST(IntakeProperties, NoiseIsAnsweredNeverFatal) {
  google::protobuf::LogSilencer silent;
  Intake intake({.token_key = VectorKey()});
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::string bytes(Below(random, 200), '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    CheckInvariants(intake.FromRecord("acme", bytes, kArrival));
    CheckInvariants(intake.FromJson("acme", bytes, kArrival));
  }
}

TEST(IntakeProperties, ExtremesAreAnswered) {
  Intake intake({.token_key = VectorKey()});
  std::string thousand =
      R"({"reportId": "r", "occurredAt": "2026-03-01T10:00:00Z", "identifiers": [)";
  for (int i = 0; i < 1000; ++i) thousand += R"({"type": 1, "value": "+12125550123"},)";
  thousand.back() = ']';
  thousand += "}";
  Intake::Result result = intake.FromJson("acme", thousand, kArrival);
  CheckInvariants(result);
  EXPECT_THAT(Codes(result), testing::ElementsAre("identifiers identifiers.too_many"));

  std::string nulls = R"({"identifiers": [)";
  for (int i = 0; i < 12000; ++i) nulls += "null,";
  nulls.back() = ']';
  result = intake.FromJson("acme", nulls + "}", kArrival);
  CheckInvariants(result);
  EXPECT_EQ(result.problems.size(), ProblemList::kProblemsMax);

  std::string deep = "{\"victim\":" + std::string(30000, '[') + std::string(30000, ']') + "}";
  EXPECT_THAT(Codes(intake.FromJson("acme", deep, kArrival)),
              testing::ElementsAre(" json.too_deep"));
  std::string digits = "{\"revision\": " + std::string(60000, '9') + "}";
  EXPECT_THAT(Codes(intake.FromJson("acme", digits, kArrival)),
              testing::ElementsAre(" json.malformed"));
  std::string quotes(60000, '"');
  CheckInvariants(intake.FromJson("acme", "{" + quotes + "}", kArrival));
}

}  // namespace
}  // namespace ringfence::intake
