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

TEST(Receiver, APartnersNameAloneOrBeforeASeparator) {
  EXPECT_TRUE(IsReceiver("harbour", "harbour"));
  EXPECT_TRUE(IsReceiver("harbour:1", "harbour"));
  EXPECT_TRUE(IsReceiver("harbour.soc", "harbour"));
  EXPECT_FALSE(IsReceiver("harbour-bank", "harbour"));
  EXPECT_FALSE(IsReceiver("harb", "harbour"));
}

TEST(Receivers, WhereAnOrganisationTakesTheSetAllItsPartnersDo) {
  internal::v1::Organisations organisations;
  for (const char* partner : {"harbour-bank", "harbour-cards"}) {
    internal::v1::Organisations::Member& member = *organisations.add_members();
    member.set_partner(partner);
    member.set_organisation("harbour");
  }
  internal::v1::Organisations::Member& tower = *organisations.add_members();
  tower.set_partner("tower-telecom");
  tower.set_organisation("tower");
  const std::map<std::string, core::Time> receivers = {{"harbour", 7}, {"harbour-cards", 5}};
  EXPECT_EQ(WithMembers(receivers, organisations),
            (std::map<std::string, core::Time>{
                {"harbour", 7}, {"harbour-bank", 7}, {"harbour-cards", 5}}));
  EXPECT_EQ(WithMembers(receivers, {}), receivers);
}

}  // namespace
}  // namespace ringfence::intake_service
