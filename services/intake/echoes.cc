#include "services/intake/echoes.h"

namespace ringfence::intake_service {
namespace {

constexpr std::chrono::seconds kAskEvery{1};

}  // namespace

bool IsConsumerOf(std::string_view consumer, std::string_view partner) {
  if (!consumer.starts_with(partner)) return false;
  const std::string_view rest = consumer.substr(partner.size());
  return rest.empty() || rest[0] == '/' || rest[0] == ':' || rest[0] == '.';
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
    if (IsConsumerOf(it->first, partner) && it->second < arrival) return true;
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
