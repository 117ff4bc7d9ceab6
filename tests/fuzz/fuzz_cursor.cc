// A cursor that a caller sends: what this deployment made comes back as it was, anything else is
// refused.
//
// Input: the kind of test (1 byte). Even: a text. Odd: a byte's place and its change (2 bytes),
// then three offsets (8 bytes each) and a filter.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "services/publish/cursor.h"
#include "tests/fuzz/fuzz.h"

namespace ringfence::fuzz {
namespace {

constexpr size_t kPartitions = 3;

const publish::Cursors& OurCursors() {
  static const publish::Cursors cursors("a secret of the deployment", "a log", kPartitions);
  return cursors;
}

void TryText(std::string_view text) {
  // Nobody finds the signature of anything that was not made here.
  Expect(!OurCursors().Decode(text), "a text that was not made here is refused");
}

void TryMadeHere(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const auto place = static_cast<uint8_t>(bytes[0]);
  const char change = bytes[1];
  bytes.remove_prefix(2);
  publish::Offsets offsets(kPartitions);
  for (int64_t& offset : offsets) {
    const size_t taken = std::min(bytes.size(), sizeof offset);
    std::memcpy(&offset, bytes.data(), taken);
    bytes.remove_prefix(taken);
  }

  std::string text = OurCursors().Encode(offsets, bytes);
  const std::optional<publish::Cursor> cursor = OurCursors().Decode(text);
  Expect(cursor && cursor->offsets == offsets, "a cursor made here comes back");
  Expect(cursor->filter_hash == publish::Cursors::HashOf(bytes), "and is of its filter");
  static const publish::Cursors others("another secret", "a log", kPartitions);
  Expect(!others.Decode(text), "another deployment refuses it");

  const std::string made = text;
  text[place % text.size()] = change;
  const std::optional<publish::Cursor> changed = OurCursors().Decode(text);
  // The last character of base64 holds bits that do not count.
  Expect(text == made || !changed || changed->offsets == offsets, "no change of it goes unnoticed");
}

}  // namespace
}  // namespace ringfence::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    ringfence::fuzz::TryText(rest);
  } else {
    ringfence::fuzz::TryMadeHere(rest);
  }
  return 0;
}
