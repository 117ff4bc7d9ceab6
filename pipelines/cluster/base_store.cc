#include "pipelines/cluster/base_store.h"

#include <algorithm>
#include <utility>

#include "pipelines/cluster/base_codec.h"
#include "pipelines/cluster/evidence.h"
#include "pipelines/cluster/node_keys.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {
namespace {

using components::NodeKey;
using core::Id;

// Bases that are looked up in the state at once.
constexpr size_t kScannedMax = 256;

constexpr char kBaseTable = 'b';
constexpr char kNodesTable = 'q';
constexpr char kEvidenceTable = 'v';
constexpr char kListingTable = 'p';
constexpr char kNeighbourTable = 'n';
constexpr char kTimerTable = 't';

std::string Key(char table, const Id& id) {
  std::string key(1, table);
  id.AppendTo(key);
  return key;
}

std::string PartKey(char table, const Id& base, const Id& part) {
  std::string key = Key(table, base);
  part.AppendTo(key);
  return key;
}

// What an object and its parts take, by and large, with what the allocator adds; as measured over
// reports of `ringfence sample`, of which a base takes 6 KB on average.
size_t EstimatedBytes(const Base& base) {
  constexpr size_t kEvidence = sizeof(HeldEvidence) + 320;
  constexpr size_t kListing = sizeof(Listing) + 900;
  // Its tie and facts, and what the tally counts of it.
  constexpr size_t kNeighbour = 600;
  constexpr size_t kDue = 40;
  size_t bytes =
      sizeof(Base) + 80 + base.evidence.size() * kEvidence + base.listings.size() * kListing;
  if (base.evidence_by_next != nullptr) bytes += base.evidence_by_next->size() * kDue;
  for (const auto& [day, link] : base.nodes) {
    bytes += sizeof(LinkNode) + 50 + link.ties.neighbours().size() * kNeighbour;
  }
  return bytes;
}

}  // namespace

BaseStore::BaseStore(core::State& state, const StoreOptions& options, const NodeOptions& nodes)
    : options_(options),
      nodes_(nodes),
      state_(state),
      timers_(state, kTimerTable),
      cache_(options.cache_bytes_max) {}

Base& BaseStore::Load(const Id& id) {
  if (Base* found = Find(id)) return *found;
  return Keep(std::make_unique<Base>(id, nodes_));
}

Base* BaseStore::Find(const Id& id) {
  if (Base* found = cache_.Find(id)) {
    Complete(*found);
    return found;
  }
  std::unique_ptr<Base> base = Read(id);
  return base == nullptr ? nullptr : &Keep(std::move(base));
}

Base* BaseStore::FindNodes(const Id& id) {
  if (Base* found = cache_.Find(id)) return found;
  auto base = std::make_unique<Base>(id, nodes_);
  base->whole = false;
  if (!ReadNodes(*base)) return nullptr;
  // By another rule its counts and ties are others.
  const bool is_current = stored_nodes_.rules_place() == nodes_.rules_place;
  if (!is_current) ReadBody(*base);
  const bool resumed =
      is_current ? ResumeNodes(stored_nodes_, *base) : RestoreNodes(stored_nodes_, *base);
  if (status_.ok() && !resumed) Damaged("node");
  return &Keep(std::move(base));
}

void BaseStore::Complete(Base& base) {
  if (base.whole) return;
  ReadBody(base);
  cache_.Resize(base, EstimatedBytes(base));
}

Base& BaseStore::Keep(std::unique_ptr<Base> base) {
  const Id id = base->id;
  const size_t bytes = EstimatedBytes(*base);
  return cache_.Keep(id, std::move(base), bytes);
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
  for (const Id& id : cache_.queued()) {
    if (from <= id && id < until) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::unique_ptr<Base> BaseStore::Read(const Id& id) {
  auto base = std::make_unique<Base>(id, nodes_);
  ReadBody(*base);
  if (!base->stored) return nullptr;
  if (ReadNodes(*base) && status_.ok() && !RestoreNodes(stored_nodes_, *base)) Damaged("node");
  return base;
}

// The nodes as they are stored, not yet going on from there; false where there are none.
bool BaseStore::ReadNodes(Base& base) {
  const auto bytes = state_.Get(Key(kNodesTable, base.id));
  if (!bytes) return false;
  if (!stored_nodes_.ParseFromString(*bytes) || !LoadNodes(stored_nodes_, base)) {
    Damaged("node");
    return false;
  }
  base.nodes_stored = true;
  for (auto& [day, link] : base.nodes) {
    if (link.spilled) ReadSpilledNeighbours(link);
  }
  return true;
}

// All but the nodes.
void BaseStore::ReadBody(Base& base) {
  base.whole = true;
  const auto bytes = state_.Get(Key(kBaseTable, base.id));
  if (!bytes) return;
  if (!stored_.ParseFromString(*bytes)) return Damaged("base");
  LoadBase(stored_, base);
  if (stored_.has_spilled_evidence()) ReadSpilledEvidence(base);
  if (base.listings_spilled) ReadSpilledListings(base);
  if (!Rebuild(base, state_)) Damaged("piece of evidence");
}

void BaseStore::ReadSpilledEvidence(Base& base) {
  const std::string prefix = Key(kEvidenceTable, base.id);
  state_.Scan(prefix, AfterPrefix(prefix), [&](std::string_view, std::string_view value) {
    internal::v1::StoredEvidence evidence;
    if (evidence.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      LoadEvidence(evidence, base).spilled = true;
    } else {
      Damaged("piece of evidence");
    }
    return true;
  });
}

void BaseStore::ReadSpilledListings(Base& base) {
  const std::string prefix = Key(kListingTable, base.id);
  state_.Scan(prefix, AfterPrefix(prefix), [&](std::string_view, std::string_view value) {
    internal::v1::StoredListing listing;
    if (listing.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      LoadListing(listing, base).spilled = true;
    } else {
      Damaged("listing");
    }
    return true;
  });
}

void BaseStore::ReadSpilledNeighbours(LinkNode& link) {
  const std::string prefix = NodeStateKey(kNeighbourTable, link.key);
  state_.Scan(prefix, AfterPrefix(prefix), [&](std::string_view, std::string_view value) {
    core::Unpacker neighbour(value);
    if (!LoadNeighbour(neighbour, link)) Damaged("neighbour");
    return true;
  });
}

void BaseStore::Damaged(const char* what) {
  status_.Update(absl::DataLossError(std::string("cluster: a stored ") + what + " does not parse"));
}

void BaseStore::MarkDirty(Base& base) {
  base.dirty = true;
  MarkNodesDirty(base);
}

void BaseStore::MarkNodesDirty(Base& base) {
  base.nodes_dirty = true;
  cache_.Queue(base.id, base, EstimatedBytes(base));
}

void BaseStore::Index(Base& base) {
  if (base.due == base.indexed_due) return;
  if (base.indexed_due != core::kTimeMax) timers_.Clear(base.indexed_due, base.id);
  if (base.due != core::kTimeMax) timers_.Set(base.due, base.id);
  base.indexed_due = base.due;
}

void BaseStore::WriteBack() {
  cache_.WriteBack([this](Base& base) {
    if (base.nodes_dirty) WriteNodes(base);
    if (base.dirty) Write(base);
    return base.whole && base.empty() ? 0 : EstimatedBytes(base);
  });
}

void BaseStore::TakeRules() {
  cache_.ForEach([this](Base& base) {
    Complete(base);
    for (auto& [day, link] : base.nodes) {
      if (!link.ties.OnRules(link.tally, link.declared)) Damaged("neighbours");
      // What it means for the listings is found by the walk, as of a base that is read.
      link.infrastructure = link.ties.facts().infrastructure;
    }
  });
}

void BaseStore::Write(Base& base) {
  WriteEvidence(base);
  WriteListings(base);
  base.dirty = false;
  if (base.empty()) {
    if (base.stored) state_.Delete(Key(kBaseTable, base.id));
    base.stored = false;
    return;
  }
  stored_.Clear();
  StoreBase(base, stored_);
  stored_.SerializeToString(&buffer_);
  state_.Put(Key(kBaseTable, base.id), buffer_);
  base.stored = true;
}

void BaseStore::WriteNodes(Base& base) {
  for (const auto& [day, gone] : base.erased_neighbours) {
    state_.Delete(NeighbourStateKey(kNeighbourTable, {base.id, day}, gone));
  }
  base.erased_neighbours.clear();
  for (auto& [day, link] : base.nodes) WriteNeighbours(link);
  base.nodes_dirty = false;
  const std::string key = Key(kNodesTable, base.id);
  if (base.nodes.empty()) {
    if (base.nodes_stored) state_.Delete(key);
    base.nodes_stored = false;
    return;
  }
  stored_nodes_.Clear();
  StoreNodes(base, stored_nodes_);
  stored_nodes_.SerializeToString(&buffer_);
  state_.Put(key, buffer_);
  base.nodes_stored = true;
}

void BaseStore::WriteEvidence(Base& base) {
  for (const Id& report : std::exchange(base.erased_evidence, {})) {
    state_.Delete(PartKey(kEvidenceTable, base.id, report));
  }
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
    state_.Put(PartKey(kEvidenceTable, base.id, report), buffer_);
  }
}

void BaseStore::WriteListings(Base& base) {
  for (const Id& id : std::exchange(base.erased_listings, {})) {
    state_.Delete(PartKey(kListingTable, base.id, id));
  }
  if (!base.listings_spilled) {
    if (base.listings.size() <= options_.inline_listings_max) return;
    base.listings_spilled = true;
    for (auto& [id, listing] : base.listings) WriteListing(base, listing);
    return;
  }
  SortListings(base.dirty_listings);
  for (const Id& id : base.dirty_listings) {
    const auto found = base.listings.find(id);
    if (found != base.listings.end() && found->second.dirty) WriteListing(base, found->second);
  }
  base.dirty_listings.clear();
}

void BaseStore::WriteListing(Base& base, Listing& listing) {
  listing.dirty = false;
  // What only a share speaks of is in no set, and has nothing of its own to remember.
  if (listing.value.empty()) return;
  listing.spilled = true;
  internal::v1::StoredListing stored;
  StoreListing(listing, stored);
  stored.SerializeToString(&buffer_);
  state_.Put(PartKey(kListingTable, base.id, listing.id), buffer_);
}

void BaseStore::WriteNeighbours(LinkNode& link) {
  const std::vector<NodeKey> changed = link.ties.TakeChanged();
  const ties::Node::Neighbours& neighbours = link.ties.neighbours();
  if (!link.spilled) {
    if (neighbours.size() <= options_.inline_neighbours_max) return;
    link.spilled = true;
    for (const auto& [key, neighbour] : neighbours) WriteNeighbour(link, key);
    return;
  }
  for (const NodeKey& key : changed) {
    if (neighbours.contains(key)) {
      WriteNeighbour(link, key);
    } else {
      state_.Delete(NeighbourStateKey(kNeighbourTable, link.key, key));
    }
  }
}

void BaseStore::WriteNeighbour(const LinkNode& link, const NodeKey& key) {
  buffer_.clear();
  StoreNeighbour(key, link, buffer_);
  state_.Put(NeighbourStateKey(kNeighbourTable, link.key, key), buffer_);
}

}  // namespace ringfence::cluster
