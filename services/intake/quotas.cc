#include "services/intake/quotas.h"

namespace ringfence::intake_service {

std::optional<Quotas::Counted> Quotas::Count(const internal::v1::ReportRevision& revision,
                                             core::Time arrival) {
  if (options_.limits.reports == 0 && options_.limits.new_identifiers == 0) return std::nullopt;
  if (revision.retracted()) return std::nullopt;
  const int64_t number = arrival / core::kHour;
  absl::MutexLock lock(&mutex_);
  Hour& hour = partners_[revision.partner()][static_cast<size_t>(number & 1)];
  // Of an hour that is long over: as if it were of the one that is counted here.
  if (number > hour.number) {
    hour = Hour();
    hour.number = number;
  }
  Counted counted;
  counted.partner = revision.partner();
  counted.hour = hour.number;
  ++hour.reports;
  const bool many = options_.limits.reports > 0 && hour.reports > options_.limits.reports;
  counted.beyond = TakeIdentifiers(revision, hour, counted.identifiers) || many;
  return counted;
}

void Quotas::Undo(const Counted& counted) {
  absl::MutexLock lock(&mutex_);
  Hour& hour = partners_[counted.partner][static_cast<size_t>(counted.hour & 1)];
  if (hour.number != counted.hour) return;
  --hour.reports;
  for (const uint64_t identifier : counted.identifiers) hour.identifiers.erase(identifier);
}

bool Quotas::TakeIdentifiers(const internal::v1::ReportRevision& revision, Hour& hour,
                             std::vector<uint64_t>& taken) {
  const uint64_t max = options_.limits.new_identifiers;
  if (max == 0) return false;
  bool beyond = false;
  for (const internal::v1::NamedIdentifier& named : revision.identifiers()) {
    const core::Id id = core::IdentifierId(named.type(), named.value());
    if (hour.identifiers.contains(id.lo)) continue;
    if (options_.is_known && options_.is_known(id)) continue;
    if (hour.identifiers.size() < max) {
      hour.identifiers.insert(id.lo);
      taken.push_back(id.lo);
    } else {
      beyond = true;
    }
  }
  return beyond;
}

}  // namespace ringfence::intake_service
