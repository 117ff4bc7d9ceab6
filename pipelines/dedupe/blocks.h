#pragma once

#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::dedupe {

// A block gathers the reports that share a value, so that only they are compared: a victim's token,
// a payment reference, an origin, an external reference, or (payee, amount, currency).
struct BlockKey {
  // The kind, the value and, where the value says something only near in time, the span.
  core::Id id;
  // More than `kBlockMax` reports of such a value are a flood, and one incident: it stands for a
  // person. Of any other value they say nothing.
  bool floods_join = false;

  auto operator<=>(const BlockKey&) const = default;
};

inline constexpr size_t kBlockMax = 64;
// Blocks of one report, the most telling kinds first; the rest are left out.
inline constexpr size_t kBlocksOfReportMax = 48;

// Reports this near to each other always share a span.
inline constexpr core::Time kVictimNear = 16 * core::kDay;
inline constexpr core::Time kPaymentNear = 4 * core::kDay;

// The blocks of a revision that is not retracted, sorted.
std::vector<BlockKey> BlocksOf(const internal::v1::ReportRevision& revision);

}  // namespace ringfence::dedupe
