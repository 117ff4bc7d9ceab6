#include "services/intake/echoes.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ringfence::intake_service {
namespace {

constexpr core::Time kListedAt = 20'000 * core::kDay;

class EchoesTest : public testing::Test {
 protected:
  static internal::v1::ReportRevision Report(const std::string& partner) {
    internal::v1::ReportRevision revision;
    revision.set_partner(partner);
    for (const char* phone : {"+1", "+2"}) {
      internal::v1::NamedIdentifier& named = *revision.add_identifiers();
      named.set_type(v1::IDENTIFIER_TYPE_PHONE);
      named.set_value(phone);
    }
    return revision;
  }
  bool IsEcho(internal::v1::ReportRevision revision, core::Time arrival = kListedAt + 1) {
    echoes_.Mark(arrival, revision);
    // Only what is listed.
    EXPECT_FALSE(revision.identifiers(1).echo());
    return revision.identifiers(0).echo();
  }

  void Receive(const std::string& consumer, core::Time since = kListedAt - core::kDay) {
    receivers_[consumer] = since;
  }

 private:
  std::map<std::string, core::Time> receivers_;
  // Asks when it is first used.
  Echoes echoes_{[this] { return receivers_; },
                 [](const core::Id& id, core::Time time) {
                   return id == core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+1") &&
                          kListedAt < time;
                 }};
};

TEST_F(EchoesTest, WhoTakesTheSetAndHasNoVictimConfirmsNothing) {
  Receive("harbour-2");
  Receive("harbour/edge-1");
  Receive("tower");
  EXPECT_TRUE(IsEcho(Report("harbour")));
  EXPECT_TRUE(IsEcho(Report("tower")));
  EXPECT_FALSE(IsEcho(Report("another")));
  EXPECT_FALSE(IsEcho(Report("harb")));
}

TEST_F(EchoesTest, AVictimOrAPaymentOfItsOwnIsEvidence) {
  Receive("harbour");
  internal::v1::ReportRevision with_victim = Report("harbour");
  with_victim.add_victim_tokens();
  EXPECT_FALSE(IsEcho(with_victim));
  internal::v1::ReportRevision with_payment = Report("harbour");
  with_payment.add_payments();
  EXPECT_FALSE(IsEcho(with_payment));
}

TEST_F(EchoesTest, WhatArrivedBeforeTheListingIsEvidence) {
  Receive("harbour");
  EXPECT_FALSE(IsEcho(Report("harbour"), kListedAt));
}

TEST_F(EchoesTest, WhatArrivedBeforeItTookTheSetIsEvidence) {
  Receive("harbour", kListedAt + core::kHour);
  EXPECT_FALSE(IsEcho(Report("harbour"), kListedAt + core::kHour));
  EXPECT_TRUE(IsEcho(Report("harbour"), kListedAt + core::kHour + 1));
}

TEST(ConsumerOf, APartnersNameAloneOrBeforeASeparator) {
  EXPECT_TRUE(IsConsumerOf("harbour", "harbour"));
  EXPECT_TRUE(IsConsumerOf("harbour:1", "harbour"));
  EXPECT_TRUE(IsConsumerOf("harbour.soc", "harbour"));
  EXPECT_FALSE(IsConsumerOf("harbour-bank", "harbour"));
  EXPECT_FALSE(IsConsumerOf("harb", "harbour"));
}

}  // namespace
}  // namespace ringfence::intake_service
