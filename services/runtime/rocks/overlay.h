#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/btree_set.h"

namespace ringfence::runtime {

// What was put into a state and is not committed yet, in the order of its keys. A batch puts tens
// of thousands of them: the first bytes of each stand in the tree itself, so that finding one
// looks at few others. Not thread-safe.
class Overlay {
 public:
  struct Entry {
    std::string key;
    // nullopt: deleted.
    std::optional<std::string> value;
  };

 private:
  struct Ref {
    uint64_t head = 0;
    Entry* entry = nullptr;
    std::string_view key() const { return entry->key; }
  };
  struct Probe {
    uint64_t head = 0;
    std::string_view bytes;
    std::string_view key() const { return bytes; }
  };
  struct Less {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return a.head != b.head ? a.head < b.head : a.key() < b.key();
    }
  };
  using Refs = absl::btree_set<Ref, Less>;

 public:
  // Where one stands in the order; good until the next Put, Delete or Clear.
  class Cursor {
   public:
    bool Valid() const { return at_ != end_; }
    const Entry* operator->() const { return at_->entry; }
    void Next() { ++at_; }

   private:
    friend class Overlay;
    Cursor(Refs::const_iterator at, Refs::const_iterator end) : at_(at), end_(end) {}

    Refs::const_iterator at_;
    Refs::const_iterator end_;
  };

  Overlay() = default;
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  void Put(std::string_view key, std::string_view value);
  void Delete(std::string_view key);
  // Null where nothing was put or deleted under `key`.
  const Entry* Find(std::string_view key) const;
  // At the first that is not before `key`; at the first of all.
  Cursor From(std::string_view key) const;
  Cursor Front() const { return {refs_.begin(), refs_.end()}; }

  // Calls `visit(key, value)` for each in order, and lets go of it after that.
  template <typename Visitor>
  void Drain(const Visitor& visit) {
    for (const Ref& ref : refs_) {
      visit(ref.key(), ref.entry->value);
      ref.entry->value.reset();
    }
    Clear();
  }
  void Clear() {
    refs_.clear();
    entries_.clear();
  }

 private:
  // The first eight bytes of a key as a number, with zeros where it has fewer: keys whose heads
  // differ are ordered as these are.
  static uint64_t HeadOf(std::string_view key);
  Entry& At(std::string_view key);

  // They stay where they are.
  std::deque<Entry> entries_;
  Refs refs_;
};

}  // namespace ringfence::runtime
