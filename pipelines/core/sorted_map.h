#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"

namespace ringfence::core {

// A map in the order of its keys, for the many that stay small and the few that grow without bound:
// up to `kFewMax` entries stand in one array that has hardly any room to spare, more in a B-tree,
// where inserting costs the logarithm of what there is. absl::btree_map alone takes twice as much
// for six entries of a hundred bytes, in three pieces.
//
// Interface of std::map, but for what an iterator gives: an Entry, which is a pair of references.
// Any insertion or removal invalidates iterators and references.
template <typename K, typename V>
class SortedMap {
  struct Slot {
    K key;
    V value;
  };
  using Few = std::vector<Slot>;
  using Many = absl::btree_map<K, V>;

 public:
  template <bool kConst>
  class Iterator {
    using Value = std::conditional_t<kConst, const V, V>;
    using SlotPointer = std::conditional_t<kConst, const Slot*, Slot*>;
    using Node = std::conditional_t<kConst, typename Many::const_iterator, typename Many::iterator>;

   public:
    struct Entry {
      const K& first;
      Value& second;
      Entry* operator->() { return this; }
    };
    using iterator_category = std::input_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using pointer = Entry;
    using reference = Entry;

    Iterator() = default;
    // NOLINTNEXTLINE(google-explicit-constructor): as iterators of the standard do.
    operator Iterator<true>() const requires(!kConst) {
      return slot_ == nullptr ? Iterator<true>(node_) : Iterator<true>(slot_);
    }

    Entry operator*() const {
      if (slot_ != nullptr) return {slot_->key, slot_->value};
      return {node_->first, node_->second};
    }
    Entry operator->() const { return **this; }
    Iterator& operator++() {
      slot_ != nullptr ? static_cast<void>(++slot_) : static_cast<void>(++node_);
      return *this;
    }
    bool operator==(const Iterator& other) const {
      return slot_ == other.slot_ && (slot_ != nullptr || node_ == other.node_);
    }

   private:
    friend class SortedMap;
    template <bool>
    friend class Iterator;
    explicit Iterator(SlotPointer slot) : slot_(slot) {}
    explicit Iterator(Node node) : node_(node) {}

    // Null: it stands in a tree.
    SlotPointer slot_ = nullptr;
    Node node_ = {};
  };
  using iterator = Iterator<false>;
  using const_iterator = Iterator<true>;

  SortedMap() = default;
  SortedMap(SortedMap&&) noexcept = default;
  SortedMap& operator=(SortedMap&&) noexcept = default;
  SortedMap(const SortedMap& other) { *this = other; }
  SortedMap& operator=(const SortedMap& other) {
    few_ = other.few_;
    many_ = other.many_ == nullptr ? nullptr : std::make_unique<Many>(*other.many_);
    return *this;
  }

  size_t size() const { return many_ == nullptr ? few_.size() : many_->size(); }
  bool empty() const { return size() == 0; }

  iterator begin() { return many_ == nullptr ? At(0) : iterator(many_->begin()); }
  iterator end() { return many_ == nullptr ? At(few_.size()) : iterator(many_->end()); }
  const_iterator begin() const {
    return many_ == nullptr ? At(0) : const_iterator(std::as_const(*many_).begin());
  }
  const_iterator end() const {
    return many_ == nullptr ? At(few_.size()) : const_iterator(std::as_const(*many_).end());
  }
  // Of the last entry; the map must not be empty.
  const K& last_key() const {
    return many_ == nullptr ? few_.back().key : std::prev(many_->end())->first;
  }

  // The first whose key is not less.
  iterator lower_bound(const K& key) {
    return many_ == nullptr ? At(Place(key)) : iterator(many_->lower_bound(key));
  }
  iterator find(const K& key) {
    if (many_ != nullptr) return iterator(many_->find(key));
    const size_t place = Place(key);
    return Stands(key, place) ? At(place) : end();
  }
  const_iterator find(const K& key) const { return const_cast<SortedMap*>(this)->find(key); }
  bool contains(const K& key) const { return find(key) != end(); }
  // Ends the process where the key is not there.
  V& at(const K& key) {
    const iterator found = find(key);
    if (found == end()) std::abort();
    return found->second;
  }
  const V& at(const K& key) const { return const_cast<SortedMap*>(this)->at(key); }

  // The value is made of `arguments`, unless there is one.
  template <typename... Arguments>
  std::pair<iterator, bool> try_emplace(const K& key, Arguments&&... arguments) {
    if (many_ == nullptr) {
      const size_t place = Place(key);
      if (Stands(key, place)) return {At(place), false};
      if (few_.size() < kFewMax) {
        Reserve();
        few_.insert(few_.begin() + static_cast<std::ptrdiff_t>(place),
                    Slot{key, V(std::forward<Arguments>(arguments)...)});
        return {At(place), true};
      }
      many_ = std::make_unique<Many>();
      for (Slot& slot : few_) many_->emplace_hint(many_->end(), slot.key, std::move(slot.value));
      few_ = Few();
    }
    auto [node, is_new] = many_->try_emplace(key, std::forward<Arguments>(arguments)...);
    return {iterator(node), is_new};
  }
  V& operator[](const K& key) { return try_emplace(key).first->second; }
  std::pair<iterator, bool> insert_or_assign(const K& key, V value) {
    const auto found = try_emplace(key);
    found.first->second = std::move(value);
    return found;
  }

  void erase(iterator at) {
    if (many_ == nullptr) {
      few_.erase(few_.begin() + (at.slot_ - few_.data()));
      return;
    }
    many_->erase(at.node_);
    if (many_->size() > kFewMax / 2) return;
    few_.reserve(many_->size());
    for (auto& [key, value] : *many_) few_.push_back({key, std::move(value)});
    many_.reset();
  }
  size_t erase(const K& key) {
    const iterator found = find(key);
    if (found == end()) return 0;
    erase(found);
    return 1;
  }

  // Heap memory of the entries, by and large, without what the values own.
  size_t allocated_bytes() const {
    return many_ == nullptr ? few_.capacity() * sizeof(Slot) : many_->size() * sizeof(Slot) * 4 / 3;
  }

 private:
  static constexpr size_t kFewMax = 32;

  iterator At(size_t place) { return iterator(few_.data() + place); }
  const_iterator At(size_t place) const { return const_iterator(few_.data() + place); }
  size_t Place(const K& key) const {
    const auto less = [](const Slot& slot, const K& sought) { return slot.key < sought; };
    return static_cast<size_t>(std::lower_bound(few_.begin(), few_.end(), key, less) -
                               few_.begin());
  }
  bool Stands(const K& key, size_t place) const {
    return place < few_.size() && few_[place].key == key;
  }
  // A vector left to itself would double.
  void Reserve() {
    if (few_.size() == few_.capacity()) few_.reserve(few_.size() + 1 + few_.size() / 4);
  }

  Few few_;
  // Instead of `few_`.
  std::unique_ptr<Many> many_;
};

}  // namespace ringfence::core
