#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/inlined_vector.h"
#include "pipelines/core/decimal.h"
#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// How often each key was added: a multiset that gives its distinct keys and its ends. One key
// stands in the object itself, for most identifiers are named once; more stand in a sorted array,
// and very many, where inserting would cost what there is, in a tree.
template <typename K>
class Counted {
 public:
  void Add(const K& key) {
    if (many_ != nullptr) {
      ++(*many_)[key];
      return;
    }
    auto it = Find(key);
    if (it == few_.end() || it->first != key) {
      if (few_.size() == kFewMax) {
        many_ = std::make_unique<Many>(few_.begin(), few_.end());
        few_ = Few();
        return Add(key);
      }
      it = few_.insert(it, Entry(key, 0));
    }
    ++it->second;
  }
  void Remove(const K& key) {
    if (many_ == nullptr) {
      auto it = Find(key);
      if (it != few_.end() && it->first == key && --it->second == 0) few_.erase(it);
      return;
    }
    auto it = many_->find(key);
    if (it == many_->end() || --it->second > 0) return;
    many_->erase(it);
    if (many_->size() > kFewMax / 2) return;
    few_.assign(many_->begin(), many_->end());
    many_.reset();
  }
  void Change(const K& key, bool add) { add ? Add(key) : Remove(key); }

  bool empty() const { return many_ == nullptr && few_.empty(); }
  uint32_t distinct() const {
    return static_cast<uint32_t>(many_ == nullptr ? few_.size() : many_->size());
  }
  // Only if not empty.
  const K& least() const { return many_ == nullptr ? few_.front().first : many_->begin()->first; }
  const K& greatest() const {
    return many_ == nullptr ? few_.back().first : std::prev(many_->end())->first;
  }
  // Calls `visit(key, times)` for each, or for the first `max`, ascending.
  template <typename Visit>
  void ForEach(Visit visit, size_t max = SIZE_MAX) const {
    const auto each = [&](const auto& entries) {
      size_t visited = 0;
      for (const auto& [key, times] : entries) {
        if (visited++ == max) break;
        visit(key, times);
      }
    };
    many_ == nullptr ? each(few_) : each(*many_);
  }
  // Calls `visit(key)` for each from the first on that is not less than `key`, until it says false.
  template <typename Visit>
  void From(const K& key, Visit visit) const {
    const auto each = [&](auto at, auto end) {
      while (at != end && visit(at->first)) ++at;
    };
    if (many_ != nullptr) return each(many_->lower_bound(key), many_->end());
    each(std::lower_bound(few_.begin(), few_.end(), key,
                          [](const Entry& entry, const K& sought) { return entry.first < sought; }),
         few_.end());
  }
  bool operator==(const Counted& other) const {
    const auto entries = [](const Counted& of) {
      std::vector<Entry> all;
      of.ForEach([&](const K& key, uint32_t times) { all.emplace_back(key, times); });
      return all;
    };
    return distinct() == other.distinct() && entries(*this) == entries(other);
  }

 private:
  using Entry = std::pair<K, uint32_t>;
  using Few = absl::InlinedVector<Entry, 1>;
  using Many = absl::btree_map<K, uint32_t>;

  // An array is the fastest up to many hundreds.
  static constexpr size_t kFewMax = 1'024;

  typename Few::iterator Find(const K& key) {
    return std::lower_bound(few_.begin(), few_.end(), key, [](const Entry& entry, const K& sought) {
      return entry.first < sought;
    });
  }

  Few few_;
  // Instead of `few_`.
  std::unique_ptr<Many> many_;
};

// What an occurrence does at a time. A pure function of the occurrence, its evidence and the time.
struct Phase {
  // Counts towards listing: younger than the type's span.
  bool live = false;
  // Ties its node: within the link span, in a role that links.
  bool links = false;
  // Its identifier bears the incident.
  bool bears = false;
  bool operator==(const Phase&) const = default;
};

Phase PhaseAt(const internal::v1::Occurrence& occurrence, core::Time time);
// The first time after `time` at which the phase is another, or at which a phone number leaves
// BLOCK; kTimeMax if never.
core::Time NextChange(const internal::v1::Occurrence& occurrence, core::Time time);

// What a share does at a time: only ever bears.
Phase PhaseAt(const internal::v1::Share& share, core::Time time);
core::Time NextChange(const internal::v1::Share& share, core::Time time);

// Statistics of one identifier, over its occurrences, kept up as occurrences change their phase.
// What they are after any sequence of changes depends on the present phases alone.
class Statistics {
 public:
  struct Role {
    Counted<core::Id> incidents;
    Counted<std::string> organisations;
    Counted<core::Time> seen;
    bool operator==(const Role&) const = default;
  };
  // The incidents that the identifier bears.
  struct Borne {
    Counted<core::Id> incidents;
    uint32_t reports = 0;
    Counted<std::string> partners;
    Counted<std::string> countries;
    std::map<std::string, core::Decimal> losses;
    // Who reported which of the incidents, and of those that several did, how many each pair of
    // them has in common.
    Counted<std::pair<core::Id, std::string>> reporters;
    absl::btree_map<std::pair<std::string, std::string>, uint32_t> pairs;
    bool operator==(const Borne&) const = default;
  };

  void Change(const internal::v1::Evidence& evidence, const internal::v1::Occurrence& occurrence,
              const Phase& from, const Phase& to);
  // A report of an incident that the identifier bears, without the incident's country and losses:
  // those are its root's.
  void ChangeShare(const internal::v1::Evidence& evidence, bool add);

  // Over live occurrences.
  bool live() const { return !seen_.empty(); }
  core::Time last_seen() const { return seen_.greatest(); }
  const absl::btree_map<v1::IdentifierRole, Role>& by_role() const { return by_role_; }
  const Counted<std::string>& countries() const { return countries_; }
  const Counted<std::string>& impersonated() const { return impersonated_; }
  const Counted<int>& scam_types() const { return scam_types_; }
  const Counted<int>& tlps() const { return tlps_; }
  const Counted<int>& standings() const { return standings_; }
  // In a role that cannot be spoofed, whatever the basis.
  uint32_t unspoofable() const { return unspoofable_; }

  // Over live occurrences that count: in a role that cannot be spoofed, no feed and no echo.
  const Counted<core::Id>& incidents() const { return incidents_; }
  const Counted<core::Id>& reports() const { return reports_; }
  const absl::btree_map<std::string, Counted<core::Id>>& incidents_by_organisation() const {
    return incidents_by_organisation_;
  }
  // When a phone number was last seen; kTimeMin where nothing counts, or it is none.
  core::Time phone_last_counted() const {
    return phone_counted_.empty() ? core::kTimeMin : phone_counted_.greatest();
  }
  // URLs through which a host was named, and how often it was named itself.
  const Counted<core::Id>& via_urls() const { return via_urls_; }
  uint32_t named_itself() const { return named_itself_; }

  // Over occurrences that link.
  bool links() const { return !linking_seen_.empty(); }
  core::Day latest_linking_day() const { return core::FloorDay(linking_seen_.greatest()); }
  // The earliest that links; where none does, the earliest live one. Only if there is either.
  core::Time first_seen() const { return links() ? linking_seen_.least() : seen_.least(); }

  const Borne& borne() const { return borne_.get(); }

  bool empty() const { return seen_.empty() && linking_seen_.empty() && borne().incidents.empty(); }
  bool operator==(const Statistics&) const = default;

 private:
  // Three of four identifiers bear nothing, and an empty one takes 300 bytes.
  class BorneOrNone {
   public:
    const Borne& get() const { return held_ == nullptr ? kNone : *held_; }
    Borne& Make();
    void DropIfEmpty() {
      if (get().incidents.empty()) held_.reset();
    }
    bool operator==(const BorneOrNone& other) const { return get() == other.get(); }

   private:
    static const Borne kNone;

    std::unique_ptr<Borne> held_;
  };

  void ChangeLive(const internal::v1::Evidence& evidence,
                  const internal::v1::Occurrence& occurrence, bool add);
  void ChangeBorne(const internal::v1::Evidence& evidence, bool add);
  static void ChangeShare(Borne& borne, const internal::v1::Evidence& evidence, bool add);
  static void ChangeReporter(Borne& borne, const core::Id& incident, const std::string& partner,
                             bool add);

  absl::btree_map<v1::IdentifierRole, Role> by_role_;
  Counted<core::Time> seen_;
  Counted<core::Time> linking_seen_;
  Counted<core::Time> phone_counted_;
  Counted<std::string> countries_;
  Counted<std::string> impersonated_;
  Counted<int> scam_types_;
  Counted<int> tlps_;
  Counted<int> standings_;
  Counted<core::Id> via_urls_;
  uint32_t named_itself_ = 0;
  uint32_t unspoofable_ = 0;
  Counted<core::Id> incidents_;
  Counted<core::Id> reports_;
  absl::btree_map<std::string, Counted<core::Id>> incidents_by_organisation_;
  BorneOrNone borne_;
};

}  // namespace ringfence::cluster
