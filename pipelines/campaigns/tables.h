#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pipelines/campaigns/label.h"
#include "pipelines/core/id.h"
#include "pipelines/core/place.h"
#include "pipelines/core/time.h"
#include "ringfence/v1/indicator.pb.h"
#include "ringfence/v1/report.pb.h"

// How the read model lies in its state. Numbers are big-endian, times and days with the sign bit
// turned over, so that bytes sort as values do.
namespace ringfence::campaigns {

// Counted up when it lies otherwise: a reader makes its state anew then.
inline constexpr uint32_t kReadModelFormat = 5;

// The first byte of a key.
enum class Table : char {
  // identifier id -> Row: indicators, and removals that are still remembered.
  kRows = 'i',
  // partition (4) offset (8), and then either an identifier id: the row that the record left, with
  // the node (20) that it stands on as the value where it may stand there with others; or a node
  // (20): what stands on it since before the record, which gave the node its label. Of a row that
  // may stand with others that of its own record stays here beside that of the label.
  kChanges = 'o',
  // partition (4) removed_at (8) identifier id: removals, to be forgotten.
  kRemovals = 'r',
  // label (20) first_seen (8) identifier id -> Member: of each node that has the label the oldest
  // that stands on it. The oldest of all is the first.
  kMembers = 'm',
  // label (20) last_seen (8, turned over) identifier id: when each of the nodes in kMembers was
  // seen last, by the same id. The latest is the first.
  kSightings = 'v',
  // label (20) base id -> number of nodes (8); only of bases that several may stand on
  kBases = 'b',
  // node (20) -> HeldLabel: of those of which one was heard.
  kLabels = 'a',
  // partition (4) own_since (8) node (20): of those that are no longer part of a component, to be
  // forgotten.
  kLabelEnds = 'e',
  // node (20) first_seen (8) identifier id -> Member: labelled rows, where several may stand on one
  // base.
  kStanding = 's',
  // node (20) last_seen (8, turned over) identifier id: the same rows.
  kStandingSightings = 'w',
  // node (20) -> NodeSums: of the same rows.
  kSums = 'u',
  // label (20) -> StoredCampaign
  kTotals = 't',
  // order (1) rank (8, turned over: the greatest first) label (20) -> ListEntry; campaigns only
  kList = 'l',
  // type (1) action (1) tlp (1) score (2) -> Cell: digests of which those of all filters are made
  kCells = 'd',
  // partition (4) -> Progress
  kProgress = 'p',
  // hold id (16) report id (16), or partition of dedupe (4) -> ReferralEntry
  kReferrals = 'f',
  // -> number of campaigns (8)
  kCount = 'n',
};

enum class Order : uint8_t { kIncidents = 1, kLastSeen = 2, kOrganisations = 3 };
inline constexpr Order kOrders[] = {Order::kIncidents, Order::kLastSeen, Order::kOrganisations};

// What decides who sees an indicator.
struct Listed {
  uint32_t epoch = 0;
  v1::Action action = v1::ACTION_UNSPECIFIED;
  v1::Tlp tlp = v1::TLP_UNSPECIFIED;
  uint32_t score = 0;
  bool operator==(const Listed&) const = default;
};

// A record as it is held, readable without parsing it. Which label the identifier has stands with
// its node.
struct Row {
  int32_t partition = 0;
  int64_t offset = 0;
  // Of that record.
  core::Time append_time = 0;
  core::Place place = 0;
  // Of an indicator; of a removal only the epoch is set.
  bool removed = false;
  Listed listed;
  // Since the value was first listed: who may have heard of it.
  v1::Action peak_action = v1::ACTION_UNSPECIFIED;
  v1::Tlp least_tlp = v1::TLP_UNSPECIFIED;
  // An internal::v1::IndicatorRecord; a view into what the row was read from.
  std::string_view record;

  // Not held: where it stands in the log is where its label's record does, which may have moved
  // others with it.
  bool moved_among_others = false;
};

// What was last said of a node's label.
struct HeldLabel {
  // 0: it may be forgotten, but for where it stands.
  core::Place place = 0;
  // Nothing: the node is one by itself, since then.
  std::optional<Label> label;
  core::Time own_since = 0;
  // Of the record.
  int32_t partition = 0;
  int64_t offset = 0;
  core::Time append_time = 0;
};

// Does a row that stands on the node stand where the label does? What is said of a node and of what
// stands on it is in one partition.
inline bool IsMovedBy(const HeldLabel& label, const Row& row) {
  return label.partition == row.partition && label.offset > row.offset;
}

// In kMembers where a node is of one row alone, and in kStanding: what is asked of that row without
// reading it. Elsewhere the node alone.
struct Member {
  uint32_t score = 0;
  v1::Tlp tlp = v1::TLP_UNSPECIFIED;
  std::optional<Label> node;
};

// What all that stands on a node adds up to, and the oldest of it.
struct NodeSums {
  core::Time first_seen = 0;
  core::Id oldest;
  // An internal::v1::StoredCampaign, without bases; a view likewise.
  std::string_view sums;
};

struct ListEntry {
  core::Time last_seen = 0;
  v1::Tlp tlp = v1::TLP_UNSPECIFIED;
  bool operator==(const ListEntry&) const = default;
};

struct CellKey {
  v1::IdentifierType type = v1::IDENTIFIER_TYPE_UNSPECIFIED;
  v1::Action action = v1::ACTION_UNSPECIFIED;
  v1::Tlp tlp = v1::TLP_UNSPECIFIED;
  uint32_t score = 0;
  auto operator<=>(const CellKey&) const = default;
};

// The indicators of one cell: how many, and their part of a set digest.
struct Cell {
  uint64_t count = 0;
  core::SetSum sum;
};

// How far one partition of `indicators` has been read.
struct Progress {
  int64_t next_offset = 0;
  // What was to expire before then has; kTimeMin before the first mark.
  core::Time mark = core::kTimeMin;
  // Removals below this offset may have been forgotten.
  int64_t remembered_from = 0;
  // Of the last record; none that comes will have an earlier one.
  core::Time append_time = core::kTimeMin;
};

std::string RowKey(const core::Id& id);
std::string ChangeKey(int32_t partition, int64_t offset, const core::Id& id);
std::string RemovalKey(int32_t partition, core::Time removed_at, const core::Id& id);
// Of what is said of a node's label.
std::string LabelChangeKey(const HeldLabel& held, const Label& node);
// Of kMembers by label, of kStanding by node.
std::string AgeKey(Table table, const Label& of, core::Time first_seen, const core::Id& id);
// Of kSightings by label, of kStandingSightings by node.
std::string SightingKey(Table table, const Label& of, core::Time last_seen, const core::Id& id);
std::string BaseKey(const Label& label, const core::Id& base);
std::string HeldLabelKey(const Label& node);
std::string LabelEndKey(int32_t partition, core::Time own_since, const Label& node);
std::string SumsKey(const Label& node);
std::string TotalsKey(const Label& label);
std::string ListKey(Order order, uint64_t rank, const Label& label);
std::string CellKeyBytes(const CellKey& key);
std::string ProgressKey(int32_t partition);
std::string CountKey();
// Of a key of `indicators` that IsReferralKey.
std::string ReferralKey(std::string_view record_key);
std::string ReferralPrefix(std::string_view hold_id);

// Beginnings of keys: of a table, of one partition's part, of what is by label or by node, of one
// order.
std::string TablePrefix(Table table);
std::string ChangePrefix(int32_t partition);
// Of those from an offset on.
std::string ChangesFrom(int32_t partition, int64_t offset);
std::string RemovalPrefix(int32_t partition);
std::string LabelEndPrefix(int32_t partition);
std::string GroupPrefix(Table table, const Label& of);
std::string ListPrefix(Order order);
// The first key that does not begin with `prefix`, for State::Scan.
std::string PrefixEnd(std::string prefix);

// What stands in a key. Keys are ours: one of another shape aborts.
core::Id IdAtEnd(std::string_view key);
// Of a key of kRemovals or kLabelEnds.
core::Time EndOf(std::string_view key);
Label NodeOfEndKey(std::string_view label_end_key);
core::Time FirstSeenOf(std::string_view age_key);
core::Time LastSeenOf(std::string_view sighting_key);
int64_t OffsetOf(std::string_view change_key);
// Nothing where the change is a row's.
std::optional<Label> NodeOfChangeKey(std::string_view change_key);
Label LabelOfTotalsKey(std::string_view totals_key);
Label LabelOfListKey(std::string_view list_key);
uint64_t RankOf(std::string_view list_key);
CellKey CellKeyOf(std::string_view key);

// Values. Decoding bytes that are none aborts: the state is ours, and its blocks carry checksums.
std::string Encode(const Row& row);
std::string Encode(const HeldLabel& held);
std::string Encode(const Member& member);
std::string Encode(const NodeSums& sums);
std::string Encode(const Label& node);
std::string Encode(const ListEntry& entry);
std::string Encode(const Cell& cell);
std::string Encode(const Progress& progress);
std::string EncodeCount(uint64_t count);
Row DecodeRow(std::string_view bytes);
HeldLabel DecodeHeldLabel(std::string_view bytes);
Member DecodeMember(std::string_view bytes);
NodeSums DecodeNodeSums(std::string_view bytes);
Label DecodeNode(std::string_view bytes);
ListEntry DecodeListEntry(std::string_view bytes);
Cell DecodeCell(std::string_view bytes);
Progress DecodeProgress(std::string_view bytes);
uint64_t DecodeCount(std::string_view bytes);

// A time as bytes that sort as it does.
constexpr uint64_t Sortable(core::Time time) {
  return static_cast<uint64_t>(time) ^ (uint64_t{1} << 63);
}
constexpr core::Time FromSortable(uint64_t bits) {
  return static_cast<core::Time>(bits ^ (uint64_t{1} << 63));
}

}  // namespace ringfence::campaigns
