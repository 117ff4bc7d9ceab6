// Vectors of the WHATWG URL standard's tests and of RFC 3986, as far as canonical-forms leaves
// them.
#include <gtest/gtest.h>

#include "pipelines/identifiers/normalise_testing.h"
#include "pipelines/identifiers/url_path.h"

namespace ringfence::identifiers {
namespace {

using enum v1::IdentifierType;

struct Vector {
  std::string_view raw;
  std::string_view outcome;
};

std::string Url(std::string_view raw) { return Outcome(IDENTIFIER_TYPE_URL, raw); }

void ExpectAll(std::initializer_list<Vector> vectors) {
  for (const Vector& vector : vectors) EXPECT_EQ(Url(vector.raw), vector.outcome) << vector.raw;
}

TEST(Url, SchemesAreReadAsBrowsersDo) {
  ExpectAll({
      {"example.com", "http://example.com/"},
      {"example.com:8080/a", "http://example.com:8080/a"},
      {"//example.com/a", "http://example.com/a"},
      {"http:example.com/a", "http://example.com/a"},
      {"http:/example.com/a", "http://example.com/a"},
      {"http:////example.com/a", "http://example.com/a"},
      {"http:\\\\example.com\\a\\..\\b", "http://example.com/b"},
      {"hxxp://example.com", "http://example.com/"},
      {"HXXPS[:]//example[.]com/[.]", "https://example.com/[.]"},
      {"ht\ntp://ex\tample.com/a\nb", "http://example.com/ab"},
      {"mailto:jane@example.com", "url.scheme"},
      {"javascript:alert(1)", "url.scheme"},
      {"data:text/html,x", "url.scheme"},
      {"file:///etc/passwd", "url.scheme"},
      {"wss://example.com/", "url.scheme"},
  });
}

TEST(Url, CredentialsDefaultPortAndFragmentAreOff) {
  ExpectAll({
      {"http://user@example.com/", "http://example.com/"},
      {"http://user:p@ss:w@example.com/", "http://example.com/"},
      {"http://example.com:80/", "http://example.com/"},
      {"https://example.com:443/", "https://example.com/"},
      {"https://example.com:80/", "https://example.com:80/"},
      {"http://example.com:0080/", "http://example.com/"},
      {"http://example.com:/", "http://example.com/"},
      {"http://example.com:0/", "http://example.com:0/"},
      {"http://example.com:65535/", "http://example.com:65535/"},
      {"http://example.com:65536/", "url.malformed"},
      {"http://example.com:x/", "url.malformed"},
      {"http://example.com#a?b", "http://example.com/"},
      {"http://example.com/a?b=c", "http://example.com/a"},
      {"http://example.com?b=/../c", "http://example.com/"},
  });
}

TEST(Url, HostsAreNamesOrAddresses) {
  ExpectAll({
      {"http://WWW.BÜCHER.example./", "http://www.xn--bcher-kva.example/"},
      {"http://ex%61mple.com/", "http://example.com/"},
      {"http://0xc6336407/", "http://198.51.100.7/"},
      {"http://198.51.25607/", "http://198.51.100.7/"},
      {"http://[2001:DB8:0:0:1::1]:8080/", "http://[2001:db8::1:0:0:1]:8080/"},
      {"http://[::ffff:198.51.100.7]/", "http://198.51.100.7/"},
      {"http://", "url.malformed"},
      {"http:///", "url.malformed"},
      {"http://a b.com/", "url.malformed"},
      {"http://[2001:db8::1/", "url.malformed"},
      {"http://[2001:db8::1%25eth0]/", "url.malformed"},
      {"http://localhost/", "url.not_public"},
      {"http://co.uk/", "url.not_public"},
      {"http://10.0.0.1/", "url.not_public"},
  });
}

TEST(Url, PathsAreDecodedThenResolved) {
  ExpectAll({
      {"http://example.com/%7Efoo/%2e%2E/%61", "http://example.com/a"},
      {"http://example.com/a/b/c/./../../g", "http://example.com/a/g"},  // RFC 3986, 5.2.4
      {"http://example.com/mid/content=5/../6", "http://example.com/mid/6"},
      {"http://example.com/../../a", "http://example.com/a"},
      {"http://example.com/a/..", "http://example.com/"},
      {"http://example.com/a/.", "http://example.com/a/"},
      {"http://example.com/a/...", "http://example.com/a/..."},
      {"http://example.com//a//", "http://example.com//a//"},
      {"http://example.com//a/../b", "http://example.com//b"},
      {"http://example.com//a/../..", "http://example.com/"},
      {"http://example.com/%2f%3a", "http://example.com/%2F%3A"},
      {"http://example.com/a b\"<>`{}^|é", "http://example.com/a%20b%22%3C%3E%60%7B%7D%5E|%C3%A9"},
      {"http://example.com/%", "http://example.com/%"},
      {"http://example.com/%zz%4", "http://example.com/%zz%4"},
      {"http://example.com/%%36%31", "http://example.com/a"},
      {"http://example.com/%2561", "http://example.com/%2561"},
      {"http://example.com/A;b=1,c@d:e", "http://example.com/A;b=1,c@d:e"},
  });
}

TEST(Url, AQueryIsKeptOnASharedHost) {
  ExpectAll({
      {"https://docs.google.com/forms?b=2&a=1&&B=%7e#x",
       "https://docs.google.com/forms?B=~&a=1&b=2"},
      {"https://docs.google.com/forms?", "https://docs.google.com/forms"},
      {"https://docs.google.com/forms?&", "https://docs.google.com/forms"},
      {"https://www.youtube.com/watch?v='%2f é", "https://www.youtube.com/watch?v=%27%2F%20%C3%A9"},
      {"https://example.com/forms?b=2&a=1", "https://example.com/forms"},
  });
}

TEST(Url, NamesItsHost) {
  Canonical url = Taken(IDENTIFIER_TYPE_URL, "https://www.login.example.co.uk/a");
  EXPECT_EQ(url.base_type, IDENTIFIER_TYPE_DOMAIN);
  EXPECT_EQ(url.base_value, "example.co.uk");
  EXPECT_EQ(url.also_type, IDENTIFIER_TYPE_DOMAIN);
  EXPECT_EQ(url.also_value, "login.example.co.uk");
  EXPECT_EQ(url.standing, internal::v1::STANDING_NORMAL);
}

TEST(Url, OnASharedHostIsItsOwnBase) {
  Canonical url = Taken(IDENTIFIER_TYPE_URL, "https://bit.ly/abc");
  EXPECT_EQ(url.base_type, v1::IDENTIFIER_TYPE_UNSPECIFIED);
  EXPECT_EQ(url.base_value, "");
  EXPECT_EQ(url.also_type, IDENTIFIER_TYPE_DOMAIN);
  EXPECT_EQ(url.also_value, "bit.ly");
  EXPECT_EQ(url.standing, internal::v1::STANDING_NORMAL);
}

TEST(Url, OnAnAddressHasThatAsBase) {
  Canonical v4 = Taken(IDENTIFIER_TYPE_URL, "http://198.51.100.7:8080/a");
  EXPECT_EQ(v4.value, "http://198.51.100.7:8080/a");
  EXPECT_EQ(v4.base_type, IDENTIFIER_TYPE_IP);
  EXPECT_EQ(v4.base_value, "198.51.100.7");
  EXPECT_EQ(v4.also_type, IDENTIFIER_TYPE_IP);
  EXPECT_EQ(v4.also_value, "198.51.100.7");
  Canonical v6 = Taken(IDENTIFIER_TYPE_URL, "http://[2001:db8::1]/a");
  EXPECT_EQ(v6.value, "http://[2001:db8::1]/a");
  EXPECT_EQ(v6.base_value, "2001:db8::/64");
  EXPECT_EQ(v6.also_value, "2001:db8::/64");
}

TEST(Url, ThatGrowsTooLongByEscapingIsRefused) {
  std::string raw = "http://example.com/";
  while (raw.size() + 2 <= 2048) raw.append("é");
  EXPECT_EQ(Url(raw), "url.too_long");
}

TEST(UrlPath, EscapesThatDecodingMakesAreDecodedToo) {
  EXPECT_EQ(CanonicalPath("/%%361"), "/a");
  EXPECT_EQ(CanonicalPath("/%6%31"), "/a");
  EXPECT_EQ(CanonicalPath("/%%32f"), "/%2F");
  EXPECT_EQ(CanonicalPath("/%%%36%31"), "/%a");
  EXPECT_EQ(CanonicalPath("/%%2e%2e"), "/%..");
}

}  // namespace
}  // namespace ringfence::identifiers
