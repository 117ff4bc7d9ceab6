#include "services/client/set.h"

#include <algorithm>
#include <utility>

namespace ringfence::client {

void Set::Put(const std::string& indicator_id, uint64_t revision, std::string bytes) {
  Remove(indicator_id);
  members_[indicator_id] = {revision, std::move(bytes)};
  sum_.Add(core::SetSum::DigestMember(indicator_id, revision));
}

void Set::Remove(const std::string& indicator_id) {
  const auto held = members_.find(indicator_id);
  if (held == members_.end()) return;
  sum_.Remove(core::SetSum::DigestMember(indicator_id, held->second.revision));
  members_.erase(held);
}

void Set::Clear() {
  members_.clear();
  sum_ = {};
}

bool Set::Equals(const v1::SetDigest& digest) const {
  return digest.count() == members_.size() && digest.sum() == sum_.Bytes();
}

std::optional<v1::Indicator> Set::Find(const std::string& indicator_id) const {
  const auto held = members_.find(indicator_id);
  v1::Indicator indicator;
  if (held == members_.end() || held->second.bytes.empty() ||
      !indicator.ParseFromString(held->second.bytes)) {
    return std::nullopt;
  }
  return indicator;
}

void Set::ForEach(const std::function<bool(const v1::Indicator&)>& visit) const {
  for (const auto& [id, member] : members_) {
    v1::Indicator indicator;
    if (member.bytes.empty() || !indicator.ParseFromString(member.bytes)) continue;
    if (!visit(indicator)) return;
  }
}

std::map<std::string, uint64_t> Set::Revisions() const {
  std::map<std::string, uint64_t> revisions;
  for (const auto& [id, member] : members_) revisions[id] = member.revision;
  return revisions;
}

v1::Action ActionNow(const v1::Indicator& indicator, int64_t now_seconds, bool lease_holds) {
  if (indicator.has_expires_at() && indicator.expires_at().seconds() <= now_seconds)
    return v1::ACTION_UNSPECIFIED;
  return lease_holds ? indicator.action() : std::min(indicator.action(), v1::ACTION_MONITOR);
}

}  // namespace ringfence::client
