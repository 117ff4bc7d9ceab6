#include "pipelines/cluster/base_store.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "pipelines/cluster/base_codec.h"
#include "pipelines/cluster/evidence.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {
namespace {

using components::NodeKey;
using core::Id;

// Bases that are looked up in the state at once.
constexpr size_t kScannedMax = 256;

// Of a base, by and large, in one WriteBack.
constexpr size_t kWrittenBytesMax = size_t{64} << 10;

// So many batches ago asked for: in use.
constexpr uint64_t kInUseBatches = 64;

constexpr char kBaseTable = 'b';
constexpr char kEvidenceTable = 'v';
constexpr char kNeighbourTable = 'n';
constexpr char kTimerTable = 't';

std::string Key(char table, const Id& id) {
  std::string key(1, table);
  id.AppendTo(key);
  return key;
}

void AppendDay(core::Day day, std::string& key) {
  const uint32_t bits = static_cast<uint32_t>(day) ^ 0x80000000u;
  for (int shift = 24; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>(bits >> shift & 0xff));
}

std::string EvidenceKey(const Id& base, const Id& report) {
  std::string key = Key(kEvidenceTable, base);
  report.AppendTo(key);
  return key;
}

std::string NodePrefix(const NodeKey& node) {
  std::string key = Key(kNeighbourTable, node.id);
  AppendDay(node.day, key);
  return key;
}

std::string NeighbourKey(const NodeKey& node, const NodeKey& neighbour) {
  std::string key = NodePrefix(node);
  neighbour.id.AppendTo(key);
  AppendDay(neighbour.day, key);
  return key;
}

// The least key that does not begin with `prefix`; all prefixes here have a byte below 0xff.
std::string After(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

// What an object and its parts take, by and large, with what the allocator adds; as measured over
// reports of `ringfence sample`, of which a base takes 6 KB on average.
size_t EstimatedBytes(const Base& base) {
  constexpr size_t kEvidence = sizeof(HeldEvidence) + 320;
  constexpr size_t kListing = sizeof(Listing) + 900;
  // Its tie and facts, and what the tally counts of it.
  constexpr size_t kNeighbour = 600;
  constexpr size_t kLabel = 200;
  size_t bytes =
      sizeof(Base) + 80 + base.evidence.size() * kEvidence + base.listings.size() * kListing;
  for (const auto& [day, link] : base.nodes) {
    bytes += sizeof(LinkNode) + 50 + link.ties.neighbours().size() * kNeighbour +
             link.node.neighbours.size() * kLabel;
  }
  return bytes;
}

}  // namespace

BaseStore::BaseStore(core::State& state, const StoreOptions& options, const NodeOptions& nodes)
    : options_(options),
      nodes_(nodes),
      state_(state),
      timers_(state, kTimerTable),
      evict_above_(options.cache_bytes_max) {}

Base& BaseStore::Load(const Id& id) {
  if (Base* found = Find(id)) return *found;
  return Keep(std::make_unique<Base>(id, nodes_));
}

Base* BaseStore::Find(const Id& id) {
  auto it = cache_.find(id);
  if (it != cache_.end()) {
    it->second->last_used = batch_;
    return it->second.get();
  }
  std::unique_ptr<Base> base = Read(id);
  return base == nullptr ? nullptr : &Keep(std::move(base));
}

Base& BaseStore::Keep(std::unique_ptr<Base> base) {
  base->last_used = batch_;
  base->bytes = EstimatedBytes(*base);
  cached_bytes_ += base->bytes;
  const Id id = base->id;
  return *(cache_[id] = std::move(base));
}

std::vector<Id> BaseStore::Next(const core::Review& review, size_t max) {
  std::vector<Id> found;
  for (uint64_t type = 0; type < 64 && found.size() < max; ++type) {
    Id from{type << 56, 0};
    const Id end{(type + 1) << 56, 0};
    if (!review.Wants(from)) continue;
    if (review.after() && *review.after() >= from) {
      from = *review.after();
      if (++from.lo == 0) ++from.hi;
    }
    while (from < end && found.size() < max) {
      Id until = end;
      for (const Id& id : Between(from, until)) {
        const Base* base = Find(id);
        // One that has become empty may or may not have been written back.
        if (base == nullptr || (base->evidence.empty() && base->overrides.empty())) continue;
        if (found.size() < max) found.push_back(id);
      }
      from = until;
    }
  }
  return found;
}

// Those from `from` on and before `until`, which becomes less where there are many.
std::vector<Id> BaseStore::Between(const Id& from, Id& until) {
  std::vector<Id> ids;
  Id end = until;
  const auto visit = [&](std::string_view key, std::string_view) {
    const Id id = Id::FromBytes(key.substr(1));
    if (ids.size() == kScannedMax) {
      end = id;
      return false;
    }
    ids.push_back(id);
    return true;
  };
  state_.Scan(Key(kBaseTable, from), Key(kBaseTable, until), visit);
  until = end;
  for (const Id& id : dirty_) {
    if (from <= id && id < until) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::unique_ptr<Base> BaseStore::Read(const Id& id) {
  auto bytes = state_.Get(Key(kBaseTable, id));
  if (!bytes) return nullptr;
  if (!stored_.ParseFromString(*bytes)) {
    Damaged("base");
    return nullptr;
  }
  std::unique_ptr<Base> base = LoadBase(id, stored_, nodes_);
  if (base == nullptr) {
    Damaged("node");
    return nullptr;
  }
  ReadSpilled(stored_, *base);
  if (!Rebuild(*base, state_)) Damaged("piece of evidence");
  if (status_.ok() && !RestoreNodes(stored_, *base)) Damaged("node");
  return base;
}

void BaseStore::ReadSpilled(const internal::v1::StoredBase& stored, Base& base) {
  if (stored.has_spilled_evidence()) {
    const std::string prefix = Key(kEvidenceTable, base.id);
    state_.Scan(prefix, After(prefix), [&](std::string_view, std::string_view value) {
      internal::v1::StoredEvidence evidence;
      if (evidence.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
        LoadEvidence(evidence, base).spilled = true;
      } else {
        Damaged("piece of evidence");
      }
      return true;
    });
  }
  for (auto& [day, link] : base.nodes) {
    if (!link.spilled) continue;
    const std::string prefix = NodePrefix(link.node.key);
    auto load = [&, &link = link](std::string_view, std::string_view value) {
      core::Unpacker neighbour(value);
      if (!LoadNeighbour(neighbour, link)) Damaged("neighbour");
      return true;
    };
    state_.Scan(prefix, After(prefix), load);
  }
}

void BaseStore::Damaged(const char* what) {
  status_.Update(absl::DataLossError(std::string("cluster: a stored ") + what + " does not parse"));
}

void BaseStore::MarkDirty(Base& base) {
  base.dirty = true;
  if (!std::exchange(base.is_queued, true)) dirty_.push_back(base.id);
  Resize(base);
}

void BaseStore::Resize(Base& base) {
  cached_bytes_ -= base.bytes;
  base.bytes = EstimatedBytes(base);
  cached_bytes_ += base.bytes;
  unstored_bytes_ -= base.unstored_bytes;
  // Of a large base only what changed is written.
  base.unstored_bytes = base.is_queued ? std::min(base.bytes, kWrittenBytesMax) : 0;
  unstored_bytes_ += base.unstored_bytes;
}

void BaseStore::Index(Base& base) {
  if (base.due == base.indexed_due) return;
  if (base.indexed_due != core::kTimeMax) timers_.Clear(base.indexed_due, base.id);
  if (base.due != core::kTimeMax) timers_.Set(base.due, base.id);
  base.indexed_due = base.due;
}

void BaseStore::WriteBack() {
  std::sort(dirty_.begin(), dirty_.end());
  for (const Id& id : dirty_) {
    auto it = cache_.find(id);
    Base& base = *it->second;
    base.is_queued = false;
    if (base.dirty) Write(base);
    Resize(base);
    if (base.empty()) {
      cached_bytes_ -= base.bytes;
      cache_.erase(it);
    }
  }
  dirty_.clear();
  Evict();
}

bool BaseStore::IsLargeAndInUse(const Base& base) const {
  return options_.cache_bytes_max > 0 && base.bytes > options_.cache_bytes_max / 8 &&
         batch_ - base.last_used <= kInUseBatches;
}

void BaseStore::TakeRules() {
  for (auto& [id, base] : cache_) {
    for (auto& [day, link] : base->nodes) {
      if (!link.ties.OnRules(link.tally, link.declared)) Damaged("neighbours");
      // What it means for the listings is found by the walk, as of a base that is read.
      link.infrastructure = link.ties.facts().infrastructure;
    }
  }
}

void BaseStore::Evict() {
  ++batch_;
  if (cached_bytes_ <= evict_above_) return;
  struct Entry {
    uint64_t last_used;
    Id id;
    size_t bytes;
  };
  std::vector<Entry> entries;
  entries.reserve(cache_.size());
  size_t large_bytes = 0;
  for (const auto& [id, base] : cache_) {
    if (IsLargeAndInUse(*base)) {
      large_bytes += base->bytes;
    } else if (!base->is_queued) {
      entries.push_back({base->last_used, id, base->bytes});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.last_used, a.id) < std::tie(b.last_used, b.id);
  });
  const size_t part = options_.cache_bytes_max / 8;
  const size_t wanted = std::max(options_.cache_bytes_max - part, large_bytes + 2 * part);
  for (const Entry& entry : entries) {
    if (cached_bytes_ <= wanted) break;
    cached_bytes_ -= entry.bytes;
    cache_.erase(entry.id);
  }
  // So much at once that looking through all of them costs little next to reading those again.
  evict_above_ = std::max(options_.cache_bytes_max, cached_bytes_ + part);
}

void BaseStore::Write(Base& base) {
  for (const Id& report : base.erased_evidence) state_.Delete(EvidenceKey(base.id, report));
  base.erased_evidence.clear();
  for (const auto& [day, gone] : base.erased_neighbours) {
    state_.Delete(NeighbourKey(NodeKey{base.id, day}, gone));
  }
  base.erased_neighbours.clear();
  WriteEvidence(base);
  for (auto& [day, link] : base.nodes) WriteNeighbours(link);
  base.dirty = false;
  if (base.empty()) {
    if (base.stored) state_.Delete(Key(kBaseTable, base.id));
    return;
  }
  stored_.Clear();
  StoreBase(base, stored_);
  stored_.SerializeToString(&buffer_);
  state_.Put(Key(kBaseTable, base.id), buffer_);
  base.stored = true;
}

void BaseStore::WriteEvidence(Base& base) {
  std::sort(base.dirty_evidence.begin(), base.dirty_evidence.end());
  for (const Id& report : std::exchange(base.dirty_evidence, {})) {
    auto found = base.evidence.find(report);
    if (found == base.evidence.end() || !found->second.dirty) continue;
    HeldEvidence& held = found->second;
    held.dirty = false;
    std::vector<Id>& inlined = base.inline_evidence;
    if (!held.spilled && std::count(inlined.begin(), inlined.end(), report) > 0) continue;
    if (!held.spilled && inlined.size() < options_.inline_evidence_max) {
      inlined.push_back(report);
      continue;
    }
    held.spilled = true;
    internal::v1::StoredEvidence stored;
    StoreEvidence(report, held, stored);
    stored.SerializeToString(&buffer_);
    state_.Put(EvidenceKey(base.id, report), buffer_);
  }
}

void BaseStore::WriteNeighbours(LinkNode& link) {
  std::vector<NodeKey> changed = link.ties.TakeChanged();
  for (const NodeKey& key : std::exchange(link.node.changed, {})) {
    auto neighbour = link.node.neighbours.find(key);
    if (neighbour == link.node.neighbours.end()) continue;
    neighbour->second.dirty = false;
    changed.push_back(key);
  }
  const ties::Node::Neighbours& neighbours = link.ties.neighbours();
  if (!link.spilled) {
    if (neighbours.size() <= options_.inline_neighbours_max) return;
    link.spilled = true;
    for (const auto& [key, neighbour] : neighbours) WriteNeighbour(link, key);
    return;
  }
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  for (const NodeKey& key : changed) {
    if (neighbours.contains(key)) {
      WriteNeighbour(link, key);
    } else {
      state_.Delete(NeighbourKey(link.node.key, key));
    }
  }
}

void BaseStore::WriteNeighbour(const LinkNode& link, const NodeKey& key) {
  buffer_.clear();
  StoreNeighbour(key, link, buffer_);
  state_.Put(NeighbourKey(link.node.key, key), buffer_);
}

}  // namespace ringfence::cluster
