#include "pipelines/identifiers/ip_address.h"

#include <algorithm>
#include <charconv>

#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

struct Ipv4Block {
  uint32_t network;
  int length;
};

constexpr uint32_t Dotted(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// Rows of the IANA IPv4 special-purpose registry that are not globally reachable, but for the
// documentation ranges; the withdrawn 6to4 relays; multicast.
constexpr Ipv4Block kNotPublicV4[] = {
    {Dotted(0, 0, 0, 0), 8},     {Dotted(10, 0, 0, 0), 8},     {Dotted(100, 64, 0, 0), 10},
    {Dotted(127, 0, 0, 0), 8},   {Dotted(169, 254, 0, 0), 16}, {Dotted(172, 16, 0, 0), 12},
    {Dotted(192, 0, 0, 0), 24},  {Dotted(192, 88, 99, 0), 24}, {Dotted(192, 168, 0, 0), 16},
    {Dotted(198, 18, 0, 0), 15}, {Dotted(224, 0, 0, 0), 4},    {Dotted(240, 0, 0, 0), 4},
};

struct Ipv6Block {
  // The first four groups; no block below is longer than a /64.
  std::array<uint16_t, 4> network;
  int length;
  bool is_public;
};

// Only 2000::/3 is allocated for global unicast. Within it, the rows of the IANA IPv6
// special-purpose registry, the more specific ones first. Addresses of translators and tunnels
// (Teredo) name no network and are not public.
constexpr Ipv6Block kBlocksV6[] = {
    {{0x2001, 0x0003, 0, 0}, 32, true},       // AMT
    {{0x2001, 0x0004, 0x0112, 0}, 48, true},  // AS112-v6
    {{0x2001, 0x0020, 0, 0}, 28, true},       // ORCHIDv2
    {{0x2001, 0x0030, 0, 0}, 28, true},       // drone remote IDs
    {{0x2001, 0, 0, 0}, 23, false},           // IETF protocol assignments
    {{0x3fff, 0, 0, 0}, 20, false},           // documentation, RFC 9637
    {{0x2000, 0, 0, 0}, 3, true},             // global unicast
};

bool IsIn(const IpAddress& address, const Ipv6Block& block) {
  auto first_half = [](const auto& groups) {
    uint64_t half = 0;
    for (size_t i = 0; i < 4; ++i) half = half << 16 | groups[i];
    return half;
  };
  return (first_half(address.groups) ^ first_half(block.network)) >> (64 - block.length) == 0;
}

// The groups on one side of "::", or all of them; an IPv4 address may stand at the end.
struct Groups {
  std::array<uint16_t, 8> values{};
  size_t count = 0;

  bool Add(uint32_t value) {
    if (count == values.size()) return false;
    values[count++] = static_cast<uint16_t>(value);
    return true;
  }
};

bool AddGroup(std::string_view text, Groups& groups) {
  if (text.empty() || text.size() > 4 || !IsAllHex(text)) return false;
  uint32_t value = 0;
  for (char c : text) value = value * 16 + static_cast<uint32_t>(HexDigit(c));
  return groups.Add(value);
}

std::optional<Groups> ParseGroups(std::string_view text, bool may_end_in_v4) {
  Groups groups;
  if (text.empty()) return groups;
  while (true) {
    size_t colon = text.find(':');
    std::string_view group = text.substr(0, colon);
    bool is_last = colon == std::string_view::npos;
    if (is_last && may_end_in_v4 && group.find('.') != std::string_view::npos) {
      std::optional<IpAddress> v4 = ParseIpv4(group);
      if (!v4 || !groups.Add(v4->v4 >> 16) || !groups.Add(v4->v4 & 0xffff)) return std::nullopt;
    } else if (!AddGroup(group, groups)) {
      return std::nullopt;
    }
    if (is_last) return groups;
    text.remove_prefix(colon + 1);
  }
}

IpAddress FromGroups(const std::array<uint16_t, 8>& groups) {
  IpAddress address;
  bool is_mapped = groups[5] == 0xffff &&
                   std::all_of(groups.begin(), groups.begin() + 5, [](auto g) { return g == 0; });
  if (is_mapped) {
    address.v4 = static_cast<uint32_t>(groups[6]) << 16 | groups[7];
  } else {
    address.is_v6 = true;
    address.groups = groups;
  }
  return address;
}

struct Run {
  size_t begin = 0;
  size_t length = 0;
};

// The longest run of two zero groups or more, of equal ones the first (RFC 5952, section 4.2).
Run LongestZeros(const std::array<uint16_t, 8>& groups) {
  Run longest;
  Run run;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (groups[i] != 0) {
      run.length = 0;
      continue;
    }
    if (run.length++ == 0) run.begin = i;
    if (run.length > longest.length) longest = run;
  }
  return longest.length < 2 ? Run{} : longest;
}

void AppendHex(std::string& text, uint16_t group) {
  char digits[4];
  auto end = std::to_chars(digits, digits + sizeof(digits), group, 16).ptr;
  text.append(digits, end);
}

std::string V6ToText(const std::array<uint16_t, 8>& groups) {
  std::string text;
  Run zeros = LongestZeros(groups);
  for (size_t i = 0; i < groups.size(); ++i) {
    if (zeros.length > 0 && i == zeros.begin) {
      text.append("::");
      i += zeros.length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text.push_back(':');
    AppendHex(text, groups[i]);
  }
  return text;
}

}  // namespace

std::optional<IpAddress> ParseIpv4(std::string_view text) {
  IpAddress address;
  for (int i = 0; i < 4; ++i) {
    size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    std::string_view part = text.substr(0, dot);
    if (part.empty() || part.size() > 3 || !IsAllDigits(part)) return std::nullopt;
    if (part.size() > 1 && part[0] == '0') return std::nullopt;
    uint32_t value = 0;
    for (char c : part) value = value * 10 + static_cast<uint32_t>(c - '0');
    if (value > 255) return std::nullopt;
    address.v4 = address.v4 << 8 | value;
    if (i < 3) text.remove_prefix(dot + 1);
  }
  return address;
}

std::optional<IpAddress> ParseIpv6(std::string_view text) {
  size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    std::optional<Groups> all = ParseGroups(text, true);
    if (!all || all->count != 8) return std::nullopt;
    return FromGroups(all->values);
  }
  std::optional<Groups> before = ParseGroups(text.substr(0, gap), false);
  std::optional<Groups> after = ParseGroups(text.substr(gap + 2), true);
  if (!before || !after || before->count + after->count > 7) return std::nullopt;
  std::array<uint16_t, 8> groups = before->values;
  std::copy_n(after->values.begin(), after->count,
              groups.end() - static_cast<ptrdiff_t>(after->count));
  return FromGroups(groups);
}

bool IsPublic(const IpAddress& address) {
  if (address.is_v6) {
    const auto* block = std::find_if(std::begin(kBlocksV6), std::end(kBlocksV6),
                                     [&](const Ipv6Block& row) { return IsIn(address, row); });
    return block != std::end(kBlocksV6) && block->is_public;
  }
  return std::none_of(std::begin(kNotPublicV4), std::end(kNotPublicV4), [&](const Ipv4Block& row) {
    return (address.v4 ^ row.network) >> (32 - row.length) == 0;
  });
}

std::string ToText(const IpAddress& address) {
  if (address.is_v6) return V6ToText(address.groups);
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    text.append(std::to_string(address.v4 >> shift & 0xff));
    if (shift > 0) text.push_back('.');
  }
  return text;
}

std::string CanonicalIp(const IpAddress& address) {
  if (!address.is_v6) return ToText(address);
  std::array<uint16_t, 8> network{};
  std::copy_n(address.groups.begin(), 4, network.begin());
  return V6ToText(network) + "/64";
}

}  // namespace ringfence::identifiers
