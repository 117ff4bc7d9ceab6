#include "pipelines/identifiers/profile.h"

#include <algorithm>
#include <span>

#include "pipelines/identifiers/host.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/url_path.h"

namespace ringfence::identifiers {
namespace {

constexpr std::string_view kTelegramInvite = "/joinchat/";

// Lists hold words in lower case, each between spaces. A segment of the path that is in none of its
// host's lists is an account.
struct ProfileHost {
  std::string_view hosts;
  std::string_view platform;
  // Segments before the account's: "/in/anna".
  std::string_view before = {};
  // Segments of pages that name no account: "/watch", "/share/AbC".
  std::string_view pages = {};
  // Only what stands behind a segment of `before` is an account.
  bool others_are_pages = false;
  // Segments of pages whose account is in the query, and the name of its parameter.
  std::string_view by_parameter = {};
  std::string_view parameter = {};
  // Segments before a name that many have and the account's number: "/people/Anna/1000123".
  std::string_view before_number = {};
};

constexpr ProfileHost kHosts[] = {
    {.hosts = " t.me telegram.me telegram.dog ",
     .platform = "telegram",
     .before = " boost joinchat s ",
     .pages = " a addemoji addlist addstickers addtheme bg c confirmphone contact giftcode invoice "
              "iv login m nft proxy setlanguage share socks "},
    // A code behind "message" or "qr" stands for one account.
    {.hosts = " wa.me ",
     .platform = "whatsapp",
     .before = " c message qr ",
     .pages = " p ",
     .by_parameter = " send ",
     .parameter = "phone"},
    {.hosts = " api.whatsapp.com ",
     .platform = "whatsapp",
     .before = " message qr ",
     .others_are_pages = true,
     .by_parameter = " send ",
     .parameter = "phone"},
    {.hosts = " chat.whatsapp.com ", .platform = "whatsapp", .before = " invite "},
    {.hosts = " facebook.com fb.com ",
     .platform = "facebook",
     .before = " p pg ",
     .pages =
         " about ads business dialog events friends fundraisers games gaming groups hashtag "
         "help jobs legal login marketplace memories messages notes notifications photo photos "
         "places plugins policies policy privacy reel reels saved search settings share sharer "
         "stories terms v video videos watch ",
     .by_parameter = " permalink.php profile.php story.php ",
     .parameter = "id",
     .before_number = " pages people "},
    {.hosts = " fb.me ", .platform = "facebook", .pages = " e g p "},
    {.hosts = " m.me ", .platform = "facebook", .pages = " ch j "},
    {.hosts = " instagram.com instagr.am ",
     .platform = "instagram",
     .before = " _u stories ",
     .pages = " about accounts ar challenge developer direct emails explore highlights invites "
              "legal p popular reel reels s share terms tv web "},
    {.hosts = " threads.net threads.com ",
     .platform = "threads",
     .pages = " activity login search t "},
    {.hosts = " twitter.com x.com ",
     .platform = "twitter",
     .pages = " about account compose download explore hashtag home i jobs login logout messages "
              "notifications privacy search settings share signup tos who_to_follow ",
     .by_parameter = " intent ",
     .parameter = "screen_name"},
    {.hosts = " tiktok.com ",
     .platform = "tiktok",
     .pages = " about discover effect embed explore following foryou legal live login messages "
              "music place search setting share signup sticker t tag trending upload v video "},
    {.hosts = " snapchat.com ",
     .platform = "snapchat",
     .before = " add ",
     .pages = " discover download explore l lens login p spotlight story t topic unlock "},
    {.hosts = " linkedin.com ",
     .platform = "linkedin",
     .before = " company in school showcase ",
     .others_are_pages = true},
    {.hosts = " youtube.com ",
     .platform = "youtube",
     .before = " c channel user ",
     .pages = " about account attribution_link clip embed feed gaming hashtag live music playlist "
              "post premium redirect results shorts signin t v watch "},
    {.hosts = " reddit.com ",
     .platform = "reddit",
     .before = " r u user ",
     .others_are_pages = true},
    {.hosts = " discord.gg ", .platform = "discord"},
    {.hosts = " discord.com discordapp.com ",
     .platform = "discord",
     .before = " invite users ",
     .others_are_pages = true},
    {.hosts = " vk.com ", .platform = "vk", .pages = " audios feed im login search share "},
    {.hosts = " ok.ru ",
     .platform = "ok",
     .before = " profile ",
     .pages = " dk feed games group live music search video "},
    {.hosts = " line.me ",
     .platform = "line",
     .before = " oamessage p r ti ",
     .pages = " g g2 home msg nv s share "},
    {.hosts = " pinterest.com ",
     .platform = "pinterest",
     .pages = " business categories explore ideas pin search today "},
    {.hosts = " twitch.tv ",
     .platform = "twitch",
     .before = " popout ",
     .pages = " directory downloads jobs p search settings store turbo videos "},
    {.hosts = " bsky.app ", .platform = "bluesky", .before = " profile ", .others_are_pages = true},
    {.hosts = " cash.app ",
     .platform = "cashapp",
     .pages = " account app bitcoin card help launch legal login press qr stocks "},
    {.hosts = " venmo.com ",
     .platform = "venmo",
     .before = " u ",
     .pages = " about account business help legal login signup ",
     .by_parameter = " code ",
     .parameter = "user_id"},
    {.hosts = " paypal.me ", .platform = "paypal"},
    {.hosts = " paypal.com ",
     .platform = "paypal",
     .before = " paypalme ",
     .others_are_pages = true},
    {.hosts = " revolut.me ", .platform = "revolut"},
};

bool Holds(std::string_view words, const std::string& word) {
  return words.find(" " + word + " ") != std::string_view::npos;
}

const ProfileHost* FindHost(std::string_view host) {
  for (std::string_view prefix : {"www.", "m.", "mobile."}) {
    if (host.starts_with(prefix) && host.substr(prefix.size()).find('.') != host.npos) {
      host.remove_prefix(prefix.size());
    }
  }
  const auto* row = std::find_if(
      std::begin(kHosts), std::end(kHosts),
      [host](const ProfileHost& known) { return Holds(known.hosts, std::string(host)); });
  return row == std::end(kHosts) ? nullptr : row;
}

// An address of one of the hosts, whatever it names.
struct HostedAddress {
  const ProfileHost& host;
  // Path and query.
  std::string rest;
};

std::optional<HostedAddress> HostedAddressOf(std::string_view text) {
  if (text.find('/') == std::string_view::npos) return std::nullopt;
  std::optional<Address> address = SplitAddress(text);
  if (!address) return std::nullopt;
  const ProfileHost* host = FindHost(AsciiLower(address->authority.host));
  if (host == nullptr) return std::nullopt;
  return HostedAddress{*host, address->rest.substr(0, address->rest.find('#'))};
}

// The next segment of the path that is not empty, without escapes; empty at its end.
std::string TakeSegment(std::string_view& path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  size_t end = std::min(path.find('/'), path.size());
  std::string segment = CleanText(PercentDecoded(path.substr(0, end))).value_or("");
  path.remove_prefix(end);
  return segment;
}

// Empty where the page names no account.
std::string AccountOf(const ProfileHost& host, std::string_view path, std::string_view query) {
  bool may_be_account = !host.others_are_pages;
  while (true) {
    std::string segment = TakeSegment(path);
    std::string word = AsciiLower(segment);
    if (Holds(host.before_number, word)) {
      TakeSegment(path);
      std::string number = TakeSegment(path);
      return IsAllDigits(number) ? number : "";
    }
    if (Holds(host.by_parameter, word)) {
      return CleanText(PercentDecoded(ParameterOf(query, host.parameter))).value_or("");
    }
    if (!Holds(host.before, word)) {
      bool is_page = Holds(host.pages, word) || word.ends_with(".php");
      return may_be_account && !is_page ? segment : "";
    }
    may_be_account = true;
  }
}

}  // namespace

std::optional<Profile> ProfileOf(std::string_view text) {
  std::optional<HostedAddress> address = HostedAddressOf(text);
  if (!address) return std::nullopt;
  std::string_view rest = address->rest;
  size_t query = std::min(rest.find('?'), rest.size());
  std::string handle = AccountOf(address->host, rest.substr(0, query),
                                 rest.substr(std::min(query + 1, rest.size())));
  if (handle.empty()) return std::nullopt;
  // "/joinchat/abc" is "/+abc" written in the older way.
  if (StartsWithNoCase(rest, kTelegramInvite)) handle.insert(0, "+");
  // Numbers in these addresses are international without their sign.
  if (address->host.platform == "whatsapp" && IsAllDigits(handle)) handle.insert(0, "+");
  return Profile{address->host.platform, std::move(handle)};
}

bool HoldsAddress(std::string_view handle) {
  return handle.find("://") != std::string_view::npos || HostedAddressOf(handle).has_value();
}

}  // namespace ringfence::identifiers
