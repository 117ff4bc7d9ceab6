#include "services/intake/quotas.h"

namespace ringfence::intake_service {

bool Quotas::IsBeyond(const internal::v1::ReportRevision& revision, core::Time arrival) {
  if (options_.limits.reports == 0 && options_.limits.new_identifiers == 0) return false;
  if (revision.retracted()) return false;
  const int64_t number = arrival / core::kHour;
  absl::MutexLock lock(&mutex_);
  Hour& hour = partners_[revision.partner()][static_cast<size_t>(number & 1)];
  // Of an hour that is long over: as if it were of the one that is counted here.
  if (number > hour.number) {
    hour = Hour();
    hour.number = number;
  }
  ++hour.reports;
  const bool many = options_.limits.reports > 0 && hour.reports > options_.limits.reports;
  return HasTooManyIdentifiers(revision, hour) || many;
}

bool Quotas::HasTooManyIdentifiers(const internal::v1::ReportRevision& revision, Hour& hour) {
  const uint64_t max = options_.limits.new_identifiers;
  if (max == 0) return false;
  bool beyond = false;
  for (const internal::v1::NamedIdentifier& named : revision.identifiers()) {
    const core::Id id = core::IdentifierId(named.type(), named.value());
    if (hour.identifiers.contains(id.lo)) continue;
    if (options_.is_known && options_.is_known(id)) continue;
    if (hour.identifiers.size() < max) {
      hour.identifiers.insert(id.lo);
    } else {
      beyond = true;
    }
  }
  return beyond;
}

}  // namespace ringfence::intake_service
