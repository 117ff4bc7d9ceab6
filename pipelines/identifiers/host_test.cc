// Addresses of the network: vectors of RFC 5952, of the IANA special-purpose registries, of UTS 46,
// and of the WHATWG URL standard's host parser.
#include "pipelines/identifiers/host.h"

#include <gtest/gtest.h>

#include "pipelines/identifiers/normalise_testing.h"
#include "pipelines/identifiers/shared_hosts.h"

namespace ringfence::identifiers {
namespace {

using enum v1::IdentifierType;

struct Vector {
  std::string_view raw;
  std::string_view outcome;
};

std::string Ip(std::string_view raw) { return Outcome(IDENTIFIER_TYPE_IP, raw); }
std::string Domain(std::string_view raw) { return Outcome(IDENTIFIER_TYPE_DOMAIN, raw); }
std::string Email(std::string_view raw) { return Outcome(IDENTIFIER_TYPE_EMAIL, raw); }

TEST(Ip, V6IsWrittenAsRfc5952Says) {
  constexpr Vector kVectors[] = {
      {"2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8::1", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // section 4.2.2: not for one group
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // 4.2.3: the longest run
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of equal runs
      {"2001:DB8::AAAA", "2001:db8::aaaa"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
  };
  for (const Vector& vector : kVectors) {
    std::optional<IpAddress> address = ParseIpv6(vector.raw);
    ASSERT_TRUE(address.has_value()) << vector.raw;
    EXPECT_EQ(ToText(*address), vector.outcome) << vector.raw;
  }
}

TEST(Ip, WhatIsNoAddressIsMalformed) {
  for (std::string_view raw : {"1.2.3",
                               "1.2.3.4.5",
                               "256.1.1.1",
                               "1.2.3.04",
                               "0x7f.1.1.1",
                               "1.2.3.4:x",
                               "1.2.3.4:123456",
                               "1.2.3.4/24",
                               "1..3.4",
                               "a.b.c.d",
                               ":",
                               ":::",
                               "1:2:3:4:5:6:7",
                               "1:2:3:4:5:6:7:8:9",
                               "1::2::3",
                               "12345::",
                               "g::",
                               "::1.2.3",
                               "1.2.3.4::",
                               "1:2:3:4:5:6:7:1.2.3.4",
                               "[2001:db8::1",
                               "[2001:db8::1]x",
                               "2001:db8::/32",
                               "1::2:3:4:5:6:7:8",
                               "2001:db8:",
                               "example.com"}) {
    EXPECT_EQ(Ip(raw), "ip.malformed") << raw;
  }
}

TEST(Ip, PortBracketsZoneAndNetworkAreOff) {
  EXPECT_EQ(Ip("[2001:db8::1]:443"), "2001:db8::/64");
  EXPECT_EQ(Ip("[2001:db8::1]"), "2001:db8::/64");
  EXPECT_EQ(Ip("2001:db8::1%eth0"), "2001:db8::/64");
  EXPECT_EQ(Ip("[2001:db8::1%25eth0]:80"), "2001:db8::/64");
  EXPECT_EQ(Ip("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(Ip("2001:db8:1:2::/64"), "2001:db8:1:2::/64");
  EXPECT_EQ(Ip("[::ffff:198.51.100.7]:80"), "198.51.100.7");
  EXPECT_EQ(Ip("１９８．５１．１００．７"), "198.51.100.7");
  EXPECT_EQ(Ip("198(.)51{.}100[dot]7"), "198.51.100.7");
}

TEST(Ip, SpecialPurposeAddressesAreNotPublic) {
  for (std::string_view raw : {"0.0.0.0",
                               "0.1.2.3",
                               "10.255.255.255",
                               "100.64.0.0",
                               "100.127.255.255",
                               "127.0.0.1",
                               "169.254.1.1",
                               "172.16.0.1",
                               "172.31.255.255",
                               "192.0.0.1",
                               "192.88.99.1",
                               "192.168.1.1",
                               "198.18.0.1",
                               "198.19.255.255",
                               "224.0.0.1",
                               "239.1.1.1",
                               "240.0.0.1",
                               "255.255.255.255",
                               "::",
                               "::1",
                               "fe80::1",
                               "fc00::1",
                               "fdff::1",
                               "ff02::1",
                               "64:ff9b::c000:221",
                               "100::1",
                               "2001::1",
                               "2001:2::1",
                               "2001:10::1",
                               "3fff::1",
                               "5f00::1",
                               "4000::1",
                               "::ffff:10.0.0.1"}) {
    EXPECT_EQ(Ip(raw), "ip.not_public") << raw;
  }
}

TEST(Ip, NeighboursOfSpecialPurposeAddressesArePublic) {
  for (std::string_view raw :
       {"1.0.0.1", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.0.2.1", "198.17.255.255",
        "198.20.0.0", "198.51.100.1", "203.0.113.1", "223.255.255.255"}) {
    EXPECT_EQ(Ip(raw), raw);
  }
  EXPECT_EQ(Ip("2001:200::1"), "2001:200::/64");
  EXPECT_EQ(Ip("2001:3::1"), "2001:3::/64");
  EXPECT_EQ(Ip("2001:20::1"), "2001:20::/64");
  EXPECT_EQ(Ip("2a00:1450:4001:81b::200e"), "2a00:1450:4001:81b::/64");
  EXPECT_EQ(Ip("3ffe::1"), "3ffe::/64");
}

TEST(Host, NamesFollowUts46NonTransitional) {
  constexpr Vector kVectors[] = {
      {"faß.de", "xn--fa-hia.de"},  // not "fass.de", as transitional processing has it
      {"βόλος.com", "xn--nxasmm1c.com"},
      {"نامه\u200cای.com", "xn--mgba3gch31f060k.com"},
      {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
      {"BÜCHER.example", "xn--bcher-kva.example"},
      {"bu\u0308cher.example", "xn--bcher-kva.example"},
      {"☃.net", "xn--n3h.net"},
      {"xn--n3h.net", "xn--n3h.net"},
      {"ｅｘａｍｐｌｅ。ｃｏｍ", "example.com"},
      {"ex%61mple.com", "example.com"},
      {"b%C3%BCcher.example", "xn--bcher-kva.example"},
      {"ab--c.example", "ab--c.example"},
      {"-a-.example", "-a-.example"},
      {"_dmarc.example.com", "_dmarc.example.com"},
  };
  for (const Vector& vector : kVectors) {
    std::optional<Host> host = ParseHost(vector.raw);
    ASSERT_TRUE(host.has_value()) << vector.raw;
    EXPECT_EQ(host->name, vector.outcome) << vector.raw;
  }
}

TEST(Host, WhatUts46OrTheDnsForbidsIsNone) {
  for (const std::string& raw :
       {std::string("xn--zzzzzz-.com"), std::string("xn--a.com"), std::string("xn--.com"),
        std::string("xn--a-ecp.ru"), std::string("a\u200cb.com"), std::string("a b.com"),
        std::string("a<b.com"), std::string("a*.com"), std::string("a%00.com"),
        std::string("a%zz.com"), std::string("a..com"), std::string(".com"), std::string("."),
        std::string(""), std::string("[::1"), std::string("[1.2.3.4]"), std::string("a%ff.com"),
        std::string(64, 'a') + ".com", std::string("a.").append(252, 'a')}) {
    EXPECT_FALSE(ParseHost(raw).has_value()) << raw;
  }
  std::string longest = "a";
  while (longest.size() < 253) longest.append(".a");
  EXPECT_TRUE(ParseHost(longest).has_value());
  EXPECT_TRUE(ParseHost(longest + ".").has_value());
  EXPECT_FALSE(ParseHost("a" + longest).has_value());
}

TEST(Host, NumbersAreReadAsBrowsersDo) {
  constexpr Vector kVectors[] = {
      {"127.0.0.1", "127.0.0.1"},  {"0x7f.1", "127.0.0.1"},
      {"2130706433", "127.0.0.1"}, {"010.1.1.1", "8.1.1.1"},
      {"0X7F000001", "127.0.0.1"}, {"1.2.3", "1.2.0.3"},
      {"1.2.3.4.", "1.2.3.4"},     {"4294967295", "255.255.255.255"},
      {"0x", "0.0.0.0"},           {"[::ffff:1.2.3.4]", "1.2.3.4"},
  };
  for (const Vector& vector : kVectors) {
    std::optional<Host> host = ParseHost(vector.raw);
    ASSERT_TRUE(host.has_value() && host->ip.has_value()) << vector.raw;
    EXPECT_EQ(ToText(*host->ip), vector.outcome) << vector.raw;
  }
  for (std::string_view raw : {"4294967296", "256.256.256.256", "1.2.3.4.5", "1.2.3.08", "0xg.1",
                               "1.2.3.999999", "a.1", "09"}) {
    EXPECT_FALSE(ParseHost(raw).has_value()) << raw;
  }
}

TEST(Domain, IsTheHostOfAnAddress) {
  constexpr Vector kVectors[] = {
      {"https://user:p@ss@www.example.com:8443/a?b#c", "example.com"},
      {"example.com:8080", "example.com"},
      {"//example.com/a", "example.com"},
      {"example.com/a:b@c", "example.com"},
      {"example(.)com", "example.com"},
      {"example{.}com", "example.com"},
      {"example[DOT]com", "example.com"},
      {"example(dot)co[.]uk", "example.co.uk"},
      {"hxxp[:]//example[.]com/x", "example.com"},
      {"hxxps[://]example[.]com", "example.com"},
      {"www.www.example.com", "example.com"},
      {"www.com", "www.com"},
      {"www.co.uk", "www.co.uk"},
      {"www.github.io", "www.github.io"},
      {"wwww.example.com", "wwww.example.com"},
      {"http:example.com", "example.com"},
      {"http:\\\\example.com\\a", "example.com"},
      {"[2001:db8::1]", "domain.is_ip"},
      {"2001:db8::1", "domain.is_ip"},
      {"http://0x7f.1/", "domain.is_ip"},
      {"com", "domain.public_suffix"},
      {"github.io", "domain.public_suffix"},
      {"*.example.com", "domain.malformed"},
      {"example .com", "domain.malformed"},
      {"example.com:port", "domain.malformed"},
      {"example.com..", "domain.malformed"},
      {"1.2.3.4.5", "domain.malformed"},
  };
  for (const Vector& vector : kVectors) EXPECT_EQ(Domain(vector.raw), vector.outcome) << vector.raw;
}

TEST(Domain, HasItsRegistrableDomainAsBase) {
  Canonical below = Taken(IDENTIFIER_TYPE_DOMAIN, "a.b.example.co.uk");
  EXPECT_EQ(below.base_type, IDENTIFIER_TYPE_DOMAIN);
  EXPECT_EQ(below.base_value, "example.co.uk");
  Canonical itself = Taken(IDENTIFIER_TYPE_DOMAIN, "www.example.co.uk");
  EXPECT_EQ(itself.base_type, v1::IDENTIFIER_TYPE_UNSPECIFIED);
  EXPECT_EQ(itself.base_value, "");
  EXPECT_EQ(Taken(IDENTIFIER_TYPE_DOMAIN, "a.b.github.io").base_value, "b.github.io");
  EXPECT_EQ(itself.also_type, v1::IDENTIFIER_TYPE_UNSPECIFIED);
}

TEST(SharedHosts, AreKnownWithAllBelowThem) {
  EXPECT_TRUE(IsSharedHost("bit.ly"));
  EXPECT_TRUE(IsSharedHost("t.me"));
  EXPECT_TRUE(IsSharedHost("sites.google.com"));
  EXPECT_TRUE(IsSharedHost("a.b.weebly.com"));
  EXPECT_FALSE(IsSharedHost("google.com"));
  EXPECT_FALSE(IsSharedHost("notbit.ly"));
  EXPECT_FALSE(IsSharedHost("ly"));
  EXPECT_FALSE(IsSharedHost(""));
  EXPECT_EQ(Taken(IDENTIFIER_TYPE_DOMAIN, "www.bit.ly").standing,
            internal::v1::STANDING_SHARED_HOST);
  EXPECT_EQ(Taken(IDENTIFIER_TYPE_DOMAIN, "example.com").standing, internal::v1::STANDING_NORMAL);
}

TEST(SharedHosts, AreListedInCanonicalForm) {
  EXPECT_GT(SharedHosts().size(), 150u);
  for (std::string_view host : SharedHosts()) {
    // A later public suffix list may know one of them.
    if (!RegistrableDomain(host).empty()) {
      EXPECT_EQ(Domain(host), host);
      EXPECT_TRUE(IsSharedHost(host)) << host;
    }
  }
}

TEST(SharedHosts, ThatArePublicSuffixesAreNone) {
  // Each of its customers has a registrable domain there.
  for (std::string_view host : SharedHosts()) {
    if (RegistrableDomain(host).empty()) {
      EXPECT_FALSE(IsSharedHost("customer." + std::string(host))) << host;
    }
  }
}

TEST(Placement, FingerprintIsAHash) {
  std::string fingerprint = PlacementFingerprint();
  EXPECT_EQ(fingerprint.size(), 64u);
  EXPECT_EQ(fingerprint.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(fingerprint, PlacementFingerprint());
}

TEST(Email, IsLowerCaseAtItsHost) {
  constexpr Vector kVectors[] = {
      {"Jane.Doe+tag@WWW.Example.COM.", "jane.doe+tag@www.example.com"},
      {"jane[at]example[.]com", "jane@example.com"},
      {"jane(AT)example(dot)com", "jane@example.com"},
      {"jane.doe@bücher.example", "jane.doe@xn--bcher-kva.example"},
      {"MAILTO:jane@example.com?subject=hello%20there", "jane@example.com"},
      {"ΙΩΆΝΝΗΣ@example.com", "ιωάννης@example.com"},
      {"j?e@example.com", "j?e@example.com"},
      {"jane@localhost", "email.malformed"},
      {"jane@co.uk", "email.malformed"},
      {"jane@[198.51.100.7]", "email.malformed"},
      {"jane@198.51.100.7", "email.malformed"},
      {"@example.com", "email.malformed"},
      {"jane doe@example.com", "email.malformed"},
      {"Jane <jane@example.com>", "email.malformed"},
      {"jane@example.com:25", "email.malformed"},
      {"jane@http://example.com", "email.malformed"},
  };
  for (const Vector& vector : kVectors) EXPECT_EQ(Email(vector.raw), vector.outcome) << vector.raw;
  Canonical email = Taken(IDENTIFIER_TYPE_EMAIL, "jane@mail.example.com");
  EXPECT_EQ(email.base_type, 0);
  EXPECT_EQ(email.also_type, 0);
}

}  // namespace
}  // namespace ringfence::identifiers
