#include "pipelines/core/id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/core/place.h"
#include "pipelines/core/time.h"

namespace ringfence::core {
namespace {

// The vectors of canonical-forms.md.
TEST(Id, IdentifierIdHasTheVectors) {
  EXPECT_EQ(IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+12125550123").Hex(),
            "01c38b2913b35594a04c711a70a6a4b1");
  EXPECT_EQ(IdentifierId(v1::IDENTIFIER_TYPE_DOMAIN, "example.com").Hex(),
            "04b021d32091ac9b530d3b138e276817");
  EXPECT_EQ(
      IdentifierId(v1::IDENTIFIER_TYPE_WALLET, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4").Hex(),
      "0b523d187f55706a56c69c75e29cfd25");
}

TEST(Id, BytesRoundTripAndKeepOrder) {
  Id id = IdentifierId(v1::IDENTIFIER_TYPE_DOMAIN, "example.com");
  EXPECT_EQ(Id::FromBytes(id.Bytes()), id);
  EXPECT_EQ(TypeOf(id), v1::IDENTIFIER_TYPE_DOMAIN);
  Id other = IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+12125550123");
  EXPECT_EQ(id < other, id.Bytes() < other.Bytes());
}

TEST(Id, IndicatorIdHasTheVectors) {
  IndicatorNamespace local("local");
  EXPECT_EQ(local.Uuid(), "089064d1-fb09-5ce9-81ac-538f9ad4859c");
  EXPECT_EQ(local.IndicatorId(v1::IDENTIFIER_TYPE_PHONE, "+12125550123", 0),
            "bc1b1330-e575-54be-8dd5-89f978bd5023");
  EXPECT_EQ(local.IndicatorId(v1::IDENTIFIER_TYPE_PHONE, "+12125550123", 1),
            "e54d1167-4c2e-5307-9d64-f8f4af3fad14");
}

TEST(SetSum, DigestAndFingerprintHaveTheVectors) {
  SetSum digest;
  digest.Add(SetSum::DigestMember("2f1e", 42));
  digest.Add(SetSum::DigestMember("2f1f", 7));
  EXPECT_EQ(digest.Hex(), "49cca85b4e2ac90d525f317fcea0217f");
  SetSum fingerprint;
  fingerprint.Add(SetSum::FingerprintMember(v1::IDENTIFIER_TYPE_DOMAIN, "example.com"));
  fingerprint.Add(SetSum::FingerprintMember(v1::IDENTIFIER_TYPE_PHONE, "+12125550123"));
  EXPECT_EQ(fingerprint.Hex(), "73acfc3445022ff359ac2dfece0cc902");
}

TEST(SetSum, RemovingWhatWasAddedLeavesTheEmptySum) {
  SetSum sum;
  sum.Add("a");
  sum.Add("b");
  sum.Remove("a");
  sum.Remove("b");
  EXPECT_EQ(sum.Bytes(), std::string(16, '\0'));
}

TEST(Time, DaysAreFloorsAndCeilings) {
  EXPECT_EQ(FloorDay(kDay - 1), 0);
  EXPECT_EQ(FloorDay(-1), -1);
  EXPECT_EQ(CeilDay(1), 1);
  EXPECT_EQ(CeilDay(kDay), 1);
  EXPECT_EQ(CeilDay(-1), 0);
  EXPECT_LT(FloorDay(kTimeMin), 0);
  EXPECT_GT(CeilDay(kTimeMax), 0);
}

TEST(Time, FarYearsSaturate) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(253402300799);  // 9999-12-31
  EXPECT_EQ(FromProto(timestamp), kTimeMax);
  timestamp.set_seconds(-62135596800);  // 0001-01-01
  EXPECT_EQ(FromProto(timestamp), kTimeMin);
  EXPECT_EQ(FromProto(ToProto(-5)), -5);
}

TEST(Place, GrowsWithOffsetThenIndexAndIsNeverZero) {
  EXPECT_GT(MakePlace(0, 0), 0u);
  EXPECT_LT(MakePlace(0, kPlaceIndexMax), MakePlace(1, 0));
}

}  // namespace
}  // namespace ringfence::core
