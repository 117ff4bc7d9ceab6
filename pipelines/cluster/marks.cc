#include "pipelines/cluster/marks.h"

#include <algorithm>

namespace ringfence::cluster {

using core::Id;
using internal::v1::Evidence;
using internal::v1::Mark;
using internal::v1::MarkNews;
using internal::v1::Occurrence;

std::vector<MarkNews> MarksFor(const Base& base, const Evidence& evidence,
                               const Decisions& decisions, core::Time now) {
  std::vector<MarkNews> marks;
  for (const Occurrence& occurrence : evidence.occurrences()) {
    const Id id{occurrence.id_hi(), occurrence.id_lo()};
    const Mark mark = decisions.EffectsOf(base, occurrence.type(), id, occurrence.value(), now)
                          .MarkOf(id == base.id);
    if (SameMark(mark, occurrence.mark())) continue;
    const bool is_told = std::any_of(marks.begin(), marks.end(), [&](const MarkNews& told) {
      return told.id_hi() == id.hi && told.id_lo() == id.lo;
    });
    if (is_told) continue;
    MarkNews& news = marks.emplace_back();
    news.set_report_hi(evidence.report_hi());
    news.set_report_lo(evidence.report_lo());
    news.set_id_hi(id.hi);
    news.set_id_lo(id.lo);
    *news.mutable_mark() = mark;
  }
  return marks;
}

bool CollectMarks(Base& base, const Decisions& decisions, core::Time now, size_t max,
                  std::vector<MarkNews>& marks) {
  auto next = base.evidence.lower_bound(base.mark_from);
  Evidence evidence;
  for (size_t seen = 0; next != base.evidence.end() && seen < max; ++seen, ++next) {
    evidence.ParseFromString(next->second.encoded);
    for (MarkNews& news : MarksFor(base, evidence, decisions, now)) {
      marks.push_back(std::move(news));
    }
  }
  if (next == base.evidence.end()) return false;
  base.mark_from = next->first;
  return true;
}

}  // namespace ringfence::cluster
