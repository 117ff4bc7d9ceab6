#include "services/gateway/caller.h"

#include <gtest/gtest.h>

namespace ringfence::gateway {
namespace {

constexpr char kHere[] = "ipv4:127.0.0.1:50312";

absl::StatusCode CodeOf(const Caller& caller) { return PartnerOf(caller).status().code(); }

TEST(Caller, IsThePartnerItNames) {
  const absl::StatusOr<std::string> partner = PartnerOf({kHere, {"acme-2"}});
  ASSERT_TRUE(partner.ok());
  EXPECT_EQ(*partner, "acme-2");
}

TEST(Caller, NamesExactlyOnePartner) {
  EXPECT_EQ(CodeOf({kHere, {}}), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(CodeOf({kHere, {"acme", "acme"}}), absl::StatusCode::kInvalidArgument);
}

TEST(Caller, OfAnotherMachineIsNotBelieved) {
  for (const char* peer : {"ipv4:192.0.2.7:50312", "ipv4:12.7.0.0:1", "ipv6:[2001:db8::1]:50312",
                           "ipv6:[::12]:1", "ipv6:%5B::ffff:192.0.2.7%5D:1", "", "dns:localhost"}) {
    EXPECT_EQ(CodeOf({peer, {"acme"}}), absl::StatusCode::kUnauthenticated) << peer;
  }
}

TEST(Caller, OfThisMachineIsBelievedHoweverItCame) {
  for (const char* peer :
       {"ipv4:127.0.0.1:1", "ipv4:127.8.9.1:1", "ipv6:[::1]:50312", "ipv6:%5B::1%5D:50312",
        "ipv6:[::ffff:127.0.0.1]:1", "unix:/run/socket"}) {
    EXPECT_TRUE(PartnerOf({peer, {"acme"}}).ok()) << peer;
  }
}

TEST(Caller, NameIsThatOfATopic) {
  EXPECT_TRUE(IsPartnerName("a"));
  EXPECT_TRUE(IsPartnerName(std::string(40, '9')));
  for (const std::string& name : {std::string(), std::string(41, 'a'), std::string("Acme"),
                                  std::string("a.b"), std::string("a b"), std::string("a\0b", 3)}) {
    EXPECT_EQ(CodeOf({kHere, {name}}), absl::StatusCode::kInvalidArgument) << name;
  }
}

}  // namespace
}  // namespace ringfence::gateway
