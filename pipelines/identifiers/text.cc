#include "pipelines/identifiers/text.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>

namespace ringfence::identifiers {
namespace {

icu::StringPiece Piece(std::string_view text) {
  return {text.data(), static_cast<int32_t>(text.size())};
}

// ICU's own data, loaded once; immutable and thread-safe.
const icu::Normalizer2& Nfkc() {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(error);
  if (U_FAILURE(error)) std::abort();
  return *nfkc;
}

std::string ToNfkc(std::string text) {
  UErrorCode error = U_ZERO_ERROR;
  if (IsAscii(text) || Nfkc().isNormalizedUTF8(Piece(text), error)) return text;
  std::string normalised;
  icu::StringByteSink<std::string> sink(&normalised);
  Nfkc().normalizeUTF8(0, Piece(text), sink, nullptr, error);
  if (U_FAILURE(error)) std::abort();
  return normalised;
}

struct CodePoint {
  UChar32 value;
  size_t bytes;
};

// The code point at `at`, of well-formed text or not: then its value is negative.
CodePoint CodePointAt(std::string_view text, size_t at) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  auto next = static_cast<int32_t>(at);
  UChar32 value = 0;
  U8_NEXT(bytes, next, static_cast<int32_t>(text.size()), value);
  return {value, static_cast<size_t>(next) - at};
}

bool IsWellFormed(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    CodePoint point = CodePointAt(text, at);
    if (point.value < 0) return false;
    at += point.bytes;
  }
  return true;
}

bool IsInvisible(UChar32 c) {
  if (c < 0x80) return (c < 0x20 && !u_isUWhiteSpace(c)) || c == 0x7f;
  return u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
         (u_charType(c) == U_CONTROL_CHAR && !u_isUWhiteSpace(c));
}

std::string WithoutInvisible(std::string_view text) {
  std::string visible;
  visible.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    CodePoint point = CodePointAt(text, at);
    if (!IsInvisible(point.value)) visible.append(text.substr(at, point.bytes));
    at += point.bytes;
  }
  return visible;
}

bool IsPrintableAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

using CaseMapping = void (*)(const char*, uint32_t, icu::StringPiece, icu::ByteSink&, icu::Edits*,
                             UErrorCode&);

// Mapping can undo the normal form, and normalising can bring back the case: repeated until still.
std::string MapCase(std::string_view text, CaseMapping mapping) {
  constexpr int kRoundsMax = 4;
  std::string mapped(text);
  for (int round = 0; round < kRoundsMax; ++round) {
    UErrorCode error = U_ZERO_ERROR;
    std::string next;
    icu::StringByteSink<std::string> sink(&next);
    mapping("", 0, Piece(mapped), sink, nullptr, error);
    if (U_FAILURE(error)) std::abort();
    next = ToNfkc(std::move(next));
    if (next == mapped) break;
    mapped = std::move(next);
  }
  return mapped;
}

struct Defanged {
  std::string_view written;
  std::string_view meant;
};

constexpr Defanged kDefangedHost[] = {{"[.]", "."},   {"(.)", "."},   {"{.}", "."},
                                      {"[dot]", "."}, {"(dot)", "."}, {"[://]", "://"},
                                      {"[:]", ":"}};
constexpr Defanged kDefangedAt[] = {{"[at]", "@"}, {"(at)", "@"}};

template <size_t kSize>
const Defanged* DefangedAt(const Defanged (&table)[kSize], std::string_view text) {
  const auto* found = std::find_if(std::begin(table), std::end(table), [text](const Defanged& row) {
    return StartsWithNoCase(text, row.written);
  });
  return found == std::end(table) ? nullptr : found;
}

std::string Undo(std::string_view text, bool email) {
  std::string meant;
  meant.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Defanged* row = nullptr;
    if (text[at] == '[' || text[at] == '(' || text[at] == '{') {
      row = DefangedAt(kDefangedHost, text.substr(at));
      if (row == nullptr && email) row = DefangedAt(kDefangedAt, text.substr(at));
    }
    if (row == nullptr) {
      meant.push_back(text[at++]);
    } else {
      meant.append(row->meant);
      at += row->written.size();
    }
  }
  return meant;
}

bool IsSeparator(UChar32 c) {
  return c == '.' || c == ',' || c == '_' || u_isUWhiteSpace(c) ||
         u_charType(c) == U_DASH_PUNCTUATION;
}

}  // namespace

std::string TrimWhiteSpace(std::string_view text) {
  size_t begin = text.size();
  size_t end = 0;
  for (size_t at = 0; at < text.size();) {
    CodePoint point = CodePointAt(text, at);
    if (!u_isUWhiteSpace(point.value)) {
      begin = std::min(begin, at);
      end = at + point.bytes;
    }
    at += point.bytes;
  }
  return begin < end ? std::string(text.substr(begin, end - begin)) : std::string();
}

std::optional<std::string> CleanText(std::string_view raw) {
  if (IsPrintableAscii(raw)) return TrimWhiteSpace(raw);
  if (!IsWellFormed(raw)) return std::nullopt;
  // NFKC makes nothing invisible out of what is not; taking it off afterwards could let letters and
  // marks meet that would join.
  return TrimWhiteSpace(ToNfkc(WithoutInvisible(raw)));
}

std::string ToLower(std::string_view text) {
  if (IsAscii(text)) return AsciiLower(text);
  return MapCase(text, icu::CaseMap::utf8ToLower);
}

std::string ToUpper(std::string_view text) {
  if (IsAscii(text)) return AsciiUpper(text);
  return MapCase(text, icu::CaseMap::utf8ToUpper);
}

std::string Refang(std::string_view text) { return Undo(text, false); }
std::string RefangEmail(std::string_view text) { return Undo(text, true); }

std::string CollapseWhiteSpace(std::string_view text) {
  std::string collapsed;
  bool pending = false;
  for (size_t at = 0; at < text.size();) {
    CodePoint point = CodePointAt(text, at);
    if (u_isUWhiteSpace(point.value)) {
      pending = !collapsed.empty();
    } else {
      if (pending) collapsed.push_back(' ');
      pending = false;
      collapsed.append(text.substr(at, point.bytes));
    }
    at += point.bytes;
  }
  return collapsed;
}

bool HoldsWhiteSpace(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    CodePoint point = CodePointAt(text, at);
    if (u_isUWhiteSpace(point.value)) return true;
    at += point.bytes;
  }
  return false;
}

size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::optional<std::string> LettersAndDigits(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    CodePoint point = CodePointAt(text, at);
    if (point.bytes == 1 && IsAlphanumeric(text[at])) {
      kept.push_back(Upper(text[at]));
    } else if (!IsSeparator(point.value)) {
      return std::nullopt;
    }
    at += point.bytes;
  }
  return kept;
}

std::string WithoutPunctuation(std::string_view text) {
  std::string kept;
  for (size_t at = 0; at < text.size();) {
    CodePoint point = CodePointAt(text, at);
    if (u_isalnum(point.value)) kept.append(text.substr(at, point.bytes));
    at += point.bytes;
  }
  return kept;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string OnlyAlphanumerics(std::string_view text) {
  std::string kept;
  std::copy_if(text.begin(), text.end(), std::back_inserter(kept), IsAlphanumeric);
  return kept;
}

bool IsAllDigits(std::string_view text) { return std::all_of(text.begin(), text.end(), IsDigit); }

bool IsAllHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return HexDigit(c) >= 0; });
}

std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  return lower;
}

std::string AsciiUpper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), Upper);
  return upper;
}

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    bool is_escape = text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
                     HexDigit(text[i + 2]) >= 0;
    decoded.push_back(is_escape
                          ? static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]))
                          : text[i]);
    if (is_escape) i += 2;
  }
  return decoded;
}

bool StartsWithNoCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(),
                    [](char in_prefix, char c) { return in_prefix == Lower(c); });
}

}  // namespace ringfence::identifiers
