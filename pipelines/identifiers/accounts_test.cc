// Where the money goes: examples of the SWIFT IBAN registry, of ISO 7064, of the routing schemes.
#include <gtest/gtest.h>

#include "pipelines/identifiers/iban.h"
#include "pipelines/identifiers/normalise_testing.h"

namespace ringfence::identifiers {
namespace {

using enum v1::IdentifierType;

std::string Iban(std::string_view raw) { return Outcome(IDENTIFIER_TYPE_IBAN, raw); }
std::string Account(std::string_view raw, const Hints& hints) {
  return Outcome(IDENTIFIER_TYPE_BANK_ACCOUNT, raw, hints);
}
std::string Upi(std::string_view raw) { return Outcome(IDENTIFIER_TYPE_UPI, raw); }
std::string Reference(std::string_view raw, const Hints& hints = {}) {
  return Outcome(IDENTIFIER_TYPE_PAYMENT_REFERENCE, raw, hints);
}
std::string PaymentHandle(std::string_view raw, std::string_view scheme) {
  return Outcome(IDENTIFIER_TYPE_PAYMENT_HANDLE, raw, Scheme(scheme));
}

TEST(Iban, TakesTheExamplesOfTheRegistry) {
  for (std::string_view iban : {
           "AD1200012030200359100100",
           "AE070331234567890123456",
           "AL47212110090000000235698741",
           "AT611904300234573201",
           "AZ21NABZ00000000137010001944",
           "BA391290079401028494",
           "BE68539007547034",
           "BG80BNBG96611020345678",
           "BH67BMAG00001299123456",
           "BI4210000100010000332045181",
           "BR1800360305000010009795493C1",
           "BY13NBRB3600900000002Z00AB00",
           "CH9300762011623852957",
           "CR05015202001026284066",
           "CY17002001280000001200527600",
           "CZ6508000000192000145399",
           "DE89370400440532013000",
           "DJ2100010000000154000100186",
           "DK5000400440116243",
           "DO28BAGR00000001212453611324",
           "EE382200221020145685",
           "EG380019000500000000263180002",
           "ES9121000418450200051332",
           "FI2112345600000785",
           "FK88SC123456789012",
           "FO6264600001631634",
           "FR1420041010050500013M02606",
           "GB29NWBK60161331926819",
           "GE29NB0000000101904917",
           "GI75NWBK000000007099453",
           "GL8964710001000206",
           "GR1601101250000000012300695",
           "GT82TRAJ01020000001210029690",
           "HR1210010051863000160",
           "HU42117730161111101800000000",
           "IE29AIBK93115212345678",
           "IL620108000000099999999",
           "IQ98NBIQ850123456789012",
           "IS140159260076545510730339",
           "IT60X0542811101000000123456",
           "JO94CBJO0010000000000131000302",
           "KW81CBKU0000000000001234560101",
           "KZ86125KZT5004100100",
           "LB62099900000001001901229114",
           "LC55HEMM000100010012001200023015",
           "LI21088100002324013AA",
           "LT121000011101001000",
           "LU280019400644750000",
           "LV80BANK0000435195001",
           "LY83002048000020100120361",
           "MC5811222000010123456789030",
           "MD24AG000225100013104168",
           "ME25505000012345678951",
           "MK07250120000058984",
           "MN121234123456789123",
           "MR1300020001010000123456753",
           "MT84MALT011000012345MTLCAST001S",
           "MU17BOMM0101101030300200000MUR",
           "NI45BAPR00000013000003558124",
           "NL91ABNA0417164300",
           "NO9386011117947",
           "OM810180000001299123456",
           "PK36SCBL0000001123456702",
           "PL61109010140000071219812874",
           "PS92PALS000000000400123456702",
           "PT50000201231234567890154",
           "QA58DOHB00001234567890ABCDEFG",
           "RO49AAAA1B31007593840000",
           "RS35260005601001611379",
           "RU0304452522540817810538091310419",
           "SA0380000000608010167519",
           "SC18SSCB11010000000000001497USD",
           "SD8811123456789012",
           "SE4550000000058398257466",
           "SI56263300012039086",
           "SK3112000000198742637541",
           "SM86U0322509800000000270100",
           "SO211000001001000100141",
           "ST23000100010051845310146",
           "SV62CENR00000000000000700025",
           "TL380080012345678910157",
           "TN5910006035183598478831",
           "TR330006100519786457841326",
           "UA213223130000026007233566001",
           "VA59001123000012345678",
           "VG96VPVG0000012345678901",
           "XK051212012345678906",
           "YE15CBYE0001018861234567891234",
       }) {
    EXPECT_EQ(Iban(iban), iban);
    EXPECT_EQ(iban.size(), IbanLength(iban.substr(0, 2)));
  }
}

TEST(Iban, EveryChangedDigitAndEverySwapOfNeighboursIsFound) {
  constexpr std::string_view kIban = "DE89370400440532013000";
  for (size_t i = 2; i < kIban.size(); ++i) {
    for (char c = '0'; c <= '9'; ++c) {
      std::string changed(kIban);
      changed[i] = c;
      EXPECT_EQ(IbanChecksumHolds(changed), changed == kIban) << changed;
    }
    if (i + 1 == kIban.size()) continue;
    std::string swapped(kIban);
    std::swap(swapped[i], swapped[i + 1]);
    EXPECT_EQ(IbanChecksumHolds(swapped), swapped == kIban) << swapped;
  }
}

TEST(Iban, HasOneSpellingOnly) {
  // 99, 00 and 01 leave the same remainder as 02, 97 and 98.
  EXPECT_EQ(Iban("DE02370400440000000024"), "DE02370400440000000024");
  EXPECT_EQ(Iban("DE99370400440000000024"), "iban.checksum");
  EXPECT_EQ(Iban("DE97370400440000000060"), "DE97370400440000000060");
  EXPECT_EQ(Iban("DE00370400440000000060"), "iban.checksum");
  EXPECT_EQ(Iban("DE98370400440000000042"), "DE98370400440000000042");
  EXPECT_EQ(Iban("DE01370400440000000042"), "iban.checksum");
}

TEST(Iban, IsWrittenInManyWays) {
  EXPECT_EQ(Iban("IBAN: GB82-WEST-1234-5698-7654-32"), "GB82WEST12345698765432");
  EXPECT_EQ(Iban("iban gb82.west.12345698765432"), "GB82WEST12345698765432");
  EXPECT_EQ(Iban("GB82\u00a0WEST\u2011123456\u201398765432"), "GB82WEST12345698765432");
  EXPECT_EQ(Iban("ZZ82WEST12345698765432"), "iban.country");
  EXPECT_EQ(Iban("GB"), "iban.malformed");
  EXPECT_EQ(Iban("12345678"), "iban.malformed");
  EXPECT_EQ(Iban("GB82 WEST 1234 **** 7654 32"), "iban.malformed");
}

TEST(Iban, OfBritainNamesItsAccount) {
  Canonical british = Taken(IDENTIFIER_TYPE_IBAN, "GB82 WEST 1234 5698 7654 32");
  EXPECT_EQ(british.also_type, IDENTIFIER_TYPE_BANK_ACCOUNT);
  EXPECT_EQ(british.also_value, "gb-sort-code:123456/98765432");
  Canonical german = Taken(IDENTIFIER_TYPE_IBAN, "DE89370400440532013000");
  EXPECT_EQ(german.also_type, v1::IDENTIFIER_TYPE_UNSPECIFIED);
  EXPECT_EQ(german.also_value, "");
}

TEST(BankAccount, IsHeldToTheFormOfItsScheme) {
  EXPECT_EQ(Account("HDFC0001234/ 0012 3456", Scheme("ifsc")), "in-ifsc:HDFC0001234/00123456");
  EXPECT_EQ(Account("hdfc0abc123/1", Scheme("in-ifsc")), "in-ifsc:HDFC0ABC123/1");
  EXPECT_EQ(Account("HDFC1001234/1", Scheme("in-ifsc")), "bank_account.malformed");
  EXPECT_EQ(Account("HDF00001234/1", Scheme("in-ifsc")), "bank_account.malformed");
  EXPECT_EQ(Account("062-000/12345678", Scheme("BSB")), "au-bsb:062000/12345678");
  EXPECT_EQ(Account("06200/12345678", Scheme("au-bsb")), "bank_account.malformed");
  EXPECT_EQ(Account("12-34-56/1234567", Scheme("gb-sort-code")), "bank_account.malformed");
  EXPECT_EQ(Account("12-34-5/12345678", Scheme("sort code")), "bank_account.malformed");
  EXPECT_EQ(Account("02100002/1", Scheme("us-aba")), "bank_account.malformed");
  EXPECT_EQ(Account("011000015/1", Scheme("aba")), "us-aba:011000015/1");
  EXPECT_EQ(Account("201100051/1", Scheme("us-aba")), "bank_account.checksum");
}

TEST(BankAccount, OfAnotherSchemeIsAsGiven) {
  EXPECT_EQ(Account("ab-12/00 34.5", Scheme("xx-Clearing")), "xx-clearing:AB12/00345");
  EXPECT_EQ(Account("12/34", {}), "bank_account.no_scheme");
  EXPECT_EQ(Account("12/34", Scheme("x y:z")), "bank_account.no_scheme");
  EXPECT_EQ(Account("12/", Scheme("x")), "bank_account.malformed");
  EXPECT_EQ(Account("/34", Scheme("x")), "bank_account.malformed");
  EXPECT_EQ(Account("12/****34", Scheme("x")), "bank_account.malformed");
}

TEST(BankAccount, ASubAccountIsAPartOfIt) {
  constexpr std::string_view kCanonical = "gb-sort-code:123456/12345678/ROLL1";
  EXPECT_EQ(Account("12-34-56/12345678", Scheme("gb-sort-code", "roll 1")), kCanonical);
  EXPECT_EQ(Account("12-34-56/12345678", Scheme("gb-sort-code", "Roll #/1")), kCanonical);
  EXPECT_EQ(Account("12-34-56/12345678/Roll-1", Scheme("gb-sort-code")), kCanonical);
  EXPECT_EQ(Account(kCanonical, {}), kCanonical);
  EXPECT_EQ(Account(kCanonical, Scheme("gb-sort-code", "other")), kCanonical);
  EXPECT_EQ(Account("12-34-56/12345678/1/2", Scheme("gb-sort-code")), "bank_account.malformed");
  EXPECT_EQ(Account("12-34-56/12345678", Scheme("gb-sort-code", "\xff")), "bank_account.not_utf8");
}

TEST(Upi, IsReadFromPaymentLinks) {
  EXPECT_EQ(Upi("Some.One-2_x@okBank"), "some.one-2_x@okbank");
  EXPECT_EQ(Upi("upi://pay?am=1&PA=9876543210%40ybl&pn=A%20B"), "9876543210@ybl");
  EXPECT_EQ(Upi("upi://pay?am=1"), "upi.malformed");
  EXPECT_EQ(Upi("upi://"), "upi.malformed");
  EXPECT_EQ(Upi("some one@okbank"), "upi.malformed");
  EXPECT_EQ(Upi("a@b@c"), "upi.malformed");
  EXPECT_EQ(Upi("@okbank"), "upi.malformed");
  EXPECT_EQ(Upi("someone@"), "upi.malformed");
  EXPECT_EQ(Upi("someone"), "upi.malformed");
}

TEST(PaymentReference, HashesOfChainsAreInLowerCase) {
  std::string hash = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08";
  std::string lower = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  EXPECT_EQ(Reference(hash), "ref:" + lower);
  EXPECT_EQ(Reference("0x" + hash, Scheme("Ethereum")), "ethereum:0x" + lower);
  EXPECT_EQ(Reference(hash.substr(1)), "ref:" + hash.substr(1));
}

TEST(PaymentReference, APrefixIsNotRepeated) {
  EXPECT_EQ(Reference("ref:FT23117XK"), "ref:FT23117XK");
  EXPECT_EQ(Reference("utr:FT23117XK"), "utr:FT23117XK");
  EXPECT_EQ(Reference("utr:FT23117XK", Scheme("sepa")), "utr:FT23117XK");
  EXPECT_EQ(Reference("Ref: FT 2311-7 xk"), "ref:FT23117XK");
  EXPECT_EQ(Reference("UTR: ft 2311-7 xk", Scheme("utr")), "utr:FT23117XK");
  EXPECT_EQ(Reference("Invoice: 12345"), "ref:INVOICE12345");
}

TEST(PaymentReference, ShortOnesSayNothing) {
  EXPECT_EQ(Reference("12345"), "payment_reference.too_short");
  EXPECT_EQ(Reference("123456"), "ref:123456");
  EXPECT_EQ(Reference("0x12345"), "payment_reference.too_short");
  EXPECT_EQ(Reference("ref:12345"), "payment_reference.too_short");
  EXPECT_EQ(Reference("-----------"), "payment_reference.too_short");
}

TEST(GiftCard, IsLettersAndDigits) {
  EXPECT_EQ(Outcome(IDENTIFIER_TYPE_GIFT_CARD, "aq4d_7h2k.9x"), "AQ4D7H2K9X");
  EXPECT_EQ(Outcome(IDENTIFIER_TYPE_GIFT_CARD, "abc"), "gift_card.malformed");
  EXPECT_EQ(Outcome(IDENTIFIER_TYPE_GIFT_CARD, "abcd****efgh"), "gift_card.malformed");
}

TEST(PaymentHandle, IsOfItsScheme) {
  EXPECT_EQ(PaymentHandle("https://cash.app/$QuickHelp?x=1", "Cash App"), "cashapp:$quickhelp");
  EXPECT_EQ(PaymentHandle("cash.app/$QuickHelp", ""), "cashapp:$quickhelp");
  EXPECT_EQ(PaymentHandle("https://www.paypal.com/paypalme/QuickHelp/20", ""), "paypal:quickhelp");
  EXPECT_EQ(PaymentHandle("https://venmo.com/u/QuickHelp", "venmo"), "venmo:quickhelp");
  EXPECT_EQ(PaymentHandle("venmo.com/code?user_id=1234567890123456789&created=5", "venmo"),
            "venmo:1234567890123456789");
  EXPECT_EQ(PaymentHandle("Jane.Doe@Example.com", "paypal"), "paypal:jane.doe@example.com");
  EXPECT_EQ(PaymentHandle("123.456.789-09", "PIX"), "pix:12345678909");
  EXPECT_EQ(PaymentHandle("+55 (11) 91234-5678", "pix"), "pix:+5511912345678");
  EXPECT_EQ(PaymentHandle("212-555-0124", "zelle"), "zelle:2125550124");
  EXPECT_EQ(PaymentHandle("12.34.567", "venmo"), "venmo:12.34.567");
  EXPECT_EQ(PaymentHandle("1234567", "venmo"), "venmo:1234567");
  EXPECT_EQ(PaymentHandle("123E4567-E89B-12D3-A456-426655440000", "pix"),
            "pix:123e4567-e89b-12d3-a456-426655440000");
  EXPECT_EQ(PaymentHandle("cashapp:$quickhelp", "paypal"), "cashapp:$quickhelp");
  EXPECT_EQ(PaymentHandle("two words", "zelle"), "payment_handle.malformed");
  EXPECT_EQ(PaymentHandle("zelle:", ""), "payment_handle.empty");
}

TEST(PaymentHandle, APageOfNobodyIsNoAccount) {
  for (std::string_view page :
       {"paypal.com/invoice/p/#AbC", "paypal.com/donate/?hosted_button_id=AbC",
        "paypal.com/us/signin", "venmo.com/code?created=5", "venmo.com/signup", "cash.app/app/AbC",
        "https://paypal.com/invoice/p/AbC"}) {
    EXPECT_EQ(PaymentHandle(page, "paypal"), "payment_handle.malformed") << page;
  }
}

}  // namespace
}  // namespace ringfence::identifiers
