#include "pipelines/cluster/purges.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "pipelines/core/packing.h"
#include "pipelines/core/removals.h"

namespace ringfence::cluster {
namespace {

using core::Id;
using core::Time;

constexpr char kKeyTable = 'r';
constexpr char kDueTable = 'x';
constexpr size_t kDueBytes = 8;
constexpr int64_t kLateHours = core::kRemovalsLate / core::kHour;

std::string KeyOf(std::string_view key) { return std::string(1, kKeyTable).append(key); }

std::string DueKey(int64_t due, std::string_view key) {
  std::string bytes(1, kDueTable);
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(static_cast<uint64_t>(due) >> shift & 0xff));
  }
  return bytes.append(key);
}

int64_t DueIn(std::string_view due_key) {
  uint64_t bits = 0;
  for (const char byte : due_key.substr(1, kDueBytes)) {
    bits = bits << 8 | static_cast<uint8_t>(byte);
  }
  return static_cast<int64_t>(bits);
}

// The last whole hour; times are those of records, which are after 1970.
int64_t HourOf(Time time) { return std::max<Time>(time, 0) / core::kHour; }

}  // namespace

void Purges::Begin(std::string_view key, const Id& base, Time now) {
  const std::optional<Entry> known = Find(key);
  const Entry entry{.due = HourOf(now + keep_) + 1, .base = base};
  Back(key);
  if (known && !known->taken_out && known->due == entry.due) return;
  if (known) Erase(key, known->due);
  Put(key, entry);
}

void Purges::BeginLate(std::string_view key, const Id& base, Time now) {
  const std::optional<Entry> known = Find(key);
  if (known && !known->taken_out) return;
  Begin(key, base, now);
}

std::optional<Id> Purges::BaseOf(std::string_view key) {
  const std::optional<Entry> known = Find(key);
  if (!known) return std::nullopt;
  return known->base;
}

size_t Purges::Sweep(Time now, size_t max, const IsGone& is_gone) {
  const std::vector<std::pair<int64_t, std::string>> all_due = Due(HourOf(now), max);
  for (const auto& [due, key] : all_due) {
    const std::optional<Entry> entry = Find(key);
    const bool goes = entry && !entry->taken_out && is_gone(key, entry->base);
    // It may have left only now, when it was looked at.
    const std::optional<Entry> latest = goes ? Find(key) : entry;
    if (latest && latest->due != due) continue;
    Erase(key, due);
    if (!goes) continue;
    leaving_.insert(key);
    Put(key, {.due = HourOf(now) + kLateHours, .taken_out = true, .base = entry->base});
  }
  return all_due.size();
}

void Purges::Back(std::string_view key) {
  if (!leaving_.empty()) leaving_.erase(std::string(key));
}

void Purges::EndBatch(core::Output& output) {
  for (const std::string& key : leaving_) output.Indicator(key, "");
  leaving_.clear();
}

std::optional<Purges::Entry> Purges::Find(std::string_view key) {
  const std::optional<std::string> bytes = state_.Get(KeyOf(key));
  if (!bytes) return std::nullopt;
  core::Unpacker in(*bytes);
  Entry entry;
  entry.due = in.Signed();
  entry.taken_out = in.Byte() != 0;
  entry.base.hi = in.Hash();
  entry.base.lo = in.Hash();
  return entry;
}

void Purges::Put(std::string_view key, const Entry& entry) {
  std::string bytes;
  core::Packer out(bytes);
  out.Signed(entry.due);
  out.Byte(entry.taken_out ? 1 : 0);
  out.Hash(entry.base.hi);
  out.Hash(entry.base.lo);
  state_.Put(KeyOf(key), bytes);
  state_.Put(DueKey(entry.due, key), "");
  next_ = std::min(next_, entry.due);
}

void Purges::Erase(std::string_view key, int64_t due) {
  state_.Delete(KeyOf(key));
  state_.Delete(DueKey(due, key));
}

std::vector<std::pair<int64_t, std::string>> Purges::Due(int64_t now, size_t max) {
  std::vector<std::pair<int64_t, std::string>> all_due;
  if (now < next_) return all_due;
  int64_t next = std::numeric_limits<int64_t>::max();
  state_.Scan(std::string(1, kDueTable), std::string(1, kDueTable + 1),
              [&](std::string_view key, std::string_view) {
                const int64_t due = DueIn(key);
                if (due > now || all_due.size() == max) {
                  next = due;
                  return false;
                }
                all_due.emplace_back(due, key.substr(1 + kDueBytes));
                return true;
              });
  // What is looked at may be left in place, or wait anew.
  next_ = all_due.empty() ? next : std::min(next, all_due.front().first);
  return all_due;
}

}  // namespace ringfence::cluster
