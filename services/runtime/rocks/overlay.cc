#include "services/runtime/rocks/overlay.h"

#include <algorithm>

namespace ringfence::runtime {

uint64_t Overlay::HeadOf(std::string_view key) {
  uint64_t head = 0;
  const size_t bytes = std::min(key.size(), sizeof head);
  for (size_t i = 0; i < bytes; ++i) head = head << 8 | static_cast<uint8_t>(key[i]);
  return bytes == 0 ? 0 : head << (8 * (sizeof head - bytes));
}

Overlay::Entry& Overlay::At(std::string_view key) {
  const Probe probe{HeadOf(key), key};
  const auto found = refs_.lower_bound(probe);
  if (found != refs_.end() && !Less()(probe, *found)) return *found->entry;
  Entry& entry = entries_.emplace_back(Entry{std::string(key), std::nullopt});
  refs_.insert(found, Ref{probe.head, &entry});
  return entry;
}

void Overlay::Put(std::string_view key, std::string_view value) {
  std::optional<std::string>& held = At(key).value;
  if (held) {
    held->assign(value);
  } else {
    held.emplace(value);
  }
}

void Overlay::Delete(std::string_view key) { At(key).value.reset(); }

const Overlay::Entry* Overlay::Find(std::string_view key) const {
  const auto found = refs_.find(Probe{HeadOf(key), key});
  return found == refs_.end() ? nullptr : found->entry;
}

Overlay::Cursor Overlay::From(std::string_view key) const {
  return {refs_.lower_bound(Probe{HeadOf(key), key}), refs_.end()};
}

}  // namespace ringfence::runtime
