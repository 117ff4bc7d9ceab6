// Who takes the set is known by its identity, not by what it calls itself.
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <string>
#include <thread>

#include "ringfence/v1/indicator_service.grpc.pb.h"
#include "ringfence/v1/report_service.grpc.pb.h"
#include "tests/access/access_testing.h"
#include "tests/access/https.h"

namespace ringfence::access {
namespace {

constexpr char kNumber[] = "+442079460001";

class ReceiversTest : public AccessTest {
 protected:
  ReceiversTest() {
    Put("identities.yaml",
        std::string(kIdentities) +
            "  - {name: 'spiffe://t/a-soc', role: consumer, organisation: a, max_tlp: amber}\n");
  }

  // Of nobody's victim.
  void Report(const std::string& partner) {
    v1::SubmitReportsRequest request;
    v1::Report& report = *request.add_reports();
    report.set_report_id("r-" + std::to_string(++reports_));
    report.set_tlp(v1::TLP_GREEN);
    report.mutable_occurred_at()->set_seconds(std::time(nullptr) - 60);
    v1::Identifier& named = *report.add_identifiers();
    named.set_type(v1::IDENTIFIER_TYPE_PHONE);
    named.set_value(kNumber);
    named.set_role(v1::IDENTIFIER_ROLE_CALLBACK);
    grpc::ClientContext context;
    v1::SubmitReportsResponse response;
    const grpc::Status status =
        v1::ReportService::NewStub(Connect(Certificate("spiffe://t/partner/" + partner)))
            ->SubmitReports(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(response.results(0).outcome(), v1::OUTCOME_ACCEPTED);
    AwaitQuiet();
  }
  void AwaitQuiet() const {
    for (int i = 0; i < 400 && !server_->Status().quiet(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  v1::Action Action() const {
    v1::LookupRequest request;
    v1::Identifier& asked = *request.add_identifiers();
    asked.set_type(v1::IDENTIFIER_TYPE_PHONE);
    asked.set_value(kNumber);
    request.mutable_filter()->set_min_action(v1::ACTION_MONITOR);
    grpc::ClientContext context;
    v1::LookupResponse response;
    const grpc::Status status =
        v1::IndicatorService::NewStub(Connect(Certificate("spiffe://t/analyst")))
            ->Lookup(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.results_size() == 1 ? response.results(0).indicator().action()
                                        : v1::ACTION_UNSPECIFIED;
  }
  // Until the stream has begun.
  void Subscribe(const std::string& identity, const std::string& consumer) const {
    grpc::ClientContext context;
    v1::SubscribeRequest request;
    request.set_consumer(consumer);
    const auto stub = v1::IndicatorService::NewStub(Connect(Certificate(identity)));
    const auto stream = stub->Subscribe(&context, request);
    v1::SubscribeResponse event;
    EXPECT_TRUE(stream->Read(&event));
    context.TryCancel();
    while (stream->Read(&event)) {
    }
    stream->Finish();
    // It is written down every second, and intake looks every second.
    std::this_thread::sleep_for(std::chrono::milliseconds(2'500));
  }
  bool AnyEcho() const {
    return Https(HttpPort(), authority_.certificate(), Certificate("spiffe://t/monitor"), "GET",
                 "/metrics")
               .body.find("code=\"identifier.echo\"") != std::string::npos;
  }
  void ListTheNumber() {
    Report("a");
    Report("b");
    ASSERT_EQ(Action(), v1::ACTION_CHALLENGE);
  }

 private:
  int reports_ = 0;
};

TEST_F(ReceiversTest, NobodyTakesTheSetInTheNameOfAnother) {
  Start();
  ListTheNumber();
  Subscribe("spiffe://t/consumer", "a");
  Report("a");
  EXPECT_FALSE(AnyEcho());
}

TEST_F(ReceiversTest, AConsumerTakesItForItsOrganisationWhateverItIsCalled) {
  Start();
  ListTheNumber();
  Subscribe("spiffe://t/a-soc", "somebody");
  Report("b");
  EXPECT_FALSE(AnyEcho());
  Report("a");
  EXPECT_TRUE(AnyEcho());
}

TEST_F(ReceiversTest, SoDoesWhoFetchesLists) {
  Start();
  ListTheNumber();
  const std::string certificate = Certificate("spiffe://t/a-soc");
  EXPECT_EQ(Https(HttpPort(), authority_.certificate(), certificate, "GET", "/v1/hosts.txt").status,
            200);
  std::this_thread::sleep_for(std::chrono::milliseconds(2'500));
  Report("a");
  EXPECT_TRUE(AnyEcho());
}

}  // namespace
}  // namespace ringfence::access
