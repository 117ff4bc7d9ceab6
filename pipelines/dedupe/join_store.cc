#include "pipelines/dedupe/join_store.h"

#include <algorithm>
#include <utility>

#include "pipelines/dedupe/facts.h"
#include "pipelines/dedupe/verdicts.h"

namespace ringfence::dedupe {
namespace {

using components::NodeKey;
using core::Id;
using core::Place;
using core::Time;
using internal::v1::StoredBlock;
using internal::v1::StoredJoins;

constexpr char kReportTable = 'r';
constexpr char kHeldIndex = 'i';
constexpr char kJoinsTable = 'j';
constexpr char kBlockTable = 'b';
constexpr char kItemTable = 'e';
constexpr char kNeighbourTable = 'n';
constexpr char kTombstoneTable = 'x';
constexpr char kTombstoneTimers = 'u';
constexpr char kTombstoneOrder = 'w';

// Reports that are looked up in the state at once.
constexpr size_t kScannedMax = 256;
// For so many whole days at least: a state of seven days ago may be taken up again and send again
// what it sent then, which comes up to a day later. By then copies of what a removal replaced are
// gone.
constexpr core::Day kTombstoneDays = 8;
// Neighbours of flooded blocks that stay in memory between batches.
constexpr size_t kNeighboursKeptMax = 400'000;

std::string Key(char table, const Id& id) {
  std::string key(1, table);
  id.AppendTo(key);
  return key;
}

std::string Key(char table, const Id& id, const Id& other) {
  std::string key = Key(table, id);
  other.AppendTo(key);
  return key;
}

std::string NeighbourKey(const Id& block, const NodeKey& neighbour) {
  std::string key = Key(kNeighbourTable, block, neighbour.id);
  for (int shift = 24; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(static_cast<uint32_t>(neighbour.day) >> shift & 0xff));
  }
  return key;
}

// The first key behind all that begin with `prefix`, which does not end in 0xff.
std::string After(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

void AppendNumber(uint64_t number, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(number >> shift & 0xff));
  }
}

uint64_t ReadNumber(std::string_view bytes) {
  uint64_t number = 0;
  for (char byte : bytes.substr(0, 8)) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

// A tombstone, in the order in which its block's are forgotten. Of one that was put anew or erased
// there may be earlier ones.
std::string OrderKey(const Id& block, Time due, const Id& report) {
  std::string key = Key(kTombstoneOrder, block);
  AppendNumber(static_cast<uint64_t>(due), key);
  report.AppendTo(key);
  return key;
}

void StoreItem(const Id& report, const BlockItem& item, StoredBlock::Entry& entry) {
  entry.set_hi(report.hi);
  entry.set_lo(report.lo);
  entry.set_place(item.place);
  entry.set_rank(item.rank);
  entry.set_told(item.told);
  entry.set_reach(item.reach);
}

BlockItem LoadItem(const StoredBlock::Entry& entry) {
  return {entry.place(), entry.rank(), entry.told(), entry.reach()};
}

void StoreJoins(const Joins& joins, StoredJoins& stored) {
  for (const auto& [id, membership] : joins.blocks) {
    StoredJoins::Block& block = *stored.add_blocks();
    block.set_hi(id.hi);
    block.set_lo(id.lo);
    block.set_place(membership.place);
    block.set_flooded(membership.flooded);
    for (const Id& other : membership.others) {
      block.add_others(other.hi);
      block.add_others(other.lo);
    }
  }
  for (const auto& [id, held] : joins.peers) {
    StoredJoins::Peer& peer = *stored.add_peers();
    peer.set_hi(id.hi);
    peer.set_lo(id.lo);
    peer.set_place(held.place);
    peer.set_facts(held.facts);
    peer.set_matched(held.edge.has_value());
    if (held.edge) peer.set_rank(held.edge->day);
  }
  if (joins.node) {
    StoreNode(*joins.node, /*with_neighbours=*/true, *stored.mutable_node());
    stored.set_own_bearers(joins.node->own);
  }
  stored.set_shown(joins.shown.has_value());
  if (!joins.shown) return;
  stored.set_shown_hi(joins.shown->hi);
  stored.set_shown_lo(joins.shown->lo);
  stored.set_shown_bearers(joins.shown_bearers);
}

void LoadJoins(const Id& report, const StoredJoins& stored, Joins& joins) {
  for (const StoredJoins::Block& block : stored.blocks()) {
    Joins::Membership& membership = joins.blocks[{block.hi(), block.lo()}];
    membership.place = block.place();
    membership.flooded = block.flooded();
    for (int i = 0; i + 1 < block.others_size(); i += 2) {
      membership.others.push_back({block.others(i), block.others(i + 1)});
    }
  }
  for (const StoredJoins::Peer& peer : stored.peers()) {
    Joins::Peer& held = joins.peers[{peer.hi(), peer.lo()}];
    held.place = peer.place();
    held.facts = peer.facts();
    if (peer.matched()) held.edge = NodeKey{{peer.hi(), peer.lo()}, peer.rank()};
  }
  if (stored.has_node()) {
    joins.node = std::make_unique<JoinNode>(NodeKey{report, stored.node().day()});
    LoadNode(stored.node(), *joins.node);
    joins.node->own = stored.own_bearers();
  }
  if (!stored.shown()) return;
  joins.shown = Id{stored.shown_hi(), stored.shown_lo()};
  joins.shown_bearers = stored.shown_bearers();
}

}  // namespace

JoinStore::JoinStore(core::State& state) : state_(state), tombstones_(state, kTombstoneTimers) {}

void JoinStore::Damaged(const char* what) {
  status_.Update(absl::DataLossError(std::string("dedupe: a stored ") + what + " does not parse"));
}

internal::v1::ReportRevision JoinStore::RevisionOf(const Report& report) {
  internal::v1::ReportRevision revision;
  if (!revision.ParseFromString(report.stored.content())) Damaged("revision");
  return revision;
}

Report& JoinStore::LoadReport(const Id& id) {
  std::unique_ptr<Report>& report = reports_[id];
  if (report == nullptr) {
    report = std::make_unique<Report>();
    report->id = id;
    Read(*report);
    Measure(*report);
  }
  return *report;
}

Block& JoinStore::LoadBlock(const Id& id) {
  std::unique_ptr<Block>& block = blocks_[id];
  if (block == nullptr) {
    block = std::make_unique<Block>();
    block->id = id;
    Read(*block);
    entries_ += block->entries.size();
  }
  return *block;
}

std::vector<Id> JoinStore::NextReports(const std::optional<Id>& after, size_t max) {
  std::vector<Id> found;
  Id from = after.value_or(Id());
  if (after && ++from.lo == 0) ++from.hi;
  for (std::optional<Id> next = from; next && found.size() < max;) {
    const Id begin = *next;
    for (const Id& id : ReportsFrom(begin, next)) {
      if (found.size() < max && LoadReport(id).known) found.push_back(id);
    }
  }
  return found;
}

// `next`: what to go on from; unset where those are all.
std::vector<Id> JoinStore::ReportsFrom(const Id& from, std::optional<Id>& next) {
  std::vector<Id> ids;
  next.reset();
  const auto visit = [&](std::string_view key, std::string_view) {
    const Id id = Id::FromBytes(key.substr(1));
    if (ids.size() < kScannedMax) {
      ids.push_back(id);
      return true;
    }
    next = id;
    return false;
  };
  state_.Scan(Key(kReportTable, from), After(std::string(1, kReportTable)), visit);
  for (const auto& [id, report] : reports_) {
    if (from <= id && (!next || id < *next)) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

void JoinStore::Forget(Report& report) {
  const bool has_joins = report.stored.has_joins();
  report.stored.Clear();
  report.stored.set_has_joins(has_joins);
  report.known = false;
  report.joins = Joins();
  report.facts.reset();
  report.dirty = true;
}

void JoinStore::Read(Report& report) {
  auto bytes = state_.Get(Key(kReportTable, report.id));
  if (!bytes) return;
  if (!report.stored.ParseFromString(*bytes)) return Damaged("report");
  report.known = true;
  report.indexed = IsHeld(report.stored);
  if (!report.stored.has_joins()) return;
  auto joins_bytes = state_.Get(Key(kJoinsTable, report.id));
  StoredJoins joins;
  if (!joins_bytes || !joins.ParseFromString(*joins_bytes)) return Damaged("report's joins");
  LoadJoins(report.id, joins, report.joins);
}

void JoinStore::Read(Block& block) {
  auto bytes = state_.Get(Key(kBlockTable, block.id));
  if (!bytes) return;
  StoredBlock stored;
  if (!stored.ParseFromString(*bytes)) return Damaged("block");
  block.stored = true;
  block.floods_join = stored.floods_join();
  block.flooded = stored.flooded();
  block.has_tombstones = stored.has_tombstones();
  for (const StoredBlock::Entry& entry : stored.entries()) {
    block.entries[{entry.hi(), entry.lo()}] = LoadItem(entry);
  }
  block.count = block.flooded ? stored.count() : static_cast<uint32_t>(block.entries.size());
  if (!stored.has_node()) return;
  block.node = std::make_unique<JoinNode>(NodeKey{block.id, kRankBlock});
  LoadNode(stored.node(), *block.node);
  const std::string prefix = Key(kNeighbourTable, block.id);
  state_.Scan(prefix, After(prefix), [&](std::string_view, std::string_view value) {
    internal::v1::StoredNeighbour neighbour;
    if (neighbour.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      LoadNeighbour(neighbour, *block.node);
    } else {
      Damaged("neighbour");
    }
    return true;
  });
}

std::optional<BlockItem> JoinStore::FindItem(Block& block, const Id& report) {
  if (!block.flooded) {
    auto item = block.entries.find(report);
    return item == block.entries.end() ? std::nullopt : std::optional(item->second);
  }
  auto bytes = state_.Get(Key(kItemTable, block.id, report));
  if (!bytes) return std::nullopt;
  StoredBlock::Entry entry;
  if (!entry.ParseFromString(*bytes)) Damaged("block's entry");
  return LoadItem(entry);
}

void JoinStore::PutItem(Block& block, const Id& report, const BlockItem& item) {
  block.dirty = true;
  if (!block.flooded) {
    const bool is_new = block.entries.insert_or_assign(report, item).second;
    entries_ += is_new ? 1 : 0;
    return;
  }
  StoredBlock::Entry entry;
  StoreItem(report, item, entry);
  state_.Put(Key(kItemTable, block.id, report), entry.SerializeAsString());
}

void JoinStore::EraseItem(Block& block, const Id& report) {
  block.dirty = true;
  if (block.flooded) {
    state_.Delete(Key(kItemTable, block.id, report));
  } else {
    block.entries.erase(report);
  }
}

void JoinStore::Spill(Block& block) {
  block.flooded = true;
  for (const auto& [report, item] : std::exchange(block.entries, {})) PutItem(block, report, item);
}

void JoinStore::Unspill(Block& block) {
  const std::string prefix = Key(kItemTable, block.id);
  block.flooded = false;
  block.dirty = true;
  state_.Scan(prefix, After(prefix), [&](std::string_view, std::string_view value) {
    StoredBlock::Entry entry;
    if (!entry.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      Damaged("block's entry");
    }
    block.entries[{entry.hi(), entry.lo()}] = LoadItem(entry);
    return true;
  });
  for (const auto& [report, item] : block.entries) {
    state_.Delete(Key(kItemTable, block.id, report));
  }
}

void JoinStore::EraseNeighbour(const Block& block, const NodeKey& key) {
  state_.Delete(NeighbourKey(block.id, key));
}

std::optional<Place> JoinStore::TombstoneOf(const Block& block, const Id& report) {
  if (!block.has_tombstones) return std::nullopt;
  auto bytes = state_.Get(Key(kTombstoneTable, block.id, report));
  if (!bytes || bytes->size() < 16) return std::nullopt;
  return ReadNumber(std::string_view(*bytes).substr(8));
}

void JoinStore::PutTombstone(Block& block, const Id& report, Place place, Time now) {
  const Time due = core::StartOfDay(core::FloorDay(now) + kTombstoneDays + 1);
  std::string value;
  AppendNumber(static_cast<uint64_t>(due), value);
  AppendNumber(place, value);
  state_.Put(Key(kTombstoneTable, block.id, report), value);
  state_.Put(OrderKey(block.id, due, report), "");
  tombstones_.Set(due, block.id);
  block.has_tombstones = true;
  block.dirty = true;
}

void JoinStore::EraseTombstone(const Block& block, const Id& report) {
  if (block.has_tombstones) state_.Delete(Key(kTombstoneTable, block.id, report));
}

bool JoinStore::SweepTombstones(Time now, size_t max) {
  size_t left = max;
  const std::vector<core::Timers::Entry> due = tombstones_.Due(now, max);
  for (const core::Timers::Entry& timer : due) {
    if (left == 0) return true;
    // Those that are not due yet stand behind, and are not gone through.
    const std::string prefix = Key(kTombstoneOrder, timer.id);
    std::vector<std::string> over;
    bool more = false;
    bool others = false;
    state_.Scan(prefix, After(prefix), [&](std::string_view key, std::string_view) {
      others = static_cast<Time>(ReadNumber(key.substr(prefix.size()))) > now;
      more = !others && over.size() == left;
      if (!others && !more) over.emplace_back(key);
      return !others && !more;
    });
    for (const std::string& key : over) ForgetTombstone(timer.id, key);
    if (more) return true;
    left -= std::min(left, std::max<size_t>(over.size(), 1));
    tombstones_.Clear(timer.due, timer.id);
    if (others) continue;
    Block& block = LoadBlock(timer.id);
    block.has_tombstones = false;
    block.dirty = true;
  }
  return due.size() == max;
}

void JoinStore::ForgetTombstone(const Id& block, const std::string& order_key) {
  state_.Delete(order_key);
  const std::string_view rest =
      std::string_view(order_key).substr(Key(kTombstoneOrder, block).size());
  const std::string key = Key(kTombstoneTable, block, Id::FromBytes(rest.substr(8)));
  const auto bytes = state_.Get(key);
  // It may have been put anew since.
  if (bytes && ReadNumber(*bytes) == ReadNumber(rest)) state_.Delete(key);
}

void JoinStore::Measure(Report& report) {
  // Measured with the allocator's profiler where nothing is shared; of the rest what is allocated.
  size_t bytes = 2'000;
  for (const auto& [id, membership] : report.joins.blocks) {
    bytes += 80 + membership.others.capacity() * sizeof(Id);
  }
  for (const auto& [id, peer] : report.joins.peers) bytes += 120 + peer.facts.capacity();
  if (const JoinNode* join = report.joins.node.get()) {
    bytes += join->node.neighbours.allocated_bytes();
    for (const auto& [key, bearers] : join->heard) bytes += 80 + bearers.capacity();
  }
  reports_bytes_ += bytes - std::exchange(report.bytes, bytes);
}

size_t JoinStore::UnstoredBytes() const {
  return reports_bytes_ + blocks_.size() * 400 + entries_ * sizeof(Block::Entries::value_type);
}

void JoinStore::WriteBack() {
  for (auto& [id, report] : reports_) {
    if (report->dirty) Write(*report);
  }
  reports_.clear();
  reports_bytes_ = 0;
  entries_ = 0;
  size_t kept = 0;
  absl::erase_if(blocks_, [&](auto& entry) {
    Block& block = *entry.second;
    if (block.dirty) Write(block);
    if (!block.node) return true;
    kept += block.node->node.neighbours.size();
    return kept > kNeighboursKeptMax;
  });
}

void JoinStore::Write(Report& report) {
  report.dirty = false;
  if (const bool held = report.known && IsHeld(report.stored); held != report.indexed) {
    const std::string key = Key(kHeldIndex, report.id);
    held ? state_.Put(key, "") : state_.Delete(key);
    report.indexed = held;
  }
  const std::string joins_key = Key(kJoinsTable, report.id);
  const bool had_joins = report.stored.has_joins();
  if (!report.known) {
    state_.Delete(Key(kReportTable, report.id));
    if (had_joins) state_.Delete(joins_key);
    return;
  }
  report.stored.set_has_joins(!report.joins.empty());
  report.stored.SerializeToString(&buffer_);
  state_.Put(Key(kReportTable, report.id), buffer_);
  if (!report.joins.empty()) {
    StoredJoins joins;
    StoreJoins(report.joins, joins);
    joins.SerializeToString(&buffer_);
    state_.Put(joins_key, buffer_);
  } else if (had_joins) {
    state_.Delete(joins_key);
  }
}

void JoinStore::Write(Block& block) {
  block.dirty = false;
  const std::string key = Key(kBlockTable, block.id);
  if (block.count == 0 && !block.has_tombstones && !block.node) {
    if (block.stored) state_.Delete(key);
    block.stored = false;
    return;
  }
  StoredBlock stored;
  stored.set_floods_join(block.floods_join);
  stored.set_flooded(block.flooded);
  stored.set_has_tombstones(block.has_tombstones);
  if (block.flooded) stored.set_count(block.count);
  for (const auto& [report, item] : block.entries) {
    StoreItem(report, item, *stored.add_entries());
  }
  if (block.node) {
    StoreNode(*block.node, /*with_neighbours=*/false, *stored.mutable_node());
    WriteNeighbours(block);
  }
  stored.SerializeToString(&buffer_);
  state_.Put(key, buffer_);
  block.stored = true;
}

void JoinStore::WriteNeighbours(Block& block) {
  components::Node& node = block.node->node;
  for (const NodeKey& key : std::exchange(node.changed, {})) {
    auto neighbour = node.neighbours.find(key);
    if (neighbour == node.neighbours.end()) continue;
    neighbour->second.dirty = false;
    internal::v1::StoredNeighbour stored;
    StoreNeighbour(key, *block.node, stored);
    stored.SerializeToString(&buffer_);
    state_.Put(NeighbourKey(block.id, key), buffer_);
  }
}

}  // namespace ringfence::dedupe
