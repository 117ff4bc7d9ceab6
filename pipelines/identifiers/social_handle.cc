#include "pipelines/identifiers/handle.h"
#include "pipelines/identifiers/profile.h"
#include "pipelines/identifiers/scheme.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

constexpr SchemeName kPlatforms[] = {
    {"telegram", "telegram"},   {"tg", "telegram"},
    {"whatsapp", "whatsapp"},   {"wa", "whatsapp"},
    {"facebook", "facebook"},   {"fb", "facebook"},
    {"messenger", "facebook"},  {"instagram", "instagram"},
    {"ig", "instagram"},        {"insta", "instagram"},
    {"threads", "threads"},     {"twitter", "twitter"},
    {"x", "twitter"},           {"tiktok", "tiktok"},
    {"snapchat", "snapchat"},   {"linkedin", "linkedin"},
    {"youtube", "youtube"},     {"reddit", "reddit"},
    {"discord", "discord"},     {"vk", "vk"},
    {"line", "line"},           {"signal", "signal"},
    {"viber", "viber"},         {"wechat", "wechat"},
    {"weixin", "wechat"},       {"skype", "skype"},
    {"tinder", "tinder"},       {"bumble", "bumble"},
    {"hinge", "hinge"},         {"bluesky", "bluesky"},
    {"mastodon", "mastodon"},   {"matrix", "matrix"},
    {"kakaotalk", "kakaotalk"}, {"zalo", "zalo"},
    {"pinterest", "pinterest"}, {"twitch", "twitch"},
};

std::string_view WithoutAt(std::string_view text) {
  while (text.starts_with('@')) text.remove_prefix(1);
  return text;
}

}  // namespace

Normalised NormaliseSocialHandle(std::string_view text, const Hints& hints) {
  auto [platform, rest] = SplitScheme(text, hints.scheme, kPlatforms);
  std::string handle(WithoutAt(rest));
  if (std::optional<Profile> profile = ProfileOf(handle)) {
    if (platform.empty()) platform = SchemeWord(profile->platform, kPlatforms);
    handle = WithoutAt(profile->handle);
  }
  if (platform.empty()) return Refused("social_handle.no_platform");
  handle = ToLower(WithoutNumberSeparators(TrimWhiteSpace(handle)));
  if (handle.empty()) return Refused("social_handle.empty");
  if (HoldsWhiteSpace(handle)) return Refused("social_handle.malformed");
  return Of(platform + ":" + handle);
}

}  // namespace ringfence::identifiers
