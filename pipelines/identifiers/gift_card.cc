#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {

Normalised NormaliseGiftCard(std::string_view text, const Hints&) {
  // Codes of all issuers are longer; a token over less could be guessed.
  constexpr size_t kCharactersMin = 6;
  std::optional<std::string> code = LettersAndDigits(text);
  if (!code || code->size() < kCharactersMin) return Refused("gift_card.malformed");
  return Of(std::move(*code));
}

}  // namespace ringfence::identifiers
