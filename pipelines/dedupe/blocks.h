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

// Others that one report is compared with at most, however many its blocks hold.
inline constexpr size_t kPeersMax = 256;

// The reports of a block stand in a circle, in the order of their ids. Two are compared that are no
// further apart than either reaches; the more blocks a report is in, the less far, so that it is
// compared with no more than `peers_max`. One of few blocks reaches all others in each.
uint32_t ReachOf(size_t blocks, size_t peers_max = kPeersMax);

struct BlockMember {
  core::Id id;
  uint32_t reach = 0;
  bool operator==(const BlockMember&) const = default;
};
// Whom the one at `index` is compared with. `members` are sorted by their ids, as is the result.
std::vector<core::Id> OthersOf(const std::vector<BlockMember>& members, size_t index);

// The blocks of a revision that is not retracted, sorted.
std::vector<BlockKey> BlocksOf(const internal::v1::ReportRevision& revision);

}  // namespace ringfence::dedupe
