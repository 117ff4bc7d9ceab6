// What an Intake makes of a report's identifiers, payments and victim.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/intake/intake.h"
#include "pipelines/intake/intake_testing.h"

namespace ringfence::intake {
namespace {

using enum v1::IdentifierRole;
using enum v1::IdentifierType;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::string_view kGbIban = "GB82 WEST 1234 5698 7654 32";

v1::Report EmptyReport() {
  v1::Report report = GoodReport();
  report.clear_identifiers();
  return report;
}

TEST(Identifiers, PhonesAndAddressesWithoutRoleAreTakenWithANote) {
  v1::Report report = EmptyReport();
  AddIdentifier(report, IDENTIFIER_TYPE_PHONE, "+12125550123", IDENTIFIER_ROLE_UNSPECIFIED);
  AddIdentifier(report, IDENTIFIER_TYPE_EMAIL, "a@example.com", IDENTIFIER_ROLE_UNSPECIFIED);
  AddIdentifier(report, IDENTIFIER_TYPE_DOMAIN, "example.com", IDENTIFIER_ROLE_UNSPECIFIED);
  Intake::Result result = Read(report);
  EXPECT_EQ(result.outcome, v1::OUTCOME_ACCEPTED);
  EXPECT_THAT(Codes(result), ElementsAre("identifiers[0].role phone.no_role",
                                         "identifiers[1].role email.no_role"));
  EXPECT_THAT(Names(result),
              ElementsAre("PHONE +12125550123 UNSPECIFIED", "DOMAIN example.com UNSPECIFIED",
                          "EMAIL a@example.com UNSPECIFIED"));
}

TEST(Identifiers, UnknownTypesAndRolesAreLeftOut) {
  v1::Report report = GoodReport();
  AddIdentifier(report, static_cast<v1::IdentifierType>(99), "x", IDENTIFIER_ROLE_CONTACT);
  AddIdentifier(report, IDENTIFIER_TYPE_EMAIL, "a@example.com",
                static_cast<v1::IdentifierRole>(99));
  AddIdentifier(report, IDENTIFIER_TYPE_UNSPECIFIED, "x", IDENTIFIER_ROLE_CONTACT);
  Intake::Result result = Read(report);
  EXPECT_THAT(Codes(result),
              ElementsAre("identifiers[1].type enum.unknown", "identifiers[2].role enum.unknown",
                          "identifiers[3].type identifier.no_type"));
  EXPECT_THAT(Names(result), SizeIs(1));
}

TEST(Identifiers, ANationalNumberIsOfItsRegionOrOfTheVictimsCountry) {
  v1::Report report = EmptyReport();
  report.mutable_victim()->set_country("US");
  AddIdentifier(report, IDENTIFIER_TYPE_PHONE, "(212) 555-0123", IDENTIFIER_ROLE_CALLBACK);
  AddIdentifier(report, IDENTIFIER_TYPE_PHONE, "020 7946 0018", IDENTIFIER_ROLE_CALLBACK)
      ->set_region("UK");
  AddIdentifier(report, IDENTIFIER_TYPE_PHONE, "0491 570 156", IDENTIFIER_ROLE_CALLBACK)
      ->set_region("Australia");
  Intake::Result result = Read(report);
  EXPECT_THAT(Names(result),
              ElementsAre("PHONE +12125550123 CALLBACK", "PHONE +442079460018 CALLBACK"));
  EXPECT_THAT(Codes(result), ElementsAre("identifiers[2].region region.unknown",
                                         "identifiers[2].value phone.no_region"));
}

TEST(Identifiers, RepetitionsAreRemovedAndOrderSaysNothing) {
  v1::Report report = EmptyReport();
  AddIdentifier(report, IDENTIFIER_TYPE_IP, "198.51.100.7", IDENTIFIER_ROLE_REMOTE_HOST);
  AddIdentifier(report, IDENTIFIER_TYPE_IP, "198[.]51[.]100[.]7", IDENTIFIER_ROLE_REMOTE_HOST)
      ->set_source_port(4711);
  AddIdentifier(report, IDENTIFIER_TYPE_IP, "198.51.100.7", IDENTIFIER_ROLE_WEB_HOST);
  AddIdentifier(report, IDENTIFIER_TYPE_PHONE, "+12125550123", IDENTIFIER_ROLE_CALLER_ID);
  AddIdentifier(report, IDENTIFIER_TYPE_PHONE, "+12125550123", IDENTIFIER_ROLE_CALLER_ID)
      ->set_attestation(v1::ATTESTATION_FULL);
  Intake::Result result = Read(report);
  EXPECT_THAT(Names(result),
              ElementsAre("PHONE +12125550123 CALLER_ID", "PHONE +12125550123 CALLER_ID",
                          "IP 198.51.100.7 REMOTE_HOST", "IP 198.51.100.7 WEB_HOST"));
  const auto& identifiers = result.revision_message->identifiers();
  EXPECT_FALSE(identifiers[0].attested());
  EXPECT_TRUE(identifiers[1].attested());
  EXPECT_EQ(identifiers[2].source_port(), 4711u);
  std::reverse(report.mutable_identifiers()->pointer_begin(),
               report.mutable_identifiers()->pointer_end());
  auto reversed = Read(report);
  ASSERT_EQ(reversed.revision_message->identifiers_size(), identifiers.size());
  for (int i = 0; i < identifiers.size(); ++i) {
    EXPECT_EQ(reversed.revision_message->identifiers(i).SerializeAsString(),
              identifiers[i].SerializeAsString());
  }
}

TEST(Identifiers, ObservedAtOutOfRangeIsReplacedByOccurredAt) {
  v1::Report report = GoodReport();
  core::Time occurred_at = core::FromProto(report.occurred_at());
  auto read = [&report](core::Time observed_at) {
    *report.mutable_identifiers(0)->mutable_observed_at() = core::ToProto(observed_at);
    return Read(report);
  };
  EXPECT_EQ(read(kArrival + core::kDay).revision_message->identifiers(0).observed_at(),
            kArrival + core::kDay);
  for (core::Time observed_at :
       {kArrival + core::kDay + 1, kArrival - 400 * core::kDay - 1, core::Time{0}}) {
    Intake::Result result = read(observed_at);
    EXPECT_EQ(result.revision_message->identifiers(0).observed_at(), occurred_at);
    EXPECT_THAT(Codes(result), ElementsAre("identifiers[0].observed_at observed_at.out_of_range"));
  }
}

TEST(Identifiers, AUrlNamesItsHostInTheSameRole) {
  v1::Report report = EmptyReport();
  AddIdentifier(report, IDENTIFIER_TYPE_URL, "hxxps://login[.]example[.]com/a?b=c",
                IDENTIFIER_ROLE_WEB_HOST);
  AddIdentifier(report, IDENTIFIER_TYPE_URL, "http://198.51.100.7/x", IDENTIFIER_ROLE_CONTACT);
  Intake::Result result = Read(report);
  EXPECT_THAT(Codes(result), IsEmpty());
  EXPECT_THAT(
      Names(result),
      ElementsAre("IP 198.51.100.7 CONTACT via http://198.51.100.7/x",
                  "DOMAIN login.example.com WEB_HOST via https://login.example.com/a",
                  "URL http://198.51.100.7/x CONTACT", "URL https://login.example.com/a WEB_HOST"));
  const auto& identifiers = result.revision_message->identifiers();
  EXPECT_EQ(identifiers[1].base_type(), IDENTIFIER_TYPE_DOMAIN);
  EXPECT_EQ(identifiers[1].base_value(), "example.com");
  EXPECT_EQ(identifiers[3].base_value(), "example.com");
}

TEST(Identifiers, AGbIbanNamesItsAccount) {
  v1::Report report = EmptyReport();
  AddIdentifier(report, IDENTIFIER_TYPE_IBAN, kGbIban, IDENTIFIER_ROLE_BENEFICIARY);
  EXPECT_THAT(Names(Read(report)),
              ElementsAre("IBAN GB82WEST12345698765432 BENEFICIARY",
                          "BANK_ACCOUNT gb-sort-code:123456/98765432 BENEFICIARY"));
}

TEST(Cards, AreKnownByTheirTokens) {
  v1::Report report = EmptyReport();
  AddIdentifier(report, IDENTIFIER_TYPE_GIFT_CARD, "ABCD-1234 efgh", IDENTIFIER_ROLE_UNSPECIFIED);
  AddIdentifier(report, IDENTIFIER_TYPE_GIFT_CARD, "", IDENTIFIER_ROLE_VICTIM_SIDE)
      ->set_token("k1:IObS9nOKvDmHWPFnke7TQQ");
  AddIdentifier(report, IDENTIFIER_TYPE_PAYMENT_CARD, "", IDENTIFIER_ROLE_UNSPECIFIED)
      ->set_token("k1:ptD69qdmURQSJelcTbUjAA");
  AddIdentifier(report, IDENTIFIER_TYPE_PAYMENT_CARD, "4111111111111111",
                IDENTIFIER_ROLE_UNSPECIFIED);
  AddIdentifier(report, IDENTIFIER_TYPE_PAYMENT_CARD, "", IDENTIFIER_ROLE_UNSPECIFIED)
      ->set_token("4111111111111111");
  AddIdentifier(report, IDENTIFIER_TYPE_PAYMENT_CARD, "", IDENTIFIER_ROLE_UNSPECIFIED);
  Intake::Result result = Read(report);
  VictimTokens tokens(VectorKey());
  std::string gift = tokens.Token(TokenKind::kGiftCard, "ABCD1234EFGH");
  EXPECT_THAT(Names(result),
              testing::UnorderedElementsAre("GIFT_CARD " + gift + " TRANSACTION",
                                            "GIFT_CARD k1:IObS9nOKvDmHWPFnke7TQQ TRANSACTION",
                                            "PAYMENT_CARD k1:ptD69qdmURQSJelcTbUjAA TRANSACTION"));
  EXPECT_THAT(Codes(result), ElementsAre("identifiers[3].value payment_card.raw_refused",
                                         "identifiers[4].token token.malformed",
                                         "identifiers[5].token payment_card.empty"));
}

TEST(Victim, HandlesBecomeTokens) {
  v1::Report report = GoodReport();
  report.mutable_victim()->set_country("US");
  AddHandle(report, v1::VictimHandle::KIND_PHONE, "(212) 555-0123");
  AddHandle(report, v1::VictimHandle::KIND_EMAIL, "Jane.Doe@Example.com");
  AddHandle(report, v1::VictimHandle::KIND_ACCOUNT, "12-34-56 12345678");
  AddHandle(report, v1::VictimHandle::KIND_REMOTE_ACCESS_ID, "anydesk:123 456 789");
  AddHandle(report, v1::VictimHandle::KIND_IP, "198.51.100.7");
  AddHandle(report, v1::VictimHandle::KIND_PHONE, "+1 212 555 0123");
  report.mutable_victim()->add_handles()->set_kind(v1::VictimHandle::KIND_ACCOUNT);
  report.mutable_victim()->mutable_handles(6)->set_token("k9:N8VqbcqBQqJdlVaC9rNH0A");
  Intake::Result result = Read(report);
  EXPECT_THAT(Codes(result), IsEmpty());
  std::string ip = VictimTokens(VectorKey()).Token(TokenKind::kIp, "198.51.100.7");
  EXPECT_THAT(Tokens(result),
              ElementsAre("1 k1:IObS9nOKvDmHWPFnke7TQQ", "2 k1:ptD69qdmURQSJelcTbUjAA",
                          "3 k1:AL4JV-c7VeNP1B7AUE4tcw", "3 k9:N8VqbcqBQqJdlVaC9rNH0A",
                          "6 k1:eE6-FBVJ2DAUd3gIsEAhdQ", "7 " + ip));
}

TEST(Victim, ARemoteAccessIdIsReadWithItsVendorHoweverJoined) {
  for (const char* handle : {"anydesk:123456789", "AnyDesk 123 456 789", "anydesk123456789"}) {
    v1::Report report = GoodReport();
    AddHandle(report, v1::VictimHandle::KIND_REMOTE_ACCESS_ID, handle);
    EXPECT_THAT(Tokens(Read(report)), ElementsAre("6 k1:eE6-FBVJ2DAUd3gIsEAhdQ")) << handle;
  }
  v1::Report report = GoodReport();
  AddHandle(report, v1::VictimHandle::KIND_REMOTE_ACCESS_ID, "123456789");
  EXPECT_THAT(Codes(Read(report)),
              ElementsAre("victim.handles[0].value victim.handles.remote_access_id.no_vendor"));
}

TEST(Victim, HandlesThatCannotBeUsedAreLeftOut) {
  v1::Report report = GoodReport();
  AddHandle(report, v1::VictimHandle::KIND_PHONE, "212 555 0123");
  AddHandle(report, v1::VictimHandle::KIND_IP, "10.0.0.1");
  AddHandle(report, v1::VictimHandle::KIND_ACCOUNT, " - ");
  AddHandle(report, v1::VictimHandle::KIND_EMAIL, "");
  AddHandle(report, v1::VictimHandle::KIND_UNSPECIFIED, "x");
  AddHandle(report, static_cast<v1::VictimHandle::Kind>(4), "x");
  report.mutable_victim()->add_handles()->set_kind(v1::VictimHandle::KIND_PHONE);
  report.mutable_victim()->mutable_handles(6)->set_token("+12125550123");
  Intake::Result result = Read(report);
  EXPECT_EQ(result.outcome, v1::OUTCOME_ACCEPTED);
  EXPECT_THAT(Codes(result), ElementsAre("victim.handles[0].value victim.handles.phone.no_region",
                                         "victim.handles[1].value victim.handles.ip.not_public",
                                         "victim.handles[2].value victim.handles.empty",
                                         "victim.handles[3].value victim.handles.email.empty",
                                         "victim.handles[4].kind victim.handles.no_kind",
                                         "victim.handles[5].kind enum.unknown",
                                         "victim.handles[6].token token.malformed"));
  EXPECT_THAT(Tokens(result), IsEmpty());
}

TEST(Victim, TheVictimsSideBecomesTokensToo) {
  v1::Report report = GoodReport();
  AddIdentifier(report, IDENTIFIER_TYPE_PHONE, "+12125550123", IDENTIFIER_ROLE_VICTIM_SIDE);
  AddIdentifier(report, IDENTIFIER_TYPE_IBAN, kGbIban, IDENTIFIER_ROLE_VICTIM_SIDE);
  AddIdentifier(report, IDENTIFIER_TYPE_REMOTE_ACCESS_ID, "123456789", IDENTIFIER_ROLE_CONTACT,
                "anydesk");
  AddIdentifier(report, IDENTIFIER_TYPE_DOMAIN, "example.com", IDENTIFIER_ROLE_VICTIM_SIDE);
  // Named once more as the fraudsters': it stays the victim's.
  AddIdentifier(report, IDENTIFIER_TYPE_PHONE, "+1 212 555 0123", IDENTIFIER_ROLE_CALLBACK);
  Intake::Result result = Read(report);
  EXPECT_THAT(Names(result), ElementsAre("PHONE +442079460018 CALLBACK"));
  std::string account = VictimTokens(VectorKey()).Token(TokenKind::kAccount, "12345698765432");
  EXPECT_THAT(Tokens(result), testing::UnorderedElementsAre(
                                  "1 k1:IObS9nOKvDmHWPFnke7TQQ", "3 k1:N8VqbcqBQqJdlVaC9rNH0A",
                                  "3 " + account, "6 k1:eE6-FBVJ2DAUd3gIsEAhdQ"));
  EXPECT_THAT(Codes(result), ElementsAre("identifiers[4] identifier.no_victim_token",
                                         "identifiers[5] identifier.is_victim"));
}

struct OwnAccount {
  std::string_view handle;
  v1::IdentifierType type;
  std::string_view value;
  std::string_view scheme;
};

TEST(Victim, OwnAccountsAreFoundHoweverTheyAreWritten) {
  constexpr OwnAccount kCases[] = {
      {"12-34-56 12345678", IDENTIFIER_TYPE_BANK_ACCOUNT, "12-34-56/12345678", "gb-sort-code"},
      {"12345678", IDENTIFIER_TYPE_BANK_ACCOUNT, "12-34-56/12345678", "gb-sort-code"},
      {"GB82WEST12345698765432", IDENTIFIER_TYPE_IBAN, kGbIban, ""},
      {"98765432", IDENTIFIER_TYPE_IBAN, kGbIban, ""},
      {"\xef\xbc\x99\xef\xbc\x98\xe2\x80\x8b"
       "765432",
       IDENTIFIER_TYPE_IBAN, kGbIban, ""},
      {"123456 98765432", IDENTIFIER_TYPE_IBAN, kGbIban, ""},
      {kGbIban, IDENTIFIER_TYPE_BANK_ACCOUNT, "123456/98765432", "gb-sort-code"},
      {"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", IDENTIFIER_TYPE_WALLET,
       "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", ""},
      {"some.one@okbank", IDENTIFIER_TYPE_UPI, "some.one@okbank", ""},
      {"$QuickHelp", IDENTIFIER_TYPE_PAYMENT_HANDLE, "$quickhelp", "cashapp"},
  };
  for (const OwnAccount& own : kCases) {
    v1::Report report = GoodReport();
    AddHandle(report, v1::VictimHandle::KIND_ACCOUNT, own.handle);
    AddIdentifier(report, own.type, own.value, IDENTIFIER_ROLE_BENEFICIARY, own.scheme);
    Intake::Result result = Read(report);
    EXPECT_THAT(Codes(result), ElementsAre("identifiers[1] identifier.is_victim")) << own.value;
    EXPECT_THAT(Names(result), SizeIs(1)) << own.value;
  }
}

TEST(Victim, AnotherAccountAtTheSameBankIsNotTheVictims) {
  v1::Report report = GoodReport();
  AddHandle(report, v1::VictimHandle::KIND_ACCOUNT, "12-34-56 12345678");
  AddIdentifier(report, IDENTIFIER_TYPE_BANK_ACCOUNT, "12-34-56/12345679",
                IDENTIFIER_ROLE_BENEFICIARY, "gb-sort-code");
  EXPECT_THAT(Codes(Read(report)), IsEmpty());
}

struct OwnContact {
  v1::VictimHandle::Kind kind;
  std::string_view handle;
  std::string_view country;
  v1::IdentifierType type;
  std::string_view value;
  std::string_view scheme;
};

TEST(Victim, OwnNumbersAndAddressesAreFoundInHandles) {
  constexpr auto kPhone = v1::VictimHandle::KIND_PHONE;
  constexpr auto kEmail = v1::VictimHandle::KIND_EMAIL;
  constexpr OwnContact kCases[] = {
      {kPhone, "212 555 0123", "US", IDENTIFIER_TYPE_SOCIAL_HANDLE, "+1 212 555 0123", "whatsapp"},
      {kPhone, "+12125550123", "GB", IDENTIFIER_TYPE_SOCIAL_HANDLE, "wa.me/12125550123", ""},
      {kPhone, "+12125550123", "", IDENTIFIER_TYPE_SOCIAL_HANDLE, "12125550123", "signal"},
      {kPhone, "+12125550123", "US", IDENTIFIER_TYPE_SENDER_ID, "(212) 555-0123", ""},
      {kEmail, "jane.doe@example.com", "", IDENTIFIER_TYPE_SOCIAL_HANDLE, "Jane.Doe@Example.com",
       "facebook"},
      {kEmail, "jane.doe@example.com", "", IDENTIFIER_TYPE_PAYMENT_HANDLE, "Jane.Doe@example.com",
       "paypal"},
      {kPhone, "212 555 0124", "US", IDENTIFIER_TYPE_PAYMENT_HANDLE, "212-555-0124", "zelle"},
      {kPhone, "212 555 0124", "US", IDENTIFIER_TYPE_PAYMENT_HANDLE, "212-555-0124", "venmo"},
      {kPhone, "+5511912345678", "", IDENTIFIER_TYPE_PAYMENT_HANDLE, "+55 (11) 91234-5678", "pix"},
      {kPhone, "+919876543210", "", IDENTIFIER_TYPE_UPI, "9876543210@ybl", ""},
      {kPhone, "+919876543210", "US", IDENTIFIER_TYPE_UPI, "919876543210-2@ybl", ""},
  };
  for (const OwnContact& own : kCases) {
    v1::Report report = GoodReport();
    report.mutable_victim()->set_country(std::string(own.country));
    AddHandle(report, own.kind, own.handle);
    AddIdentifier(report, own.type, own.value, IDENTIFIER_ROLE_CONTACT, own.scheme);
    Intake::Result result = Read(report);
    EXPECT_THAT(Codes(result), ElementsAre("identifiers[1] identifier.is_victim")) << own.value;
    EXPECT_THAT(Names(result), SizeIs(1)) << own.value;
  }
}

TEST(Victim, ANationalNumberInAHandleIsOfTheIdentifiersRegion) {
  v1::Report report = GoodReport();
  report.mutable_victim()->set_country("GB");
  AddHandle(report, v1::VictimHandle::KIND_PHONE, "+12125550124");
  v1::Identifier* payee = AddIdentifier(report, IDENTIFIER_TYPE_PAYMENT_HANDLE, "212-555-0124",
                                        IDENTIFIER_ROLE_BENEFICIARY, "zelle");
  EXPECT_THAT(Codes(Read(report)), IsEmpty());
  payee->set_region("US");
  EXPECT_THAT(Codes(Read(report)), ElementsAre("identifiers[1] identifier.is_victim"));
}

TEST(Victim, AnotherNumberOrAddressInAHandleIsNotTheVictims) {
  v1::Report report = GoodReport();
  report.mutable_victim()->set_country("US");
  AddHandle(report, v1::VictimHandle::KIND_PHONE, "212 555 0123");
  AddHandle(report, v1::VictimHandle::KIND_EMAIL, "jane.doe@example.com");
  AddIdentifier(report, IDENTIFIER_TYPE_SOCIAL_HANDLE, "+12125550124", IDENTIFIER_ROLE_CONTACT,
                "whatsapp");
  AddIdentifier(report, IDENTIFIER_TYPE_SOCIAL_HANDLE, "jane.doe", IDENTIFIER_ROLE_CONTACT,
                "facebook");
  AddIdentifier(report, IDENTIFIER_TYPE_UPI, "jane.doe@example", IDENTIFIER_ROLE_BENEFICIARY);
  EXPECT_THAT(Codes(Read(report)), IsEmpty());
}

TEST(Victim, OwnHandlesGivenAsTokensAreFound) {
  v1::Report report = GoodReport();
  auto* handle = report.mutable_victim()->add_handles();
  handle->set_kind(v1::VictimHandle::KIND_PHONE);
  handle->set_token("k1:IObS9nOKvDmHWPFnke7TQQ");
  AddIdentifier(report, IDENTIFIER_TYPE_PHONE, "+12125550123", IDENTIFIER_ROLE_CALLBACK);
  EXPECT_THAT(Codes(Read(report)), ElementsAre("identifiers[1] identifier.is_victim"));
}

TEST(Victim, UrlsWithPersonalDataAreLeftOutAndTheirHostStays) {
  for (const char* url :
       {"https://login.example.com/u/jane.doe@example.org", "https://login.example.com/u/a%40b.org",
        "https://login.example.com/call/212-555-0123/", "https://login.example.com/12125550123",
        "https://login.example.com/acct/GB82WEST12345698765432"}) {
    v1::Report report = EmptyReport();
    AddHandle(report, v1::VictimHandle::KIND_PHONE, "+12125550123");
    AddHandle(report, v1::VictimHandle::KIND_ACCOUNT, kGbIban);
    AddIdentifier(report, IDENTIFIER_TYPE_URL, url, IDENTIFIER_ROLE_WEB_HOST);
    Intake::Result result = Read(report);
    EXPECT_THAT(Codes(result), ElementsAre("identifiers[0] url.personal_data")) << url;
    EXPECT_THAT(Names(result),
                ElementsAre("DOMAIN login.example.com WEB_HOST via https://login.example.com/"))
        << url;
  }
  v1::Report report = EmptyReport();
  AddHandle(report, v1::VictimHandle::KIND_PHONE, "+12125550123");
  AddIdentifier(report, IDENTIFIER_TYPE_URL, "https://login.example.com/2125550199",
                IDENTIFIER_ROLE_WEB_HOST);
  EXPECT_THAT(Codes(Read(report)), IsEmpty());
}

TEST(Victim, WhatASharedHostKeepsOfAQueryIsLookedThroughToo) {
  v1::Report report = EmptyReport();
  AddIdentifier(report, IDENTIFIER_TYPE_URL, "https://bit.ly/x?to=jane.doe%40example.com",
                IDENTIFIER_ROLE_WEB_HOST);
  AddIdentifier(report, IDENTIFIER_TYPE_URL, "https://bit.ly/x?b=2&a=1", IDENTIFIER_ROLE_WEB_HOST);
  Intake::Result result = Read(report);
  EXPECT_THAT(Codes(result), ElementsAre("identifiers[0] url.personal_data"));
  EXPECT_THAT(Names(result), ElementsAre("DOMAIN bit.ly WEB_HOST via https://bit.ly/",
                                         "DOMAIN bit.ly WEB_HOST via https://bit.ly/x?a=1&b=2",
                                         "URL https://bit.ly/x?a=1&b=2 WEB_HOST"));
  const auto& identifiers = result.revision_message->identifiers();
  EXPECT_EQ(identifiers[0].standing(), internal::v1::STANDING_SHARED_HOST);
  EXPECT_EQ(identifiers[2].base_type(), IDENTIFIER_TYPE_UNSPECIFIED);
}

TEST(Victim, AUrlOnTheVictimsOwnAddressIsLeftOutWithItsHost) {
  v1::Report report = GoodReport();
  AddHandle(report, v1::VictimHandle::KIND_IP, "198.51.100.7");
  AddIdentifier(report, IDENTIFIER_TYPE_URL, "http://198.51.100.7/", IDENTIFIER_ROLE_WEB_HOST);
  Intake::Result result = Read(report);
  EXPECT_THAT(Codes(result), ElementsAre("identifiers[1] url.personal_data"));
  EXPECT_THAT(Names(result), SizeIs(1));
}

v1::Payment* AddPayment(v1::Report& report, std::string_view amount, std::string_view currency) {
  v1::Payment* payment = report.add_payments();
  payment->set_amount(std::string(amount));
  payment->set_currency(std::string(currency));
  return payment;
}

TEST(Payments, PayeesAndReferencesAreIdentifiersToo) {
  v1::Report report = EmptyReport();
  v1::Payment* payment = AddPayment(report, "0299.00", "USD");
  payment->set_rail(v1::Payment::RAIL_BANK_TRANSFER);
  payment->set_reference("FT 2311-7 xk");
  *payment->mutable_paid_at() = core::ToProto(kArrival - core::kHour);
  payment->mutable_payee()->set_type(IDENTIFIER_TYPE_BANK_ACCOUNT);
  payment->mutable_payee()->set_value("021000021/00123456");
  payment->mutable_payee()->set_scheme("us-aba");
  payment->mutable_payee()->set_role(IDENTIFIER_ROLE_CONTACT);
  Intake::Result result = Read(report);
  EXPECT_THAT(Codes(result), IsEmpty());
  EXPECT_THAT(Names(result), ElementsAre("BANK_ACCOUNT us-aba:021000021/00123456 BENEFICIARY",
                                         "PAYMENT_REFERENCE ref:FT23117XK TRANSACTION"));
  for (const auto& named : result.revision_message->identifiers()) {
    EXPECT_EQ(named.observed_at(), kArrival - core::kHour);
  }
  const auto& fact = result.revision_message->payments(0);
  EXPECT_EQ(fact.rail(), v1::Payment::RAIL_BANK_TRANSFER);
  EXPECT_EQ(fact.payee_type(), IDENTIFIER_TYPE_BANK_ACCOUNT);
  EXPECT_EQ(fact.payee_value(), "us-aba:021000021/00123456");
  EXPECT_EQ(fact.reference(), "ref:FT23117XK");
  EXPECT_EQ(fact.amount(), "299");
  EXPECT_EQ(fact.currency(), "USD");
  EXPECT_EQ(fact.paid_at(), kArrival - core::kHour);
}

TEST(Payments, WhatCannotBeReadIsLeftOut) {
  v1::Report report = GoodReport();
  AddPayment(report, "1,000", "USD");
  AddPayment(report, "1", "usd");
  AddPayment(report, "1", "");
  AddPayment(report, "1", "USD")->set_status(static_cast<v1::Payment::Status>(9));
  AddPayment(report, "1", "USD")->set_rail(static_cast<v1::Payment::Rail>(9));
  AddPayment(report, "1", "USD")->set_reference("x");
  *AddPayment(report, "1", "USD")->mutable_paid_at() = core::ToProto(0);
  Intake::Result result = Read(report);
  EXPECT_THAT(
      Codes(result),
      ElementsAre("payments[5].reference payment_reference.too_short",
                  "payments[0].amount amount.malformed", "payments[0] payment.empty",
                  "payments[1].currency currency.malformed", "payments[1] payment.empty",
                  "payments[2].currency currency.missing", "payments[2] payment.empty",
                  "payments[3].status enum.unknown", "payments[3] payment.empty",
                  "payments[4].rail enum.unknown", "payments[6].paid_at paid_at.out_of_range"));
  ASSERT_EQ(result.revision_message->payments_size(), 3);
  EXPECT_EQ(result.revision_message->payments(2).paid_at(), core::FromProto(report.occurred_at()));
}

TEST(Payments, APayeeThatIsTheVictimsIsNotNamed) {
  v1::Report report = GoodReport();
  AddHandle(report, v1::VictimHandle::KIND_ACCOUNT, kGbIban);
  v1::Identifier* payee = AddPayment(report, "5", "GBP")->mutable_payee();
  payee->set_type(IDENTIFIER_TYPE_IBAN);
  payee->set_value(std::string(kGbIban));
  Intake::Result result = Read(report);
  EXPECT_THAT(Codes(result), ElementsAre("payments[0].payee identifier.is_victim"));
  EXPECT_EQ(result.revision_message->payments(0).payee_value(), "");
  EXPECT_EQ(result.revision_message->payments(0).amount(), "5");
  // Or where the report says so itself: a "safe account" in the victim's name.
  report.clear_victim();
  payee->set_role(IDENTIFIER_ROLE_VICTIM_SIDE);
  result = Read(report);
  EXPECT_EQ(result.revision_message->payments(0).payee_value(), "");
  EXPECT_THAT(Names(result), ElementsAre("PHONE +442079460018 CALLBACK"));
  EXPECT_THAT(Tokens(result), Contains("3 k1:N8VqbcqBQqJdlVaC9rNH0A"));
}

TEST(Brands, OnlyNamesOnTheListAreKept) {
  v1::Report report = GoodReport();
  report.set_impersonated("microsoft");
  EXPECT_EQ(Read(report).revision_message->impersonated(), "Microsoft");
  report.set_impersonated("Jane Doe of 5 High Street");
  Intake::Result result = Read(report);
  EXPECT_EQ(result.revision_message->impersonated(), "");
  EXPECT_THAT(Codes(result), IsEmpty());
}

}  // namespace
}  // namespace ringfence::intake
