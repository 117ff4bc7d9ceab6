// A value of each type: taken or refused with the type's own code; what is taken comes back as
// itself.
//
// Input: type (1 byte), region, scheme, sub-account and value, each but the last ended by a line
// feed.
#include <array>
#include <string_view>
#include <variant>

#include "pipelines/identifiers/normalise.h"
#include "tests/fuzz/fuzz.h"

namespace ringfence::fuzz {
namespace {

using identifiers::Canonical;
using identifiers::Normalised;

std::string_view TakeLine(std::string_view& bytes) {
  const size_t end = bytes.find('\n');
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  return line;
}

void ExpectComesBack(v1::IdentifierType type, const std::string& value) {
  const Normalised normalised = identifiers::Normalise(type, value, {});
  const auto* canonical = std::get_if<Canonical>(&normalised);
  Expect(canonical != nullptr && canonical->value == value, "a canonical value comes back");
}

}  // namespace
}  // namespace ringfence::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringfence;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  const auto type = static_cast<v1::IdentifierType>(1 + data[0] % 17);
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  identifiers::Hints hints;
  hints.region = fuzz::TakeLine(rest);
  hints.scheme = fuzz::TakeLine(rest);
  hints.sub_account = fuzz::TakeLine(rest);

  const identifiers::Normalised normalised = identifiers::Normalise(type, rest, hints);
  if (const auto* problem = std::get_if<identifiers::Problem>(&normalised)) {
    const std::string prefix = std::string(identifiers::TypeWord(type)) + ".";
    fuzz::Expect(problem->code.starts_with(prefix), "a problem's code begins with the type");
    return 0;
  }
  const auto& canonical = std::get<identifiers::Canonical>(normalised);
  fuzz::Expect(!canonical.value.empty(), "a canonical value is not empty");
  // A wallet's chain, which says what a value of no known form is, is not part of its form.
  if (type != v1::IDENTIFIER_TYPE_WALLET) fuzz::ExpectComesBack(type, canonical.value);
  if (canonical.base_type != 0) fuzz::ExpectComesBack(canonical.base_type, canonical.base_value);
  if (canonical.also_type != 0) fuzz::ExpectComesBack(canonical.also_type, canonical.also_value);
  return 0;
}
