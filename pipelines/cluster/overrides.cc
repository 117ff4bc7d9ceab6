#include "pipelines/cluster/overrides.h"

#include <algorithm>
#include <charconv>

#include "pipelines/cluster/evidence.h"
#include "pipelines/identifiers/ranges.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::cluster {
namespace {

using core::Id;
using core::Time;
using internal::v1::OverrideNews;

constexpr uint64_t BitOf(v1::IdentifierType type) { return uint64_t{1} << type; }

uint32_t BitsOf(int effect) {
  switch (effect) {
    case v1::Override::EFFECT_ALLOW:
      return Effects::kAllow;
    case v1::Override::EFFECT_APPEAL:
      return Effects::kAppeal;
    case v1::Override::EFFECT_SHARED_INFRASTRUCTURE:
      return Effects::kShared;
    case v1::Override::EFFECT_CANARY:
      return Effects::kCanary;
    case v1::Override::EFFECT_WITHHOLD:
      return Effects::kWithhold;
    case v1::Override::EFFECT_CONFIRMED:
      return Effects::kConfirmed;
    default:
      return 0;
  }
}

// Of "198.51.100.0/24" 24; 0 where there is no number.
int BitsOfRange(std::string_view range) {
  int bits = 0;
  const char* const end = range.data() + range.size();
  const size_t slash = range.find('/');
  if (slash != std::string_view::npos) std::from_chars(range.data() + slash + 1, end, bits);
  return std::clamp(bits, 0, 128);
}

}  // namespace

internal::v1::Mark Effects::MarkOf(bool is_base) const {
  internal::v1::Mark mark;
  mark.set_disregard_before(disregard_before);
  if (Has(kAllow) || Has(kCanary) || (Has(kShared) && !is_base)) {
    mark.set_bars(internal::v1::BARS_LINKING);
  } else if (Has(kShared)) {
    mark.set_bars(internal::v1::BARS_TYING_REPORTS);
  } else if (Has(kWithhold)) {
    mark.set_bars(internal::v1::BARS_BEARING);
  }
  return mark;
}

void Effects::Add(const OverrideNews& news) {
  bits |= BitsOf(news.effect());
  disregard_before = std::max(disregard_before, Time{news.disregard_before()});
}

void Effects::Add(const Effects& other) {
  bits |= other.bits;
  disregard_before = std::max(disregard_before, other.disregard_before);
}

bool SameMark(const internal::v1::Mark& a, const internal::v1::Mark& b) {
  return a.bars() == b.bars() && a.disregard_before() == b.disregard_before();
}

Time HeldOverride::NextChange() const {
  if (forget_at != core::kTimeMax) return forget_at;
  return news.expires_at() == 0 ? core::kTimeMax : news.expires_at();
}

bool PutOverride(HeldOverride& held, const OverrideNews& news, bool is_here, Time now) {
  if (held.news.place() >= news.place()) return false;
  held.news = news;
  const bool over = news.expires_at() != 0 && news.expires_at() <= now;
  held.forget_at = news.removed() || !is_here || over ? now + kTombstoneSpan : core::kTimeMax;
  return true;
}

bool Ranges::Put(const OverrideNews& news, Time now) {
  const Id id = core::IdentifierId(news.type(), news.value());
  HeldOverride& held = held_[id];
  const bool held_before = held.forget_at == core::kTimeMax && held.news.place() != 0;
  const OverrideNews before = held.news;
  if (before.place() >= news.place()) return false;
  if (held_before) Index(before, false);
  PutOverride(held, news, news.scope() != v1::SCOPE_UNSPECIFIED, now);
  if (held.forget_at == core::kTimeMax) Index(held.news, true);
  due_ = std::min(due_, held.NextChange());
  return held_before || held.forget_at == core::kTimeMax;
}

void Ranges::Restore(HeldOverride held) {
  const Id id = core::IdentifierId(held.news.type(), held.news.value());
  HeldOverride& kept = held_[id] = std::move(held);
  if (kept.forget_at == core::kTimeMax) Index(kept.news, true);
  due_ = std::min(due_, kept.NextChange());
}

void Ranges::Index(const OverrideNews& news, bool add) {
  const std::pair<int, std::string> key(news.type(), news.value());
  if (add) {
    holding_[key] = &held_.at(core::IdentifierId(news.type(), news.value())).news;
  } else {
    holding_.erase(key);
  }
  if (news.type() != v1::IDENTIFIER_TYPE_IP) return;
  const bool v6 = news.value().find(':') != std::string::npos;
  const int bits = BitsOfRange(news.value());
  auto length = prefix_lengths_.try_emplace({v6, bits}, 0).first;
  length->second += add ? 1 : -1;
  if (length->second == 0) prefix_lengths_.erase(length);
}

uint64_t Ranges::Advance(Time now, std::vector<Id>& changed) {
  uint64_t types = 0;
  if (now < due_) return types;
  due_ = core::kTimeMax;
  for (auto it = held_.begin(); it != held_.end();) {
    HeldOverride& held = it->second;
    if (held.NextChange() > now) {
      due_ = std::min(due_, held.NextChange());
      ++it;
      continue;
    }
    changed.push_back(it->first);
    if (held.forget_at != core::kTimeMax) {
      it = held_.erase(it);
      continue;
    }
    types |= TypesOf(held.news);
    Index(held.news, false);
    held.forget_at = now + kTombstoneSpan;
    due_ = std::min(due_, held.forget_at);
    ++it;
  }
  return types;
}

void Ranges::AddDomain(std::string_view host, Effects& effects) const {
  for (;;) {
    auto found =
        holding_.find(std::pair<int, std::string>(v1::IDENTIFIER_TYPE_DOMAIN, std::string(host)));
    if (found != holding_.end()) effects.Add(*found->second);
    const size_t dot = host.find('.');
    if (dot == std::string_view::npos) return;
    host.remove_prefix(dot + 1);
  }
}

Effects Ranges::Covering(v1::IdentifierType type, std::string_view value) const {
  Effects effects;
  if (holding_.empty()) return effects;
  if (type == v1::IDENTIFIER_TYPE_DOMAIN) {
    AddDomain(value, effects);
  } else if (type == v1::IDENTIFIER_TYPE_URL) {
    AddDomain(identifiers::HostOfUrl(value), effects);
  } else if (type == v1::IDENTIFIER_TYPE_PHONE) {
    for (size_t length = 2; length <= value.size(); ++length) {
      auto found =
          holding_.find(std::pair<int, std::string>(type, std::string(value.substr(0, length))));
      if (found != holding_.end()) effects.Add(*found->second);
    }
  } else if (type == v1::IDENTIFIER_TYPE_IP) {
    for (const auto& [length, count] : prefix_lengths_) {
      auto found = holding_.find(std::pair<int, std::string>(
          type, identifiers::RangeOf(value, length.first, length.second)));
      if (found != holding_.end()) effects.Add(*found->second);
    }
  }
  return effects;
}

bool Ranges::SparesBelow(std::string_view domain) const {
  for (const auto& [key, news] : holding_) {
    if (key.first != v1::IDENTIFIER_TYPE_DOMAIN) continue;
    Effects effects;
    effects.Add(*news);
    if (!effects.spared()) continue;
    const std::string& value = key.second;
    if (value.size() > domain.size() && value.ends_with(domain) &&
        value[value.size() - domain.size() - 1] == '.') {
      return true;
    }
  }
  return false;
}

uint64_t Ranges::TypesOf(const OverrideNews& news) {
  const uint64_t types = BitOf(news.type());
  if (news.type() != v1::IDENTIFIER_TYPE_DOMAIN) return types;
  // URLs on shared hosts are bases of their own; those on an address are not below a domain.
  return types | BitOf(v1::IDENTIFIER_TYPE_URL);
}

}  // namespace ringfence::cluster
