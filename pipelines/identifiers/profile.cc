#include "pipelines/identifiers/profile.h"

#include <algorithm>
#include <span>

#include "pipelines/identifiers/host.h"
#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

constexpr std::string_view kTelegramInvite = "/joinchat/";

struct ProfileHost {
  std::string_view host;
  std::string_view platform;
  // Words of the path before the account's, each between spaces.
  std::string_view words;
  // Parameter of the query that names the account where there is one ("id", "phone").
  std::string_view parameter;
};

constexpr ProfileHost kHosts[] = {
    {"t.me", "telegram", " joinchat s ", ""},
    {"telegram.me", "telegram", " joinchat s ", ""},
    {"telegram.dog", "telegram", " joinchat s ", ""},
    {"wa.me", "whatsapp", " message ", ""},
    {"api.whatsapp.com", "whatsapp", " send ", "phone"},
    {"chat.whatsapp.com", "whatsapp", " invite ", ""},
    {"facebook.com", "facebook", " groups pg profile.php ", "id"},
    {"fb.com", "facebook", " groups pg profile.php ", "id"},
    {"fb.me", "facebook", "", ""},
    {"m.me", "facebook", "", ""},
    {"instagram.com", "instagram", "", ""},
    {"instagr.am", "instagram", "", ""},
    {"threads.net", "threads", "", ""},
    {"twitter.com", "twitter", "", ""},
    {"x.com", "twitter", "", ""},
    {"tiktok.com", "tiktok", "", ""},
    {"snapchat.com", "snapchat", " add ", ""},
    {"linkedin.com", "linkedin", " in company ", ""},
    {"youtube.com", "youtube", " c channel user ", ""},
    {"reddit.com", "reddit", " r u user ", ""},
    {"discord.gg", "discord", "", ""},
    {"discord.com", "discord", " invite users ", ""},
    {"discordapp.com", "discord", " invite users ", ""},
    {"vk.com", "vk", "", ""},
    {"ok.ru", "ok", " profile ", ""},
    {"line.me", "line", " p r ti ", ""},
    {"pinterest.com", "pinterest", "", ""},
    {"twitch.tv", "twitch", "", ""},
    {"bsky.app", "bluesky", " profile ", ""},
    {"cash.app", "cashapp", "", ""},
    {"venmo.com", "venmo", " u ", ""},
    {"paypal.me", "paypal", "", ""},
    {"paypal.com", "paypal", " paypalme ", ""},
    {"revolut.me", "revolut", "", ""},
};

const ProfileHost* FindHost(std::string_view host) {
  for (std::string_view prefix : {"www.", "m.", "mobile."}) {
    if (host.starts_with(prefix) && host.substr(prefix.size()).find('.') != host.npos) {
      host.remove_prefix(prefix.size());
    }
  }
  const auto* row = std::find_if(std::begin(kHosts), std::end(kHosts),
                                 [host](const ProfileHost& known) { return known.host == host; });
  return row == std::end(kHosts) ? nullptr : row;
}

std::string_view ParameterOf(std::string_view query, std::string_view name) {
  while (!name.empty() && !query.empty()) {
    size_t end = std::min(query.find('&'), query.size());
    std::string_view parameter = query.substr(0, end);
    if (parameter.starts_with(name) && parameter.substr(name.size()).starts_with('=')) {
      return parameter.substr(name.size() + 1);
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

// The first segment that is none of `words`.
std::string_view AccountOf(std::string_view path, std::string_view words) {
  while (!path.empty()) {
    size_t end = std::min(path.find('/', 1), path.size());
    std::string_view segment = path.substr(1, end - 1);
    path.remove_prefix(end);
    bool is_word =
        segment.empty() || words.find(" " + AsciiLower(segment) + " ") != std::string_view::npos;
    if (!is_word) return segment;
  }
  return {};
}

}  // namespace

std::optional<Profile> ProfileOf(std::string_view text) {
  if (text.find('/') == std::string_view::npos) return std::nullopt;
  std::optional<Address> address = SplitAddress(text);
  if (!address) return std::nullopt;
  const ProfileHost* row = FindHost(AsciiLower(address->authority.host));
  if (row == nullptr) return std::nullopt;
  std::string_view rest = address->rest;
  rest = rest.substr(0, rest.find('#'));
  size_t query = std::min(rest.find('?'), rest.size());
  std::string_view account =
      ParameterOf(rest.substr(std::min(query + 1, rest.size())), row->parameter);
  if (account.empty()) account = AccountOf(rest.substr(0, query), row->words);
  std::string handle = CleanText(PercentDecoded(account)).value_or("");
  if (handle.empty()) return std::nullopt;
  // "/joinchat/abc" is "/+abc" written in the older way.
  if (StartsWithNoCase(rest, kTelegramInvite)) handle.insert(0, "+");
  // Numbers in these addresses are international without their sign.
  if (row->platform == "whatsapp" && IsAllDigits(handle)) handle.insert(0, "+");
  return Profile{row->platform, std::move(handle)};
}

bool HoldsAddress(std::string_view handle) {
  return handle.find("://") != std::string_view::npos || ProfileOf(handle).has_value();
}

}  // namespace ringfence::identifiers
