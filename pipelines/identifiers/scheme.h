#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ringfence::identifiers {

// How people write the word of a scheme ("googleplay"), and the word ("google-play").
struct SchemeName {
  std::string_view written;
  std::string_view word;
};

struct Schemed {
  // Lower case; empty where neither the value nor the sender names one.
  std::string word;
  std::string rest;
};

// A value of a type whose canonical form is "<scheme>:<rest>": that prefix off, if `text` has it.
// `scheme` is what the sender gave beside it; a prefix of the value is taken for one where it is
// the same word, where nothing was given, or where it is one of `known`. Words are brought to the
// spelling of `known`; words not among them are taken as they are, in lower case.
Schemed SplitScheme(std::string_view text, std::string_view scheme,
                    std::span<const SchemeName> known);

// `scheme` in lower case, spaces and underscores as hyphens, in the spelling of `known`; empty
// where that is no word of 1 to 40 letters, digits, hyphens and dots, or a word of the web
// ("https").
std::string SchemeWord(std::string_view scheme, std::span<const SchemeName> known);

}  // namespace ringfence::identifiers
