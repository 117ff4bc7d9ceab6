// The commands against servers on this machine's loopback.

#include "services/ringfence/commands.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "pipelines/core/id.h"
#include "ringfence/v1/admin_service.grpc.pb.h"
#include "ringfence/v1/indicator_service.grpc.pb.h"
#include "services/gateway/report_service.h"
#include "services/ringfence/sample/sample_files.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// 2026-03-01T12:00:00Z.
constexpr core::Time kNow = 1772366400 * core::kSecond;

v1::Indicator ListedNumber() {
  v1::Indicator indicator;
  indicator.set_indicator_id("id-1");
  indicator.set_type(v1::IDENTIFIER_TYPE_PHONE);
  indicator.set_value("+12125550123");
  indicator.set_action(v1::ACTION_BLOCK);
  indicator.set_score(609);
  indicator.set_revision(42);
  indicator.set_campaign_id("mj5zc3dtor3ksr5kyyj4c2acdq");
  indicator.mutable_explanation()->set_organisations(2);
  indicator.mutable_explanation()->set_incidents(4);
  indicator.mutable_explanation()->set_reports(5);
  indicator.mutable_explanation()->add_rules("quorum.two_organisations");
  return indicator;
}

v1::Campaign OneCampaign() {
  v1::Campaign campaign;
  campaign.set_campaign_id("mj5zc3dtor3ksr5kyyj4c2acdq");
  campaign.set_organisations(3);
  campaign.set_incidents(1'234);
  campaign.set_indicators(17);
  campaign.add_impersonated("Microsoft");
  v1::CountryCount& country = *campaign.add_victims_by_country();
  country.set_country("DE");
  country.set_incidents(9);
  v1::AmountTotal& loss = *campaign.add_losses();
  loss.set_currency("EUR");
  loss.set_amount("2999.5");
  return campaign;
}

// Lists one number, in one campaign.
class FakeIndicators : public v1::IndicatorService::Service {
 public:
  grpc::Status Subscribe(grpc::ServerContext*, const v1::SubscribeRequest* request,
                         grpc::ServerWriter<v1::SubscribeResponse>* writer) override {
    last_subscribe_ = *request;
    v1::SubscribeResponse event;
    v1::SetDigest digest;
    digest.set_count(1);
    core::SetSum sum;
    sum.Add(core::SetSum::DigestMember("id-1", 42));
    digest.set_sum(sum.Bytes());
    if (request->cursor().empty()) {
      event.mutable_snapshot_begin()->set_reason("none");
      writer->Write(event);
      *event.mutable_snapshot_chunk()->add_indicators() = ListedNumber();
      writer->Write(event);
      event.mutable_snapshot_end()->set_cursor("cursor-1");
      *event.mutable_snapshot_end()->mutable_digest() = digest;
    } else {
      event.mutable_bookmark()->set_cursor("cursor-2");
      *event.mutable_bookmark()->mutable_digest() = digest;
    }
    writer->Write(event);
    return grpc::Status::OK;
  }

  grpc::Status Lookup(grpc::ServerContext*, const v1::LookupRequest* request,
                      v1::LookupResponse* response) override {
    EXPECT_EQ(request->filter().min_action(), v1::ACTION_MONITOR);
    for (const v1::Identifier& identifier : request->identifiers()) {
      v1::LookupResult& result = *response->add_results();
      if (identifier.type() == v1::IDENTIFIER_TYPE_PHONE && identifier.region() == "US") {
        *result.mutable_indicator() = ListedNumber();
      } else if (identifier.type() == v1::IDENTIFIER_TYPE_DOMAIN) {
        result.set_canonical_value("harmless.example");
      } else {
        result.set_problem_code("phone.no_region");
      }
    }
    return grpc::Status::OK;
  }

  grpc::Status GetCampaign(grpc::ServerContext*, const v1::GetCampaignRequest* request,
                           v1::GetCampaignResponse* response) override {
    if (request->campaign_id() == "unknown")
      return {grpc::StatusCode::NOT_FOUND, "no such campaign"};
    *response->mutable_campaign() = OneCampaign();
    if (request->max_indicators() > 0) *response->add_indicators() = ListedNumber();
    if (request->campaign_id() != OneCampaign().campaign_id()) {
      response->set_superseded_id(request->campaign_id());
    }
    return grpc::Status::OK;
  }

  // Three pages of one.
  grpc::Status ListCampaigns(grpc::ServerContext*, const v1::ListCampaignsRequest* request,
                             v1::ListCampaignsResponse* response) override {
    const std::string& token = request->page_token();
    *response->add_campaigns() = OneCampaign();
    if (token.size() < 2) response->set_next_page_token(token + "x");
    last_order_ = request->order();
    return grpc::Status::OK;
  }

  v1::SubscribeRequest last_subscribe_;
  v1::ListCampaignsRequest::Order last_order_ = v1::ListCampaignsRequest::ORDER_UNSPECIFIED;
};

// Is quiet from the third time on that it is asked.
class FakeAdmin : public v1::AdminService::Service {
 public:
  grpc::Status GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*,
                         v1::GetStatusResponse* response) override {
    v1::StageStatus& stage = *response->add_stages();
    stage.set_stage("dedupe");
    stage.set_topic("ringfence.dedupe");
    stage.set_log_end(100);
    stage.set_applied(93);
    response->set_quiet(++asked_ > 2);
    return grpc::Status::OK;
  }

  grpc::Status ExplainReport(grpc::ServerContext*, const v1::ExplainReportRequest* request,
                             v1::ExplainReportResponse* response) override {
    if (request->report_id() == "unknown") {
      return {grpc::StatusCode::NOT_FOUND, "there is no such report"};
    }
    response->set_incident("incident-1");
    v1::ComparedReport& compared = *response->add_others();
    compared.set_report("report-1");
    compared.set_organisation("organisation-1");
    compared.set_matches(true);
    compared.set_weight(26);
    compared.set_threshold(18);
    v1::ComparedField& field = *compared.add_fields();
    field.set_field("victim_phone");
    field.set_weight(22);
    return grpc::Status::OK;
  }

 private:
  int asked_ = 0;
};

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() {
    auto log = runtime::EmbeddedLog::Open({.dir = folder_.Path("log"),
                                           .clock = [] { return kNow; },
                                           .memory = runtime::MakeRocksMemory({}),
                                           .reserve_bytes = 0});
    EXPECT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    gateway::Receivers::Options options;
    options.receiver.intake.token_key.id = "k1";
    options.receiver.clock = [] { return kNow; };
    receivers_ = std::make_unique<gateway::Receivers>(options, *log_, metrics_);
    reports_ = std::make_unique<gateway::ReportService>(*receivers_, *gate_);
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(reports_.get());
    builder.RegisterService(&indicators_);
    builder.RegisterService(&admin_);
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
  }

  // Runs a command with --server added; what it prints goes to `out_` and `err_`.
  int Run(Command (*declare)(CLI::App&), std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--server", address_});
    return RunAsIs(declare, std::move(arguments));
  }
  int RunAsIs(Command (*declare)(CLI::App&), std::vector<std::string> arguments) {
    CLI::App app;
    const Command command = declare(app);
    std::reverse(arguments.begin(), arguments.end());
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError& error) {
      err_ = error.what();
      return kWrongUse;
    }
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = command();
    std::fflush(stdout);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return status;
  }

  std::vector<std::string> OutLines() const {
    std::vector<std::string> lines;
    std::istringstream stream(out_);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  runtime::TemporaryFolder folder_;
  runtime::Metrics metrics_;
  const std::unique_ptr<runtime::Gate> gate_ = runtime::Gate::OnThisMachine(metrics_);
  std::unique_ptr<runtime::EmbeddedLog> log_;
  FakeIndicators indicators_;
  FakeAdmin admin_;
  std::unique_ptr<gateway::Receivers> receivers_;
  std::unique_ptr<gateway::ReportService> reports_;
  // Goes first.
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
  std::string out_;
  std::string err_;
};

TEST_F(CommandsTest, SampleGoesThroughIngestAsTheTruthSays) {
  const auto sample = sample::WriteSample(
      {.seed = 5, .records = 3'000, .partners = 2, .until = kNow, .span = 30 * core::kDay},
      folder_.Path("sample"));
  ASSERT_TRUE(sample.ok()) << sample.status();
  uint64_t rejected = 0;
  for (const auto& partner : sample->partners) {
    const std::string rejects = partner.name + ".rejects";
    ASSERT_EQ(Run(DeclareIngest,
                  {"--partner", partner.name, partner.path, "--rejects", folder_.Path(rejects)}),
              kDone)
        << err_;
    std::istringstream lines(folder_.Read(rejects));
    uint64_t rejected_here = 0;
    for (std::string line; std::getline(lines, line);) {
      v1::Rejection rejection;
      ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(line, &rejection).ok()) << line;
      rejected_here += rejection.outcome() == v1::OUTCOME_REJECTED;
    }
    EXPECT_EQ(*log_->EndOffset({"reports." + partner.name, 0}),
              static_cast<int64_t>(partner.records - rejected_here));
    EXPECT_FALSE(std::filesystem::exists(partner.path + ".ringfence-position"));
    rejected += rejected_here;
  }
  EXPECT_EQ(rejected, sample->rejected);
}

TEST_F(CommandsTest, IngestThatCannotFinishSaysSoAndGoesOnNextTime) {
  std::string lines;
  for (int i = 0; i < 3; ++i) lines += R"({"reportId":"r-)" + std::to_string(i) + "\"}\n";
  const std::string path = folder_.Write("reports.jsonl", lines);
  const std::vector<std::string> arguments = {
      "--partner", "acme", path, "--rejects", folder_.Path("rejects"), "--retry-for", "0"};
  std::vector<std::string> nowhere = arguments;
  nowhere.insert(nowhere.end(), {"--server", "127.0.0.1:1"});
  EXPECT_EQ(RunAsIs(DeclareIngest, nowhere), kUnfinished);
  EXPECT_THAT(err_, HasSubstr("127.0.0.1:1"));
  EXPECT_EQ(Run(DeclareIngest, arguments), kDone);
  EXPECT_THAT(
      out_, AllOf(StartsWith("acme: 0 accepted, 3 rejected"), HasSubstr("3  occurred_at.missing")));
}

TEST_F(CommandsTest, AWrongPolicyFileIsWrongUseWithALineForEachSetting) {
  const std::string file = folder_.Write("policy.yaml", "score:\n  block: 2000\n  chalenge: 3\n");
  EXPECT_EQ(RunAsIs(DeclarePolicy, {"show", "--file", file}), kWrongUse);
  EXPECT_EQ(err_, "ringfence: " + file +
                      ":2: score.block: a whole number from 1 to 1000 is wanted\n" +
                      "ringfence: " + file +
                      ":3: score.chalenge: there is no such setting; there are challenge, block\n");
  EXPECT_EQ(RunAsIs(DeclareServe, {"--data", folder_.path(), "--quota-reports", "-5"}), kWrongUse);
}

TEST_F(CommandsTest, IngestChecksItsArguments) {
  EXPECT_EQ(Run(DeclareIngest, {"--partner", "Acme Inc", "file"}), kWrongUse);
  EXPECT_THAT(err_, HasSubstr("a partner's name"));
  EXPECT_EQ(Run(DeclareIngest, {"file"}), kWrongUse);
  EXPECT_EQ(RunAsIs(DeclareIngest, {"--partner", "acme", "file", "--server", "host"}), kWrongUse);
  EXPECT_EQ(Run(DeclareIngest, {"--partner", "acme", folder_.Path("none.jsonl")}), kUnfinished);
  EXPECT_THAT(err_, HasSubstr("none.jsonl"));
}

TEST_F(CommandsTest, SubscribeOncePrintsTheSet) {
  EXPECT_EQ(Run(DeclareSubscribe, {"--once", "--min-action", "block", "--types", "phone,url"}),
            kDone);
  EXPECT_THAT(out_, AllOf(HasSubstr("+ BLOCK      609  phone             +12125550123"),
                          HasSubstr("2 organisations, 4 incidents, 5 reports"),
                          HasSubstr("quorum.two_organisations")));
  EXPECT_EQ(indicators_.last_subscribe_.filter().min_action(), v1::ACTION_BLOCK);
  EXPECT_THAT(indicators_.last_subscribe_.filter().types(),
              testing::ElementsAre(v1::IDENTIFIER_TYPE_PHONE, v1::IDENTIFIER_TYPE_URL));
}

TEST_F(CommandsTest, SubscribeKeepsItsCursor) {
  const std::vector<std::string> arguments = {"--once", "--json", "--cursor-file",
                                              folder_.Path("cursor")};
  EXPECT_EQ(Run(DeclareSubscribe, arguments), kDone);
  const std::vector<std::string> lines = OutLines();
  ASSERT_EQ(lines.size(), 3u) << out_;
  EXPECT_THAT(lines[0], StartsWith(R"({"snapshotBegin":)"));
  EXPECT_THAT(lines[1], StartsWith(R"({"upsert":{"indicatorId":"id-1")"));
  EXPECT_EQ(Run(DeclareSubscribe, arguments), kDone);
  EXPECT_EQ(indicators_.last_subscribe_.cursor(), "cursor-1");
  EXPECT_THAT(out_, StartsWith(R"({"bookmark":)"));
  EXPECT_EQ(Run(DeclareSubscribe,
                {"--once", "--cursor-file", folder_.Path("cursor"), "--types", "phone"}),
            kDone);
  EXPECT_EQ(indicators_.last_subscribe_.cursor(), "") << "a cursor is good for one filter";
}

TEST_F(CommandsTest, LookupSaysWhyAValueIsListed) {
  EXPECT_EQ(Run(DeclareLookup, {"(212) 555-0123", "harmless.example", "--region", "US"}), kDone);
  EXPECT_THAT(out_, AllOf(HasSubstr("BLOCK"), HasSubstr("609"), HasSubstr("4 incidents"),
                          HasSubstr("campaign  mj5zc3dtor3ksr5kyyj4c2acdq"),
                          HasSubstr("harmless.example: not listed (domain harmless.example")));
}

TEST_F(CommandsTest, LookupSaysWhyAValueCannotBeRead) {
  EXPECT_EQ(Run(DeclareLookup, {"(212) 555-0123"}), kDone);
  EXPECT_THAT(out_, HasSubstr("cannot be read (phone.no_region)"));
  EXPECT_EQ(Run(DeclareLookup, {"x", "--type", "fax"}), kWrongUse);
  EXPECT_THAT(err_, HasSubstr("remote_access_id"));
}

TEST_F(CommandsTest, LookupAsksForMoreThanOneCallTakes) {
  std::vector<std::string> arguments(1'200, "harmless.example");
  arguments.insert(arguments.end(), {"--type", "domain", "--json"});
  EXPECT_EQ(Run(DeclareLookup, arguments), kDone);
  EXPECT_EQ(OutLines().size(), 1'200u);
}

TEST_F(CommandsTest, CampaignsAreListedPageByPage) {
  EXPECT_EQ(Run(DeclareCampaigns, {"--order", "organisations"}), kDone);
  EXPECT_EQ(OutLines().size(), 4u) << out_;
  EXPECT_THAT(out_, AllOf(StartsWith("CAMPAIGN"), HasSubstr("1,234"), HasSubstr("DE 9"),
                          HasSubstr("Microsoft")));
  EXPECT_EQ(indicators_.last_order_, v1::ListCampaignsRequest::ORDER_ORGANISATIONS);
  EXPECT_EQ(Run(DeclareCampaigns, {"--limit", "2", "--json"}), kDone);
  EXPECT_EQ(OutLines().size(), 2u);
}

TEST_F(CommandsTest, CampaignIsShownWithItsIndicators) {
  EXPECT_EQ(Run(DeclareCampaigns, {"oldname"}), kDone);
  EXPECT_THAT(out_, AllOf(HasSubstr("oldname is now part of"), HasSubstr("2999.5 EUR"),
                          HasSubstr("+12125550123")));
  EXPECT_EQ(Run(DeclareCampaigns, {"oldname", "--members", "0"}), kDone);
  EXPECT_THAT(out_, Not(HasSubstr("+12125550123")));
  EXPECT_EQ(Run(DeclareCampaigns, {"unknown"}), kUnfinished);
  EXPECT_THAT(err_, HasSubstr("no such campaign"));
}

TEST_F(CommandsTest, StatusShowsTheLagAndWaitsUntilQuiet) {
  EXPECT_EQ(Run(DeclareStatus, {}), kDone);
  EXPECT_THAT(out_, AllOf(HasSubstr("dedupe"), HasSubstr("  7  "), HasSubstr("at work")));
  EXPECT_EQ(Run(DeclareStatus, {"--wait-quiet", "60"}), kDone);
  EXPECT_THAT(out_, HasSubstr("quiet"));
}

TEST_F(CommandsTest, ServerThatIsAwayIsNamed) {
  for (auto declare : {DeclareStatus, DeclareCampaigns}) {
    EXPECT_EQ(RunAsIs(declare, {"--server", "127.0.0.1:1"}), kUnfinished);
    EXPECT_THAT(err_, StartsWith("ringfence: 127.0.0.1:1: "));
  }
}

TEST_F(CommandsTest, SampleSaysWhatItWrote) {
  EXPECT_EQ(RunAsIs(DeclareSample, {"--reports", "50", "--out", folder_.Path("s"), "--until",
                                    "2026-03-01T12:00:00Z"}),
            kDone);
  EXPECT_THAT(out_, HasSubstr("truth.jsonl"));
  EXPECT_FALSE(folder_.Read("s/harbour-bank.jsonl").empty());
  EXPECT_EQ(RunAsIs(DeclareSample, {"--reports", "5", "--out", "s", "--until", "yesterday"}),
            kWrongUse);
  EXPECT_EQ(RunAsIs(DeclareSample, {"--reports", "0", "--out", "s"}), kWrongUse);
}

TEST_F(CommandsTest, ExplainSaysByWhichFieldsAReportWasJoined) {
  EXPECT_EQ(Run(DeclareExplain, {"report", "bank", "r1"}), kDone);
  EXPECT_THAT(out_, testing::HasSubstr("victim_phone +22.0"));
  EXPECT_THAT(out_, testing::HasSubstr("incident-1"));
  EXPECT_EQ(Run(DeclareExplain, {"report", "bank", "r1", "--json"}), kDone);
  EXPECT_THAT(out_, testing::HasSubstr("\"matches\""));
  EXPECT_EQ(Run(DeclareExplain, {"report", "bank", "unknown"}), kUnfinished);
  EXPECT_THAT(err_, testing::HasSubstr("no such report"));
  EXPECT_EQ(Run(DeclareExplain, {"campaign", "bank", "r1"}), kWrongUse);
}

TEST_F(CommandsTest, TokenMakesWhatIntakeMakesAndNeverShowsAHandle) {
  const std::string key = folder_.Path("victim-tokens.key");
  std::ofstream(key) << "id: k1\nsecret: "
                     << "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
  std::istringstream lines("+1 (212) 555-0123\nnobody's\n212-555-0123\n");
  std::streambuf* const before = std::cin.rdbuf(lines.rdbuf());
  const int status = RunAsIs(DeclareToken, {"--key", key, "--kind", "phone", "--country", "US"});
  std::cin.rdbuf(before);
  EXPECT_EQ(status, kUnfinished);
  // As canonical-forms has it.
  EXPECT_EQ(out_, "k1:IObS9nOKvDmHWPFnke7TQQ\n\nk1:IObS9nOKvDmHWPFnke7TQQ\n");
  EXPECT_THAT(err_, testing::HasSubstr("line 2: victim.handles."));
  EXPECT_THAT(err_, testing::Not(testing::HasSubstr("nobody")));
  EXPECT_EQ(RunAsIs(DeclareToken, {"--key", key + ".away", "--kind", "phone"}), kUnfinished);
  EXPECT_EQ(RunAsIs(DeclareToken, {"--key", key, "--kind", "shoe"}), kWrongUse);
}

}  // namespace
}  // namespace ringfence::cli
