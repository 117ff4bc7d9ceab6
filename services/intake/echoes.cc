#include "services/intake/echoes.h"

#include <algorithm>

namespace ringfence::intake_service {
namespace {

constexpr std::chrono::seconds kAskEvery{5};

}  // namespace

bool IsConsumerOf(std::string_view consumer, std::string_view partner) {
  if (!consumer.starts_with(partner)) return false;
  const std::string_view rest = consumer.substr(partner.size());
  return rest.empty() || rest[0] == '/' || rest[0] == ':' || rest[0] == '.';
}

void Echoes::set_consumers(Consumers consumers) {
  absl::MutexLock lock(&mutex_);
  consumers_ = std::move(consumers);
  asked_at_ = {};
}

bool Echoes::Receives(std::string_view partner) {
  absl::MutexLock lock(&mutex_);
  if (!consumers_) return false;
  const auto now = std::chrono::steady_clock::now();
  if (asked_at_ == std::chrono::steady_clock::time_point() || now - asked_at_ >= kAskEvery) {
    names_ = consumers_();
    asked_at_ = now;
  }
  return std::any_of(names_.begin(), names_.end(),
                     [&](const std::string& name) { return IsConsumerOf(name, partner); });
}

void Echoes::Mark(core::Time arrival, internal::v1::ReportRevision& revision) {
  const bool has_victim = revision.victim_tokens_size() > 0 || revision.payments_size() > 0;
  if (has_victim || revision.retracted() || !Receives(revision.partner())) return;
  for (internal::v1::NamedIdentifier& named : *revision.mutable_identifiers()) {
    const core::Id id = core::IdentifierId(named.type(), named.value());
    if (listed_before_(id, arrival)) named.set_echo(true);
  }
}

}  // namespace ringfence::intake_service
