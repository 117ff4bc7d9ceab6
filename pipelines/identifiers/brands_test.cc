#include "pipelines/identifiers/brands.h"

#include <gtest/gtest.h>

#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

TEST(Brands, AreMatchedWithoutCaseAndPunctuation) {
  EXPECT_EQ(CanonicalBrand("microsoft"), "Microsoft");
  EXPECT_EQ(CanonicalBrand("  MICRO-SOFT. "), "Microsoft");
  EXPECT_EQ(CanonicalBrand("Ｍicrosoft\u200b"), "Microsoft");
  EXPECT_EQ(CanonicalBrand("at & t"), "AT&T");
  EXPECT_EQ(CanonicalBrand("meta mask"), "MetaMask");
  EXPECT_EQ(CanonicalBrand("SOCIETE GENERALE"), "");
  EXPECT_EQ(CanonicalBrand("SOCIÉTÉ GÉNÉRALE"), "Société Générale");
}

TEST(Brands, OtherWaysToWriteOneLeadToIt) {
  EXPECT_EQ(CanonicalBrand("Internal Revenue Service"), "IRS");
  EXPECT_EQ(CanonicalBrand("HM Revenue & Customs"), "HMRC");
  EXPECT_EQ(CanonicalBrand("Amex"), "American Express");
}

TEST(Brands, AnyOtherTextIsNone) {
  EXPECT_EQ(CanonicalBrand(""), "");
  EXPECT_EQ(CanonicalBrand("--"), "");
  EXPECT_EQ(CanonicalBrand("Jane Doe of 5 High Street"), "");
  EXPECT_EQ(CanonicalBrand("Microsoft Jane Doe"), "");
  EXPECT_EQ(CanonicalBrand("\xff"), "");
  EXPECT_EQ(CanonicalBrand(std::string(1000, 'a')), "");
}

TEST(Brands, OfTheListAreWrittenAsTheList) {
  EXPECT_GE(AllBrands().size(), 200u);
  for (const Brand& brand : AllBrands()) {
    EXPECT_EQ(CanonicalBrand(brand.written), brand.name);
    EXPECT_EQ(CanonicalBrand(brand.name), brand.name);
    EXPECT_EQ(WithoutPunctuation(ToLower(brand.written)), brand.written);
  }
}

}  // namespace
}  // namespace ringfence::identifiers
