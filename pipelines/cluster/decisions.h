#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "pipelines/cluster/base.h"
#include "pipelines/cluster/overrides.h"
#include "pipelines/cluster/weights.h"
#include "pipelines/core/id.h"
#include "pipelines/core/review.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {

// What operators decided, as far as it concerns no single base: overrides of ranges, and what
// organisations' words weigh. Read once, put into the state as it changes.
//
// Tables of the state:
//   'o' id (16)      StoredOverride, of a range
//   'k' canary (16)  CanaryNews
//   'g'              Organisations
//   'y'              StoredPolicy
class Decisions {
 public:
  // `state` must outlive it.
  explicit Decisions(core::State& state);

  // Each gives the types, as bits 1 << type, of which identifiers may be others now.
  uint64_t Put(const internal::v1::OverrideNews& news, core::Time now);
  uint64_t Put(const internal::v1::Organisations& organisations);
  uint64_t Put(const internal::v1::CanaryNews& news);
  uint64_t Put(const internal::v1::PolicyNews& news);
  // Ranges that expire by `now`.
  uint64_t Advance(core::Time now);

  // What holds for an identifier of the base at `now`.
  Effects EffectsOf(const Base& base, v1::IdentifierType type, const core::Id& id,
                    std::string_view value, core::Time now) const;
  // May EffectsOf of the base give anything at all?
  bool Concern(const Base& base) const { return !base.overrides.empty() || !ranges_.empty(); }
  // Of the base's own identifier, whose nodes are then declared to be infrastructure.
  bool IsBaseShared(const Base& base, core::Time now) const;
  const Weights& weights() const { return weights_; }
  // Its place is 0 where there is none.
  const internal::v1::PolicyNews& policy() const { return policy_.news(); }
  // Place of the latest policy that changed which ties count.
  core::Place rules_place() const { return policy_.redo_place(); }

 private:
  void StoreRange(const core::Id& id);

  core::State& state_;
  Ranges ranges_;
  Weights weights_;
  internal::v1::StoredPolicy policy_;
};

// Types that exist.
inline constexpr uint64_t kAllTypes = ~uint64_t{0};

}  // namespace ringfence::cluster
