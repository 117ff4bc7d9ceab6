#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::cluster {

// What operators decided about one identifier: all overrides that cover it, together. Which of them
// came first does not matter, and none takes back what another says.
struct Effects {
  enum Bit : uint32_t {
    kAllow = 1,
    kAppeal = 2,
    kShared = 4,
    kCanary = 8,
    kWithhold = 16,
    // Of a registrable domain: something below it is spared, so that it cannot stand for all.
    kSparesBelow = 32,
    kConfirmed = 64,
  };
  uint32_t bits = 0;
  // Sightings before are void; 0: none.
  core::Time disregard_before = 0;

  bool Has(Bit bit) const { return (bits & bit) != 0; }
  // Never in the set.
  bool hidden() const { return (bits & (kAllow | kCanary | kWithhold)) != 0; }
  // Is not to be stopped by what stands for more than itself.
  bool spared() const { return hidden() || (bits & (kAppeal | kShared)) != 0; }
  // What a report's evidence has to know; `is_base`: the identifier is its own base, whose node is
  // declared to be infrastructure where it is shared.
  internal::v1::Mark MarkOf(bool is_base) const;

  void Add(const internal::v1::OverrideNews& news);
  void Add(const Effects& other);
  bool operator==(const Effects&) const = default;
};

bool SameMark(const internal::v1::Mark& a, const internal::v1::Mark& b);

// An override as it is kept: one that no longer holds stays a while, so that an older message that
// comes again does nothing.
struct HeldOverride {
  internal::v1::OverrideNews news;
  // kTimeMax while it holds.
  core::Time forget_at = core::kTimeMax;

  bool HoldsAt(core::Time time) const {
    return forget_at == core::kTimeMax && (news.expires_at() == 0 || time < news.expires_at());
  }
  // When it expires or is forgotten; kTimeMax: never.
  core::Time NextChange() const;
};

// Puts `news` in the place of what is held; `is_here`: it is of the scope that is kept here. Older
// than what is held: false, and nothing happens.
bool PutOverride(HeldOverride& held, const internal::v1::OverrideNews& news, bool is_here,
                 core::Time now);

// Overrides of ranges: a domain with all below it, addresses, phone numbers. Not thread-safe.
class Ranges {
 public:
  // Only scopes other than one identifier hold here; of others what was held goes. False where
  // nothing held before and nothing does now; the news is kept then too, so that older ones of a
  // range that come late do nothing.
  bool Put(const internal::v1::OverrideNews& news, core::Time now);
  void Restore(HeldOverride held);
  // By identifier id of (type, value).
  const std::map<core::Id, HeldOverride>& held() const { return held_; }

  // What expires or is forgotten by `now`; appends the ids that have to be stored or, no longer in
  // `held`, deleted. The types of what changed, as bits 1 << type.
  uint64_t Advance(core::Time now, std::vector<core::Id>& changed);

  // All that cover the identifier. Cost: a look-up for each label, digit or length of prefix.
  Effects Covering(v1::IdentifierType type, std::string_view value) const;
  // Is anything below the domain spared?
  bool SparesBelow(std::string_view domain) const;
  bool empty() const { return holding_.empty(); }

  // The types whose identifiers the range may cover, as bits 1 << type.
  static uint64_t TypesOf(const internal::v1::OverrideNews& news);

 private:
  void Index(const internal::v1::OverrideNews& news, bool add);
  void AddDomain(std::string_view host, Effects& effects) const;

  std::map<core::Id, HeldOverride> held_;
  // By (type, value) those that hold.
  std::map<std::pair<int, std::string>, const internal::v1::OverrideNews*, std::less<>> holding_;
  // Lengths of the prefixes of IPv4 and IPv6 that hold, and how many have each.
  std::map<std::pair<bool, int>, int> prefix_lengths_;
  core::Time due_ = core::kTimeMax;
};

}  // namespace ringfence::cluster
