#include "pipelines/identifiers/latin.h"

#include <unicode/bytestream.h>
#include <unicode/translit.h>
#include <unicode/unistr.h>

#include <memory>

namespace ringfence::identifiers {
namespace {

// Each text has a copy: one must not be shared between threads.
std::unique_ptr<icu::Transliterator> MakeTransliterator() {
  static const std::unique_ptr<const icu::Transliterator> prototype = [] {
    UErrorCode error = U_ZERO_ERROR;
    std::unique_ptr<icu::Transliterator> made(
        icu::Transliterator::createInstance("Any-Latin; Latin-ASCII", UTRANS_FORWARD, error));
    return U_SUCCESS(error) ? std::move(made) : nullptr;
  }();
  return std::unique_ptr<icu::Transliterator>(prototype ? prototype->clone() : nullptr);
}

}  // namespace

std::string InLatin(std::string_view text) {
  const std::unique_ptr<icu::Transliterator> transliterator = MakeTransliterator();
  if (transliterator == nullptr) return std::string(text);
  icu::UnicodeString letters = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  transliterator->transliterate(letters);
  std::string latin;
  letters.toUTF8String(latin);
  return latin;
}

}  // namespace ringfence::identifiers
