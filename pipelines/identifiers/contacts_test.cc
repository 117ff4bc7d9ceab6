// How the fraudsters are reached: examples of libphonenumber's documentation and tests, of RFC
// 3966, of the platforms' own profile addresses.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "pipelines/identifiers/countries.h"
#include "pipelines/identifiers/normalise_testing.h"

namespace ringfence::identifiers {
namespace {

using enum v1::IdentifierType;

struct Vector {
  std::string_view raw;
  std::string_view hint;
  std::string_view outcome;
};

TEST(Phone, IsReadAsDialled) {
  constexpr Vector kVectors[] = {
      {"044 668 18 00", "CH", "+41446681800"},
      {"+41 44 668 1800", "US", "+41446681800"},
      {"650-253-0000", "US", "+16502530000"},
      {"1-650-253-0000", "US", "+16502530000"},
      {"011 44 20 7031 3000", "US", "+442070313000"},
      {"1-800-FLOWERS", "US", "+18003569377"},
      {"02 3661 8300", "IT", "+390236618300"},
      {"+39 02-36618 300", "", "+390236618300"},
      {"011 15-3123-4567", "AR", "+5491131234567"},
      {"+1 (650) 253-0000", "", "+16502530000"},
      {"tel:253-0000;phone-context=+1-650", "US", "+16502530000"},
      {"TEL:+1-650-253-0000;ext=12", "", "+16502530000"},
      {"+1 650 253 0000 x12", "", "+16502530000"},
      {"650 253 0000 extension 12", "US", "+16502530000"},
      {"650.253.0000", "US", "+16502530000"},
      {"*67 650 253 0000", "US", "+16502530000"},
      {"*31#0044 20 7031 3000", "DE", "+442070313000"},
      {"#31#+442070313000", "", "+442070313000"},
      {"＋４４ ２０ ７０３１ ３０００", "", "+442070313000"},
      {"\u202a+44 20 7031 3000\u202c", "", "+442070313000"},
      {"٠٢٠٧٠٣١٣٠٠٠", "GB", "+442070313000"},
  };
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(Outcome(IDENTIFIER_TYPE_PHONE, vector.raw, Region(vector.hint)), vector.outcome)
        << vector.raw;
  }
}

TEST(Phone, WhatIsNoneSaysWhy) {
  constexpr Vector kVectors[] = {
      {"+999 123 4567", "US", "phone.not_valid"},
      {"+1 650 253 000", "", "phone.not_valid"},
      {"650 253 0000", "", "phone.no_region"},
      {"650 253 0000", "ZZ", "phone.no_region"},
      {"112", "DE", "phone.not_valid"},
      {"unknown", "US", "phone.not_a_number"},
      {"+", "US", "phone.not_a_number"},
      {"*", "US", "phone.not_a_number"},
      {"#31#", "US", "phone.not_a_number"},
      {"1", "US", "phone.not_a_number"},
      {"123456789012345678901234567890", "US", "phone.not_valid"},
  };
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(Outcome(IDENTIFIER_TYPE_PHONE, vector.raw, Region(vector.hint)), vector.outcome)
        << vector.raw;
  }
}

// The library takes time with the cube of the length: 64 such values would be hours.
TEST(Phone, LongValuesAreRefusedBeforeTheyAreParsed) {
  for (std::string_view gap : {"- ", "--", ",,", "..", "1 ", "x ", "#,", "()"}) {
    for (std::string_view end : {"@1", ";1", "x", ",,,,"}) {
      for (std::string_view begin : {"", "+1 "}) {
        std::string value = std::string(begin) + std::string(680, '1');
        while (value.size() < 2040) value.append(gap);
        value.append(end);
        EXPECT_EQ(Outcome(IDENTIFIER_TYPE_PHONE, value, Region("US")), "phone.not_a_number");
      }
    }
  }
  std::string longest = "+1" + std::string(88, '-') + "6502530000";
  EXPECT_EQ(Outcome(IDENTIFIER_TYPE_PHONE, longest), "+16502530000");
  EXPECT_EQ(Outcome(IDENTIFIER_TYPE_PHONE, "-" + longest), "phone.not_a_number");
}

TEST(Phone, WhiteSpaceDoesNotCountTowardsTheLength) {
  std::string gap(200, ' ');
  EXPECT_EQ(Outcome(IDENTIFIER_TYPE_PHONE, "+1 (650)" + gap + "253" + gap + "0000"),
            "+16502530000");
}

TEST(Country, IsOfTheStandard) {
  EXPECT_EQ(CountryCode("GB"), "GB");
  EXPECT_EQ(CountryCode("UK"), "GB");
  EXPECT_EQ(CountryCode("ZW"), "ZW");
  for (const char* code : {"", "G", "gb", "XX", "EU", "A ", " A", "D ", "GBR"}) {
    EXPECT_EQ(CountryCode(code), std::nullopt) << code;
  }
}

TEST(SenderId, IsOfItsRegion) {
  constexpr Vector kVectors[] = {
      {"  Royal \t Mail ", "GB", "GB:ROYAL MAIL"},
      {"GB:HMRC", "", "GB:HMRC"},
      {"gb:hmrc", "FR", "GB:HMRC"},
      {"UK:HMRC", "", "GB:HMRC"},
      {"HMRC", "UK", "GB:HMRC"},
      {"XX:HMRC", "GB", "GB:XX:HMRC"},
      {"XX:HMRC", "", "sender_id.no_region"},
      {"72727", "us", "US:72727"},
      {"ﬁnanzamt", "DE", "DE:FINANZAMT"},
      {"straße", "DE", "DE:STRASSE"},
      {"123456789012345", "GB", "GB:123456789012345"},
      {"1234567890123456", "GB", "sender_id.too_long"},
      {"üüüüüüüüüüüüüüü", "DE", "DE:ÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜ"},
      {"HMRC", "GBR", "sender_id.no_region"},
      {"GB: ", "", "sender_id.empty"},
  };
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(Outcome(IDENTIFIER_TYPE_SENDER_ID, vector.raw, Region(vector.hint)), vector.outcome)
        << vector.raw;
  }
}

void ExpectAll(v1::IdentifierType type, std::initializer_list<Vector> vectors) {
  for (const Vector& vector : vectors) {
    EXPECT_EQ(Outcome(type, vector.raw, Scheme(vector.hint)), vector.outcome) << vector.raw;
  }
}

TEST(RemoteAccessId, IsANumberOrAName) {
  ExpectAll(IDENTIFIER_TYPE_REMOTE_ACCESS_ID,
            {
                {"1-234-567-890", "TeamViewer", "teamviewer:1234567890"},
                {"1 234\u00a0567 890", "Any Desk", "anydesk:1234567890"},
                {"AnyDesk: 123 456 789", "", "anydesk:123456789"},
                {"anydesk:123456789", "teamviewer", "anydesk:123456789"},
                {"Anna.K@Acme", "anydesk", "anydesk:anna.k@acme"},
                {"anna@ad", "teamviewer", "remote_access_id.malformed"},
                {"a@b@c", "anydesk", "remote_access_id.malformed"},
                {"12345", "rustdesk", "remote_access_id.malformed"},
                {"123456789 987654321", "ultraviewer", "remote_access_id.malformed"},
                {"call me", "anydesk", "remote_access_id.malformed"},
                {"Ab 12:X", "Screen Connect", "screen-connect:ab12:x"},
                {"ABC 123", "Quick Assist", "quickassist:abc123"},
                {"anydesk:", "", "remote_access_id.empty"},
                {"123456789", "::", "remote_access_id.no_vendor"},
            });
}

TEST(SocialHandle, ProfileAddressesAreOff) {
  ExpectAll(IDENTIFIER_TYPE_SOCIAL_HANDLE,
            {
                {"https://t.me/Crypto_Anna", "telegram", "telegram:crypto_anna"},
                {"t.me/s/Crypto_Anna?start=1", "", "telegram:crypto_anna"},
                {"https://t.me/joinchat/AbC", "telegram", "telegram:+abc"},
                {"https://t.me/+AbC", "telegram", "telegram:+abc"},
                {"@@ Crypto_Anna", "TG", "telegram:crypto_anna"},
                {"https://wa.me/15550123456?text=hi", "whatsapp", "whatsapp:+15550123456"},
                {"https://api.whatsapp.com/send?phone=15550123456", "", "whatsapp:+15550123456"},
                {"+1 (555) 012-3456", "WhatsApp", "whatsapp:+15550123456"},
                {"+1 (555) 012-3456", "Telegram", "telegram:+15550123456"},
                {"(555) 012-3456", "signal", "signal:5550123456"},
                {"12.34.567", "instagram", "instagram:12.34.567"},
                {"1234567", "instagram", "instagram:1234567"},
                {"https://www.facebook.com/profile.php?id=1000123", "facebook", "facebook:1000123"},
                {"m.facebook.com/Anna.Smith/", "fb", "facebook:anna.smith"},
                {"https://m.me/anna", "", "facebook:anna"},
                {"https://x.com/Anna", "x", "twitter:anna"},
                {"https://twitter.com/@Anna", "", "twitter:anna"},
                {"https://www.tiktok.com/@Anna/video/1", "tiktok", "tiktok:anna"},
                {"https://linkedin.com/in/Anna-Smith", "", "linkedin:anna-smith"},
                {"https://www.youtube.com/channel/UCabc", "", "youtube:ucabc"},
                {"https://discord.gg/AbC", "", "discord:abc"},
                {"live:.cid.1234", "skype", "skype:live:.cid.1234"},
                {"@anna:matrix.org", "matrix", "matrix:anna:matrix.org"},
                {"telegram:crypto_anna", "whatsapp", "telegram:crypto_anna"},
                {"Анна", "vk", "vk:анна"},
                {"John Smith", "facebook", "social_handle.malformed"},
                {"https://t.me/", "telegram", "social_handle.empty"},
                {"https://mastodon.social/@Anna/", "mastodon", "mastodon:mastodon.social/@anna"},
                {"@", "telegram", "social_handle.empty"},
                {"anna", "", "social_handle.no_platform"},
            });
}

TEST(SocialHandle, TheAccountStandsWhereThePlatformPutsIt) {
  ExpectAll(IDENTIFIER_TYPE_SOCIAL_HANDLE,
            {
                {"https://www.facebook.com/people/John-Doe/100012345678901/", "",
                 "facebook:100012345678901"},
                {"https://www.facebook.com/pages/Lucky-Help/100012345678901?sk=x", "",
                 "facebook:100012345678901"},
                {"facebook.com/profile.php?sk=about&id=1000123", "", "facebook:1000123"},
                {"facebook.com/story.php?story_fbid=5&id=1000123", "", "facebook:1000123"},
                {"facebook.com/permalink.php?story_fbid=5&id=1000123", "", "facebook:1000123"},
                {"facebook.com/pg/anna/posts", "", "facebook:anna"},
                {"facebook.com/p/Anna-61550000000001/", "", "facebook:anna-61550000000001"},
                {"facebook.com/anna?id=5", "", "facebook:anna"},
                {"fb.com/anna/photos", "", "facebook:anna"},
                {"instagram.com/stories/anna/123", "", "instagram:anna"},
                {"instagram.com/anna/p/AbC", "", "instagram:anna"},
                {"youtube.com/c/Anna", "", "youtube:anna"},
                {"youtube.com/user/Anna/videos", "", "youtube:anna"},
                {"youtube.com/@Anna/shorts", "", "youtube:anna"},
                {"t.me/s/Anna/5", "", "telegram:anna"},
                {"t.me/boost/Anna", "", "telegram:anna"},
                {"twitter.com/intent/user?screen_name=Anna", "", "twitter:anna"},
                {"x.com/Anna/status/5", "", "twitter:anna"},
                {"wa.me/c/15550123456", "", "whatsapp:+15550123456"},
                {"wa.me/qr/ABCDEF1", "", "whatsapp:abcdef1"},
                {"wa.me/message/ABCDEF1", "", "whatsapp:abcdef1"},
                {"https://chat.whatsapp.com/invite/AbC", "", "whatsapp:abc"},
                {"snapchat.com/add/Anna", "", "snapchat:anna"},
                {"snapchat.com/@Anna", "", "snapchat:anna"},
                {"linkedin.com/company/Lucky-Help/posts", "", "linkedin:lucky-help"},
                {"threads.net/@Anna/post/AbC", "", "threads:anna"},
                {"reddit.com/user/Anna/comments", "", "reddit:anna"},
                {"bsky.app/profile/anna.bsky.social/post/5", "", "bluesky:anna.bsky.social"},
                {"https://line.me/R/ti/p/@Anna", "", "line:anna"},
            });
}

TEST(SocialHandle, APageOfNobodyIsNoAccount) {
  for (std::string_view page : {
           "facebook.com/people/John-Doe",
           "facebook.com/people",
           "facebook.com/pages/category/Bank/Lucky-1000123",
           "facebook.com/%70eople/John-Doe",
           "facebook.com/share/AbC/",
           "facebook.com/share/p/AbC/",
           "facebook.com/marketplace/item/5",
           "facebook.com/groups/5/posts/6",
           "facebook.com/watch/?v=5",
           "facebook.com/events/5",
           "facebook.com/Reel/5",
           "facebook.com/photo/?fbid=5",
           "facebook.com/photo.php?fbid=5",
           "facebook.com/profile.php",
           "facebook.com/login/?next=x",
           "facebook.com/hashtag/crypto",
           "facebook.com/ads/library/?id=5",
           "m.me/j/AbC",
           "instagram.com/p/AbC",
           "instagram.com/reel/AbC",
           "instagram.com/tv/AbC",
           "instagram.com/explore/tags/crypto",
           "instagram.com/stories/highlights/5",
           "youtube.com/watch?v=AbC",
           "youtube.com/shorts/AbC",
           "youtube.com/playlist?list=AbC",
           "youtube.com/embed/AbC",
           "t.me/c/5/6",
           "t.me/addstickers/Ducks",
           "t.me/share/url?url=x",
           "t.me/s",
           "x.com/i/status/5",
           "x.com/intent/post?text=x",
           "x.com/search?q=x",
           "x.com/hashtag/crypto",
           "x.com/home",
           "wa.me/p/5/15550123456",
           "api.whatsapp.com/send?text=hi",
           "tiktok.com/tag/crypto",
           "tiktok.com/music/x-5",
           "tiktok.com/discover/x",
           "tiktok.com/t/AbC",
           "linkedin.com/feed/update/5",
           "linkedin.com/posts/anna_x-5",
           "snapchat.com/discover/x/5",
           "reddit.com/search",
           "discord.com/channels/5/6",
           "bsky.app/hashtag/crypto",
       }) {
    for (std::string_view scheme : {"", "https://www."}) {
      std::string raw = std::string(scheme) + std::string(page);
      EXPECT_EQ(Outcome(IDENTIFIER_TYPE_SOCIAL_HANDLE, raw, Scheme("facebook")),
                "social_handle.malformed")
          << raw;
    }
  }
}

TEST(App, IsAPackageOfAStore) {
  ExpectAll(
      IDENTIFIER_TYPE_APP,
      {
          {"https://play.google.com/store/apps/details?hl=en&id=com.Fake.Wallet&x=1", "",
           "google-play:com.fake.wallet"},
          {"com.Fake.Wallet", "Google Play", "google-play:com.fake.wallet"},
          {"com.Fake.Wallet", "PlayStore", "google-play:com.fake.wallet"},
          {"https://apps.apple.com/us/app/fake-wallet/id123456789?l=en", "", "app-store:123456789"},
          {"https://apps.apple.com/us/app/idle-heroes/id1158080498", "", "app-store:1158080498"},
          {"https://apps.apple.com/id/app/whatsapp/id310633997", "", "app-store:310633997"},
          {"itunes.apple.com/app/id310633997/?mt=8#x", "itunes", "app-store:310633997"},
          {"https://apps.apple.com/us/developer/fake-wallet/id1158080498", "", "app.no_store"},
          {"https://apps.apple.com/us/app/fake-wallet", "app-store", "app.malformed"},
          {"https://play.google.com/store/apps/details?pcampaignid=web_share&id=com.fake.wallet",
           "", "google-play:com.fake.wallet"},
          {"play.google.com/store/apps/details/?id=com%2Efake.wallet", "",
           "google-play:com.fake.wallet"},
          {"https://play.google.com/store/apps/details?pcampaignid=web_share", "google-play",
           "app.malformed"},
          {"https://play.google.com/store/apps/developer?id=com.fake", "google-play",
           "app.malformed"},
          {"google-play:com.fake.wallet", "apk", "google-play:com.fake.wallet"},
          {"Fake Wallet", "apk", "app.malformed"},
          {"apk:", "", "app.empty"},
      });
}

}  // namespace
}  // namespace ringfence::identifiers
