#include "pipelines/cluster/decisions.h"

#include <string>
#include <utility>
#include <vector>

#include "pipelines/cluster/policy_rules.h"

namespace ringfence::cluster {
namespace {

using core::Id;
using core::Time;

constexpr char kRangeTable = 'o';
constexpr char kCanaryTable = 'k';
constexpr std::string_view kOrganisationsKey = "g";

std::string Key(char table, const Id& id) {
  std::string key(1, table);
  id.AppendTo(key);
  return key;
}

// Every pair of a table, parsed; what does not parse is not ours.
template <typename Message, typename Visit>
void ReadTable(core::State& state, char table, Visit visit) {
  const std::string from(1, table);
  const std::string until(1, static_cast<char>(table + 1));
  state.Scan(from, until, [&](std::string_view, std::string_view value) {
    Message message;
    if (message.ParseFromArray(value.data(), static_cast<int>(value.size()))) visit(message);
    return true;
  });
}

}  // namespace

Decisions::Decisions(core::State& state) : state_(state) {
  ReadTable<internal::v1::StoredOverride>(state_, kRangeTable,
                                          [this](const internal::v1::StoredOverride& stored) {
                                            ranges_.Restore({stored.news(), stored.forget_at()});
                                          });
  ReadTable<internal::v1::CanaryNews>(
      state_, kCanaryTable, [this](const internal::v1::CanaryNews& news) { weights_.Put(news); });
  internal::v1::Organisations organisations;
  const auto bytes = state_.Get(kOrganisationsKey);
  if (bytes && organisations.ParseFromString(*bytes)) weights_.Put(organisations);
  policy_ = ReadPolicy(state_);
}

void Decisions::StoreRange(const Id& id) {
  const auto held = ranges_.held().find(id);
  if (held == ranges_.held().end()) return state_.Delete(Key(kRangeTable, id));
  internal::v1::StoredOverride stored;
  *stored.mutable_news() = held->second.news;
  stored.set_forget_at(held->second.forget_at);
  state_.Put(Key(kRangeTable, id), stored.SerializeAsString());
}

uint64_t Decisions::Put(const internal::v1::OverrideNews& news, Time now) {
  const bool changes = ranges_.Put(news, now);
  StoreRange(core::IdentifierId(news.type(), news.value()));
  return changes ? Ranges::TypesOf(news) : 0;
}

uint64_t Decisions::Put(const internal::v1::Organisations& organisations) {
  if (!weights_.Put(organisations)) return 0;
  state_.Put(kOrganisationsKey, organisations.SerializeAsString());
  return kAllTypes;
}

uint64_t Decisions::Put(const internal::v1::CanaryNews& news) {
  if (!weights_.Put(news)) return 0;
  state_.Put(Key(kCanaryTable, {news.id_hi(), news.id_lo()}), news.SerializeAsString());
  return kAllTypes;
}

uint64_t Decisions::Put(const internal::v1::PolicyNews& news) {
  if (policy_.news().place() >= news.place()) return 0;
  const bool same = policy_.news().policy().ties().SerializeAsString() ==
                    news.policy().ties().SerializeAsString();
  *policy_.mutable_news() = news;
  if (!same) policy_.set_redo_place(news.place());
  PutPolicy(policy_, state_);
  return kAllTypes;
}

uint64_t Decisions::Advance(Time now) {
  std::vector<Id> changed;
  const uint64_t types = ranges_.Advance(now, changed);
  for (const Id& id : changed) StoreRange(id);
  return types;
}

Effects Decisions::EffectsOf(const Base& base, v1::IdentifierType type, const Id& id,
                             std::string_view value, Time now) const {
  Effects effects = ranges_.Covering(type, value);
  if (auto own = base.overrides.find(id); own != base.overrides.end()) {
    if (own->second.HoldsAt(now)) effects.Add(own->second.news);
  }
  if (type != v1::IDENTIFIER_TYPE_DOMAIN || id != base.id || value.empty()) return effects;
  bool below = ranges_.SparesBelow(value);
  for (const auto& [other, held] : base.overrides) {
    if (other == base.id || !held.HoldsAt(now)) continue;
    Effects said;
    said.Add(held.news);
    below = below || said.spared();
  }
  if (below) effects.bits |= Effects::kSparesBelow;
  return effects;
}

bool Decisions::IsBaseShared(const Base& base, Time now) const {
  if (!Concern(base)) return false;
  if (auto own = base.overrides.find(base.id); own != base.overrides.end()) {
    Effects effects;
    if (own->second.HoldsAt(now)) effects.Add(own->second.news);
    if (effects.Has(Effects::kShared)) return true;
  }
  const auto listing = base.listings.find(base.id);
  if (listing == base.listings.end() || !listing->second.statistics.links()) return false;
  return EffectsOf(base, listing->second.type, base.id, listing->second.value, now)
      .Has(Effects::kShared);
}

}  // namespace ringfence::cluster
