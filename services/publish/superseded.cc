#include "services/publish/superseded.h"

#include <algorithm>

#include "pipelines/campaigns/records.h"

namespace ringfence::publish {

Superseded::Superseded(std::span<const runtime::LogRecord> records) {
  by_key_.reserve(records.size());
  for (const runtime::LogRecord& record : records) {
    const core::Place place = campaigns::PlaceOf(record.value);
    // A mark, or one that Apply will refuse.
    if (place == 0) continue;
    auto [entry, inserted] =
        by_key_.try_emplace(record.key, Counts{&record, place, record.append_time});
    Counts& counts = entry->second;
    if (inserted) continue;
    counts.first_append = std::min(counts.first_append, record.append_time);
    if (place < counts.place) continue;
    counts.record = &record;
    counts.place = place;
  }
}

bool Superseded::Contains(const runtime::LogRecord& record) const {
  auto found = by_key_.find(record.key);
  return found != by_key_.end() && found->second.record != &record &&
         campaigns::PlaceOf(record.value) != 0;
}

core::Time Superseded::FirstAppend(const runtime::LogRecord& record) const {
  auto found = by_key_.find(record.key);
  return found == by_key_.end() ? record.append_time : found->second.first_append;
}

}  // namespace ringfence::publish
