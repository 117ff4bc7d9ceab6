#include "pipelines/cluster/base_store.h"

#include <algorithm>

#include "pipelines/cluster/base_codec.h"
#include "pipelines/cluster/evidence.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {
namespace {

using components::NodeKey;
using core::Id;

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

// What an object and its parts take, by and large: measured with the allocator's profiler.
size_t EstimatedBytes(const Base& base) {
  size_t bytes = 600 + base.evidence.size() * 600 + base.listings.size() * 1900;
  for (const auto& [day, link] : base.nodes) {
    bytes += 450 + link.node.neighbours.size() * 250 + link.support.size() * 50;
  }
  return bytes;
}

}  // namespace

BaseStore::BaseStore(core::State& state, const StoreOptions& options)
    : options_(options), state_(state), timers_(state, kTimerTable) {}

Base& BaseStore::Load(const Id& id) {
  if (Base* found = Find(id)) return *found;
  ages_.push_front(id);
  Cached& cached = cache_[id];
  cached.base = std::make_unique<Base>(id);
  cached.age = ages_.begin();
  return *cached.base;
}

Base* BaseStore::Find(const Id& id) {
  auto it = cache_.find(id);
  if (it != cache_.end()) {
    ages_.splice(ages_.begin(), ages_, it->second.age);
    return it->second.base.get();
  }
  std::unique_ptr<Base> base = Read(id);
  if (base == nullptr) return nullptr;
  ages_.push_front(id);
  Cached& cached = cache_[id];
  cached.bytes = EstimatedBytes(*base);
  cached_bytes_ += cached.bytes;
  cached.base = std::move(base);
  cached.age = ages_.begin();
  return cached.base.get();
}

std::unique_ptr<Base> BaseStore::Read(const Id& id) {
  auto bytes = state_.Get(Key(kBaseTable, id));
  if (!bytes) return nullptr;
  internal::v1::StoredBase stored;
  if (!stored.ParseFromString(*bytes)) {
    Damaged("base");
    return nullptr;
  }
  std::unique_ptr<Base> base = LoadBase(id, stored);
  ReadSpilled(stored, *base);
  if (!Rebuild(*base)) Damaged("piece of evidence");
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
    auto load = [&, &node = link.node](std::string_view, std::string_view value) {
      internal::v1::StoredNeighbour neighbour;
      if (neighbour.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
        LoadNeighbour(neighbour, node);
      } else {
        Damaged("neighbour");
      }
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
  dirty_.push_back(base.id);
}

void BaseStore::Index(Base& base) {
  if (base.due == base.indexed_due) return;
  if (base.indexed_due != core::kTimeMax) timers_.Clear(base.indexed_due, base.id);
  if (base.due != core::kTimeMax) timers_.Set(base.due, base.id);
  base.indexed_due = base.due;
}

void BaseStore::WriteBack() {
  std::sort(dirty_.begin(), dirty_.end());
  dirty_.erase(std::unique(dirty_.begin(), dirty_.end()), dirty_.end());
  for (const Id& id : dirty_) {
    auto it = cache_.find(id);
    if (it == cache_.end() || !it->second.base->dirty) continue;
    Cached& cached = it->second;
    Write(*cached.base);
    cached_bytes_ -= cached.bytes;
    cached.bytes = cached.base->empty() ? 0 : EstimatedBytes(*cached.base);
    cached_bytes_ += cached.bytes;
    if (cached.base->empty()) {
      ages_.erase(cached.age);
      cache_.erase(it);
    }
  }
  dirty_.clear();
  Evict();
}

void BaseStore::Evict() {
  while (cached_bytes_ > options_.cache_bytes_max && !ages_.empty()) {
    auto coldest = cache_.find(ages_.back());
    cached_bytes_ -= coldest->second.bytes;
    cache_.erase(coldest);
    ages_.pop_back();
  }
}

void BaseStore::Write(Base& base) {
  for (const Id& report : base.erased_evidence) state_.Delete(EvidenceKey(base.id, report));
  base.erased_evidence.clear();
  for (const auto& [day, gone] : base.erased_neighbours) {
    state_.Delete(NeighbourKey(NodeKey{base.id, day}, gone));
  }
  base.erased_neighbours.clear();
  WriteEvidence(base);
  WriteNeighbours(base);
  base.dirty = false;
  if (base.empty()) {
    if (base.stored) state_.Delete(Key(kBaseTable, base.id));
    return;
  }
  internal::v1::StoredBase stored;
  StoreBase(base, stored);
  stored.SerializeToString(&buffer_);
  state_.Put(Key(kBaseTable, base.id), buffer_);
  base.stored = true;
}

void BaseStore::WriteEvidence(Base& base) {
  size_t inlined = 0;
  for (auto& [report, held] : base.evidence) inlined += !held.spilled && !held.dirty;
  for (auto& [report, held] : base.evidence) {
    if (!held.dirty) continue;
    held.dirty = false;
    if (!held.spilled && inlined < options_.inline_evidence_max) {
      ++inlined;
      continue;
    }
    held.spilled = true;
    internal::v1::StoredEvidence stored;
    StoreEvidence(report, held, stored);
    stored.SerializeToString(&buffer_);
    state_.Put(EvidenceKey(base.id, report), buffer_);
  }
}

void BaseStore::WriteNeighbours(Base& base) {
  for (auto& [day, link] : base.nodes) {
    const bool spills =
        link.spilled || link.node.neighbours.size() > options_.inline_neighbours_max;
    if (!spills) continue;
    for (auto& [key, neighbour] : link.node.neighbours) {
      if (link.spilled && !neighbour.dirty) continue;
      neighbour.dirty = false;
      internal::v1::StoredNeighbour stored;
      StoreNeighbour(key, neighbour, stored);
      stored.SerializeToString(&buffer_);
      state_.Put(NeighbourKey(link.node.key, key), buffer_);
    }
    link.spilled = true;
  }
}

}  // namespace ringfence::cluster
