#include "pipelines/identifiers/handle.h"

#include <algorithm>

#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {

std::string WithoutNumberSeparators(std::string_view text) {
  constexpr std::string_view kSeparators = " -.()/";
  constexpr size_t kDigitsMin = 7;
  bool is_number =
      std::count_if(text.begin(), text.end(), IsDigit) >= static_cast<ptrdiff_t>(kDigitsMin);
  std::string digits;
  for (size_t i = 0; i < text.size() && is_number; ++i) {
    if (IsDigit(text[i]) || (text[i] == '+' && digits.empty())) {
      digits.push_back(text[i]);
    } else {
      is_number = kSeparators.find(text[i]) != std::string_view::npos;
    }
  }
  return is_number ? digits : std::string(text);
}

}  // namespace ringfence::identifiers
