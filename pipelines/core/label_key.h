#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "pipelines/core/id.h"
#include "pipelines/core/time.h"

namespace ringfence::core {

// Appends a link node, its base and day, so that bytes sort as nodes do.
inline void AppendNode(const Id& base, Day day, std::string& key) {
  base.AppendTo(key);
  const uint32_t bits = static_cast<uint32_t>(day) ^ 0x80000000u;
  for (int shift = 24; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>(bits >> shift & 0xff));
}

// A letter and a node.
inline std::string NodeKeyBytes(char letter, const Id& base, Day day) {
  std::string key(1, letter);
  AppendNode(base, day, key);
  return key;
}

// Keys of the nodes' labels in `indicators`: 'L', the node's base and its day.
inline constexpr char kLabelKey = 'L';
inline constexpr size_t kLabelKeyBytes = 1 + 16 + 4;

inline bool IsLabelKey(std::string_view key) {
  return key.size() == kLabelKeyBytes && key[0] == kLabelKey;
}

inline std::string LabelKeyOf(const Id& base, Day day) {
  return NodeKeyBytes(kLabelKey, base, day);
}

// Of a key that is one.
inline std::pair<Id, Day> NodeOfLabelKey(std::string_view key) {
  uint32_t bits = 0;
  for (const char byte : key.substr(1 + 16)) bits = bits << 8 | static_cast<uint8_t>(byte);
  return {Id::FromBytes(key.substr(1, 16)), static_cast<Day>(bits ^ 0x80000000u)};
}

}  // namespace ringfence::core
