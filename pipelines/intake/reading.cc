#include "pipelines/intake/reading.h"

#include <simdjson.h>

#include <algorithm>

namespace ringfence::intake {

std::string Where::Path() const {
  std::string path(list);
  path.append("[").append(std::to_string(index)).append("]");
  if (!field.empty()) path.append(".").append(field);
  return path;
}

std::string Where::Path(std::string_view leaf) const { return Path().append(".").append(leaf); }

bool Reading::IsLeftOut(const Where& where) const {
  return !left_out.empty() && left_out.contains(where.Path());
}

bool Reading::IsLeftOut(const Where& where, std::string_view leaf) const {
  return !left_out.empty() && left_out.contains(where.Path(leaf));
}

bool IsInRange(core::Time time, core::Time arrival) {
  constexpr core::Time kPast = 400 * core::kDay;
  return time >= arrival - kPast && time <= arrival + core::kDay;
}

bool IsSourceAndId(std::string_view text) {
  constexpr size_t kBytesMax = 256;
  size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  return text.size() <= kBytesMax && simdjson::validate_utf8(text.data(), text.size()) &&
         std::none_of(text.begin(), text.end(), [](char c) {
           auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7f;
         });
}

}  // namespace ringfence::intake
