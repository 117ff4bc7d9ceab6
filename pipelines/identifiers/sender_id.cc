#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

constexpr size_t kCharactersMax = 15;

bool IsRegion(std::string_view text) {
  return text.size() == 2 && IsLetter(text[0]) && IsLetter(text[1]);
}

}  // namespace

Normalised NormaliseSenderId(std::string_view text, const Hints& hints) {
  std::string_view region = hints.region;
  if (text.size() > 2 && text[2] == ':' && IsRegion(text.substr(0, 2))) {
    region = text.substr(0, 2);
    text.remove_prefix(3);
  }
  if (!IsRegion(region)) return Refused("sender_id.no_region");
  std::string id = CollapseWhiteSpace(ToUpper(text));
  if (id.empty()) return Refused("sender_id.empty");
  if (CountCharacters(id) > kCharactersMax) return Refused("sender_id.too_long");
  return Of(AsciiUpper(region) + ":" + id);
}

}  // namespace ringfence::identifiers
