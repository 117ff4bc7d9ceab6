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
inline constexpr uint32_t kReadModelFormat = 4;

// The first byte of a key.
enum class Table : char {
  // identifier id -> Row: indicators, and removals that are still remembered.
  kRows = 'i',
  // partition (4) offset (8) identifier id: the rows in the order of the log, each once. A record
  // of
  // a label changes several.
  kChanges = 'o',
  // partition (4) removed_at (8) identifier id: removals, to be forgotten.
  kRemovals = 'r',
  // label (20) first_seen (8) identifier id -> Member: the oldest member is the first.
  kMembers = 'm',
  // label (20) base id -> number of members (4); only of bases that several may stand on
  kBases = 'b',
  // node (20) -> HeldLabel: of those of which one was heard.
  kLabels = 'a',
  // partition (4) own_since (8) node (20): of those that are no longer part of a component, to be
  // forgotten.
  kLabelEnds = 'e',
  // node (20) identifier id: labelled rows, where several may stand on one base.
  kStanding = 's',
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

// A record as it is held, readable without parsing it.
struct Row {
  int32_t partition = 0;
  int64_t offset = 0;
  // Of that record.
  core::Time append_time = 0;
  // Tells apart, mostly, what one record of a label changed; 0 where it may have changed this
  // alone.
  uint32_t ordinal = 0;
  core::Place place = 0;
  // Of an indicator; of a removal only the epoch is set.
  bool removed = false;
  Listed listed;
  // Since the value was first listed: who may have heard of it.
  v1::Action peak_action = v1::ACTION_UNSPECIFIED;
  v1::Tlp least_tlp = v1::TLP_UNSPECIFIED;
  // An internal::v1::IndicatorRecord; a view into what the row was read from.
  std::string_view record;
};

// What was last said of a node's label.
struct HeldLabel {
  core::Place place = 0;
  // Nothing: the node is one by itself, since then.
  std::optional<Label> label;
  int32_t partition = 0;
  core::Time own_since = 0;
};

struct Member {
  core::Time last_seen = 0;
  uint32_t score = 0;
  v1::Tlp tlp = v1::TLP_UNSPECIFIED;
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
std::string MemberKey(const Label& label, core::Time first_seen, const core::Id& id);
std::string BaseKey(const Label& label, const core::Id& base);
std::string HeldLabelKey(const Label& node);
std::string LabelEndKey(int32_t partition, core::Time own_since, const Label& node);
std::string StandingKey(const Label& node, const core::Id& id);
std::string TotalsKey(const Label& label);
std::string ListKey(Order order, uint64_t rank, const Label& label);
std::string CellKeyBytes(const CellKey& key);
std::string ProgressKey(int32_t partition);
std::string CountKey();
// Of a key of `indicators` that IsReferralKey.
std::string ReferralKey(std::string_view record_key);
std::string ReferralPrefix(std::string_view hold_id);

// Beginnings of keys: of a table, of one partition's part, of a label's members, of one order.
std::string TablePrefix(Table table);
std::string ChangePrefix(int32_t partition);
// Of those from an offset on.
std::string ChangesFrom(int32_t partition, int64_t offset);
std::string RemovalPrefix(int32_t partition);
std::string LabelEndPrefix(int32_t partition);
std::string StandingPrefix(const Label& node);
std::string MemberPrefix(const Label& label);
std::string ListPrefix(Order order);
// The first key that does not begin with `prefix`, for State::Scan.
std::string PrefixEnd(std::string prefix);

// What stands in a key. Keys are ours: one of another shape aborts.
core::Id IdAtEnd(std::string_view key);
// Of a key of kRemovals or kLabelEnds.
core::Time EndOf(std::string_view key);
Label NodeOfEndKey(std::string_view label_end_key);
core::Time FirstSeenOf(std::string_view member_key);
int64_t OffsetOf(std::string_view change_key);
Label LabelOfTotalsKey(std::string_view totals_key);
Label LabelOfListKey(std::string_view list_key);
uint64_t RankOf(std::string_view list_key);
CellKey CellKeyOf(std::string_view key);

// Values. Decoding bytes that are none aborts: the state is ours, and its blocks carry checksums.
std::string Encode(const Row& row);
std::string Encode(const HeldLabel& held);
std::string Encode(const Member& member);
std::string Encode(const ListEntry& entry);
std::string Encode(const Cell& cell);
std::string Encode(const Progress& progress);
std::string EncodeCount(uint64_t count);
Row DecodeRow(std::string_view bytes);
HeldLabel DecodeHeldLabel(std::string_view bytes);
Member DecodeMember(std::string_view bytes);
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
