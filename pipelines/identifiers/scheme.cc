#include "pipelines/identifiers/scheme.h"

#include <algorithm>

#include "pipelines/identifiers/host.h"
#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

constexpr size_t kWordBytesMax = 40;

bool IsKnown(std::string_view word, std::span<const SchemeName> known) {
  return std::any_of(known.begin(), known.end(),
                     [word](const SchemeName& name) { return name.word == word; });
}

}  // namespace

std::string SchemeWord(std::string_view scheme, std::span<const SchemeName> known) {
  std::string word = ToLower(CleanText(scheme).value_or(""));
  for (char& c : word) {
    if (c == ' ' || c == '_') c = '-';
  }
  bool is_word = !word.empty() && word.size() <= kWordBytesMax && IsAlphanumeric(word[0]) &&
                 std::all_of(word.begin(), word.end(),
                             [](char c) { return IsAlphanumeric(c) || c == '-' || c == '.'; });
  if (!is_word || IsWebScheme(word)) return {};
  auto found = std::find_if(known.begin(), known.end(),
                            [&](const SchemeName& name) { return name.written == word; });
  return found == known.end() ? word : std::string(found->word);
}

Schemed SplitScheme(std::string_view text, std::string_view scheme,
                    std::span<const SchemeName> known) {
  std::string given = SchemeWord(scheme, known);
  size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    std::string prefix = SchemeWord(text.substr(0, colon), known);
    bool is_prefix =
        !prefix.empty() && (given.empty() || prefix == given || IsKnown(prefix, known));
    if (is_prefix) return {std::move(prefix), TrimWhiteSpace(text.substr(colon + 1))};
  }
  return {std::move(given), std::string(text)};
}

}  // namespace ringfence::identifiers
