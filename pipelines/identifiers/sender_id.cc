#include <optional>

#include "pipelines/identifiers/countries.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

constexpr size_t kCharactersMax = 15;
constexpr size_t kRegionSize = 2;

}  // namespace

Normalised NormaliseSenderId(std::string_view text, const Hints& hints) {
  std::optional<std::string_view> region = CountryCode(AsciiUpper(hints.region));
  // A colon may also be the sender's own.
  if (text.size() > kRegionSize && text[kRegionSize] == ':') {
    if (auto prefix = CountryCode(AsciiUpper(text.substr(0, kRegionSize)))) {
      region = prefix;
      text.remove_prefix(kRegionSize + 1);
    }
  }
  if (!region) return Refused("sender_id.no_region");
  std::string id = CollapseWhiteSpace(ToUpper(text));
  if (id.empty()) return Refused("sender_id.empty");
  if (CountCharacters(id) > kCharactersMax) return Refused("sender_id.too_long");
  return Of(std::string(*region) + ":" + id);
}

}  // namespace ringfence::identifiers
