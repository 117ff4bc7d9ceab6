#include "pipelines/core/timers.h"

#include <algorithm>
#include <string>

namespace ringfence::core {
namespace {

constexpr size_t kTimeBytes = 8;

// Big-endian with the sign bit turned, so that bytes sort as times do.
void AppendTime(Time time, std::string& out) {
  uint64_t bits = static_cast<uint64_t>(time) ^ (uint64_t{1} << 63);
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(bits >> shift & 0xff));
}

Time ReadTime(std::string_view bytes) {
  uint64_t bits = 0;
  for (size_t i = 0; i < kTimeBytes; ++i) bits = bits << 8 | static_cast<uint8_t>(bytes[i]);
  return static_cast<Time>(bits ^ (uint64_t{1} << 63));
}

std::string Key(char table, Time due, const Id& id) {
  std::string key(1, table);
  AppendTime(due, key);
  id.AppendTo(key);
  return key;
}

}  // namespace

void Timers::Set(Time due, const Id& id) {
  state_.Put(Key(table_, due, id), "");
  next_ = std::min(next_, due);
}

void Timers::Clear(Time due, const Id& id) { state_.Delete(Key(table_, due, id)); }

std::vector<Timers::Entry> Timers::Due(Time now, size_t max) {
  std::vector<Entry> due;
  if (now < next_) return due;
  Time next = kTimeMax;
  const std::string until(1, static_cast<char>(table_ + 1));
  state_.Scan(std::string(1, table_), until, [&](std::string_view key, std::string_view) {
    Entry entry{ReadTime(key.substr(1)), Id::FromBytes(key.substr(1 + kTimeBytes))};
    if (entry.due > now || due.size() == max) {
      next = entry.due;
      return false;
    }
    due.push_back(entry);
    return true;
  });
  // What is returned may be left in place: it is due still.
  next_ = due.empty() ? next : due.front().due;
  return due;
}

}  // namespace ringfence::core
