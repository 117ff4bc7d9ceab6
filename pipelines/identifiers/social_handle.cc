#include "pipelines/identifiers/handle.h"
#include "pipelines/identifiers/host.h"
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

// "@ anna" and "@@anna" too.
std::string WithoutAt(std::string_view text) {
  std::string handle = TrimWhiteSpace(text);
  while (handle.starts_with('@')) handle = TrimWhiteSpace(std::string_view(handle).substr(1));
  return handle;
}

// Of a platform that is not known, or has many hosts ("https://mastodon.social/@anna"), the address
// names the account; of one that is known, there is no account in it then.
std::string WithoutScheme(std::string_view text) {
  constexpr std::string_view kMark = "://";
  size_t mark = text.find(kMark);
  if (mark == std::string_view::npos || !IsWebScheme(text.substr(0, mark))) {
    return std::string(text);
  }
  std::string_view address = text.substr(mark + kMark.size());
  address = address.substr(0, address.find_first_of("?#"));
  while (address.ends_with('/')) address.remove_suffix(1);
  return address.find('/') == std::string_view::npos ? std::string() : std::string(address);
}

}  // namespace

Normalised NormaliseSocialHandle(std::string_view text, const Hints& hints) {
  auto [platform, rest] = SplitScheme(text, hints.scheme, kPlatforms);
  std::string handle = WithoutAt(rest);
  if (std::optional<Profile> profile = ProfileOf(handle)) {
    if (platform.empty()) platform = SchemeWord(profile->platform, kPlatforms);
    handle = WithoutAt(profile->handle);
  } else {
    handle = WithoutAt(WithoutScheme(handle));
  }
  if (platform.empty()) return Refused("social_handle.no_platform");
  handle = ToLower(WithoutNumberSeparators(handle, platform));
  if (handle.empty()) return Refused("social_handle.empty");
  if (HoldsWhiteSpace(handle) || HoldsAddress(handle)) return Refused("social_handle.malformed");
  return Of(platform + ":" + handle);
}

}  // namespace ringfence::identifiers
