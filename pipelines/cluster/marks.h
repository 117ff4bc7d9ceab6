#pragma once

#include <vector>

#include "pipelines/cluster/base.h"
#include "pipelines/cluster/decisions.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// What dedupe has to be told of operators' decisions: it makes the evidence, so that both ends of
// every tie know alike what an identifier may still do.

// Where `evidence` does not say what holds at `now` of the base's identifiers that it names: a
// message for each, without place.
std::vector<internal::v1::MarkNews> MarksFor(const Base& base,
                                             const internal::v1::Evidence& evidence,
                                             const Decisions& decisions, core::Time now);

// The same of all evidence of the base from `base.mark_from` on, of at most `max` reports.
// `mark_from` is the next then; true where there are more.
bool CollectMarks(Base& base, const Decisions& decisions, core::Time now, size_t max,
                  std::vector<internal::v1::MarkNews>& marks);

}  // namespace ringfence::cluster
