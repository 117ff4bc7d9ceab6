#include "services/publish/revocations.h"

#include <algorithm>

namespace ringfence::publish {

bool Revocation::Is(const campaigns::Listed& before,
                    const std::optional<campaigns::Listed>& after) {
  return !after || after->epoch != before.epoch || after->action < before.action ||
         after->score < before.score || after->tlp > before.tlp;
}

bool Revocation::Concerns(const Filter& filter) const {
  if (!filter.Wants(type, before)) return false;
  return !after || after->epoch != before.epoch || !filter.Wants(type, *after);
}

void Revocations::BeginAt(int32_t partition, int64_t offset) {
  const absl::MutexLock lock(&mutex_);
  gone_before_[static_cast<size_t>(partition)] = offset;
}

void Revocations::Push(const Revocation& revocation) {
  const absl::MutexLock lock(&mutex_);
  const auto partition = static_cast<size_t>(revocation.partition);
  std::deque<Revocation>& kept = partitions_[partition];
  kept.push_back(revocation);
  if (kept.size() <= each_max_) return;
  gone_before_[partition] = kept.front().offset + 1;
  kept.pop_front();
}

void Revocations::Visit(const Offsets& from, const Offsets& until,
                        const std::function<void(const Revocation&)>& visit) const {
  const absl::MutexLock lock(&mutex_);
  for (size_t p = 0; p < partitions_.size(); ++p) {
    const auto is_before = [](const Revocation& revocation, int64_t offset) {
      return revocation.offset < offset;
    };
    const std::deque<Revocation>& kept = partitions_[p];
    auto next = std::lower_bound(kept.begin(), kept.end(), from[p], is_before);
    for (; next != kept.end() && next->offset < until[p]; ++next) visit(*next);
  }
}

bool Revocations::Reach(const Offsets& from) const {
  const absl::MutexLock lock(&mutex_);
  return std::equal(from.begin(), from.end(), gone_before_.begin(), std::greater_equal<>());
}

}  // namespace ringfence::publish
