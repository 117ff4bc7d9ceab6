#include "services/intake/echoes.h"

#include <algorithm>

namespace ringfence::intake_service {
namespace {

constexpr std::chrono::seconds kAskEvery{1};

}  // namespace

bool IsReceiver(std::string_view receiver, std::string_view partner) {
  if (!receiver.starts_with(partner)) return false;
  const std::string_view rest = receiver.substr(partner.size());
  return rest.empty() || rest[0] == '/' || rest[0] == ':' || rest[0] == '.';
}

std::map<std::string, core::Time> WithMembers(std::map<std::string, core::Time> receivers,
                                              const internal::v1::Organisations& organisations) {
  std::map<std::string, core::Time> members;
  for (const internal::v1::Organisations::Member& member : organisations.members()) {
    const auto organisation = receivers.find(member.organisation());
    if (organisation == receivers.end()) continue;
    auto [since, added] = members.emplace(member.partner(), organisation->second);
    if (const auto itself = receivers.find(member.partner()); itself != receivers.end())
      since->second = std::min(since->second, itself->second);
  }
  // The members' names first: insert leaves what is there.
  members.insert(receivers.begin(), receivers.end());
  return members;
}

bool Echoes::Receives(std::string_view partner, core::Time arrival) {
  absl::MutexLock lock(&mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (asked_at_ == std::chrono::steady_clock::time_point() || now - asked_at_ >= kAskEvery) {
    known_ = receivers_();
    asked_at_ = now;
  }
  // All that can be its partner's begin with its name.
  for (auto it = known_.lower_bound(std::string(partner)); it != known_.end(); ++it) {
    if (!it->first.starts_with(partner)) return false;
    if (IsReceiver(it->first, partner) && it->second < arrival) return true;
  }
  return false;
}

size_t Echoes::Mark(core::Time arrival, internal::v1::ReportRevision& revision) {
  const bool has_victim = revision.victim_tokens_size() > 0 || revision.payments_size() > 0;
  if (has_victim || revision.retracted() || !Receives(revision.partner(), arrival)) return 0;
  size_t marked = 0;
  for (internal::v1::NamedIdentifier& named : *revision.mutable_identifiers()) {
    const core::Id id = core::IdentifierId(named.type(), named.value());
    if (!listed_before_(id, arrival)) continue;
    named.set_echo(true);
    ++marked;
  }
  return marked;
}

}  // namespace ringfence::intake_service
