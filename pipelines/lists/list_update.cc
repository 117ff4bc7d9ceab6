#include "pipelines/lists/list_update.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pipelines/lists/rice.h"

namespace ringfence::lists {
namespace {

constexpr std::string_view kMagic = "RFL1";
constexpr size_t kSumBytes = 32;
constexpr uint64_t kPrefixMax = 0xffff'ffff;

size_t BytesOf(Form form) { return form == Form::kNumbers ? 8 : 4; }

void AppendNumber(uint64_t number, std::string& out) {
  while (number >= 0x80) {
    out += static_cast<char>((number & 0x7f) | 0x80);
    number >>= 7;
  }
  out += static_cast<char>(number);
}

void AppendText(std::string_view text, std::string& out) {
  AppendNumber(text.size(), out);
  out += text;
}

void AppendElements(const Elements& elements, Form form, std::string& out) {
  AppendNumber(elements.size(), out);
  if (elements.empty()) return;
  AppendNumber(elements[0], out);
  if (elements.size() == 1) return;
  Elements gaps;
  gaps.reserve(elements.size() - 1);
  for (size_t i = 1; i < elements.size(); ++i) gaps.push_back(elements[i] - elements[i - 1]);
  if (form == Form::kNumbers) {
    for (const uint64_t gap : gaps) AppendNumber(gap, out);
    return;
  }
  const int parameter = RiceParameter(elements.size());
  out += static_cast<char>(parameter);
  AppendText(EncodeRice(gaps, parameter), out);
}

absl::Status Damaged() { return absl::DataLossError("no update of a list"); }

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<uint64_t> Number() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) return Damaged();
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      if (shift == 63 && byte > 1) return Damaged();
      number |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return number;
    }
    return Damaged();
  }
  absl::StatusOr<std::string_view> Bytes(uint64_t count) {
    if (count > bytes_.size()) return Damaged();
    const std::string_view bytes = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return bytes;
  }
  absl::StatusOr<std::string_view> Text() {
    const absl::StatusOr<uint64_t> count = Number();
    if (!count.ok()) return count.status();
    return Bytes(*count);
  }
  absl::StatusOr<Elements> ReadElements(Form form);
  bool IsAtEnd() const { return bytes_.empty(); }

 private:
  absl::StatusOr<Elements> Gaps(Form form, size_t count);

  std::string_view bytes_;
};

absl::StatusOr<Elements> Reader::Gaps(Form form, size_t count) {
  if (form == Form::kPrefixes) {
    const absl::StatusOr<std::string_view> parameter = Bytes(1);
    if (!parameter.ok()) return parameter.status();
    const absl::StatusOr<std::string_view> block = Text();
    if (!block.ok()) return block.status();
    return DecodeRice(*block, count, parameter->front());
  }
  if (count > bytes_.size()) return Damaged();
  Elements gaps;
  gaps.reserve(count);
  while (gaps.size() < count) {
    const absl::StatusOr<uint64_t> gap = Number();
    if (!gap.ok()) return gap.status();
    gaps.push_back(*gap);
  }
  return gaps;
}

absl::StatusOr<Elements> Reader::ReadElements(Form form) {
  const absl::StatusOr<uint64_t> count = Number();
  if (!count.ok()) return count.status();
  if (*count == 0) return Elements();
  const absl::StatusOr<uint64_t> first = Number();
  if (!first.ok()) return first.status();
  Elements elements = {*first};
  if (*count > 1) {
    const absl::StatusOr<Elements> gaps = Gaps(form, *count - 1);
    if (!gaps.ok()) return gaps.status();
    for (const uint64_t gap : *gaps) {
      const uint64_t next = elements.back() + gap;
      // Not ascending, or beyond 64 bits.
      if (next <= elements.back()) return Damaged();
      elements.push_back(next);
    }
  }
  if (form == Form::kPrefixes && elements.back() > kPrefixMax) return Damaged();
  return elements;
}

}  // namespace

core::Sha256Digest SumOf(const Elements& sorted, Form form) {
  const size_t bytes = BytesOf(form);
  std::string text;
  text.reserve(sorted.size() * bytes);
  for (const uint64_t element : sorted) {
    for (size_t i = bytes; i-- > 0;) text += static_cast<char>(element >> 8 * i);
  }
  return core::Sha256(text);
}

std::string Encode(const Update& update) {
  std::string out(kMagic);
  out += static_cast<char>(update.form);
  AppendText(update.from, out);
  AppendText(update.version, out);
  AppendElements(update.removals, update.form, out);
  AppendElements(update.additions, update.form, out);
  AppendNumber(update.count, out);
  out.append(reinterpret_cast<const char*>(update.sum.data()), update.sum.size());
  return out;
}

absl::StatusOr<Update> Decode(std::string_view bytes) {
  if (!bytes.starts_with(kMagic) || bytes.size() == kMagic.size()) return Damaged();
  const char form = bytes[kMagic.size()];
  if (form != static_cast<char>(Form::kNumbers) && form != static_cast<char>(Form::kPrefixes))
    return Damaged();
  Update update;
  update.form = static_cast<Form>(form);
  Reader reader(bytes.substr(kMagic.size() + 1));
  const absl::StatusOr<std::string_view> from = reader.Text();
  if (!from.ok()) return from.status();
  const absl::StatusOr<std::string_view> version = reader.Text();
  if (!version.ok()) return version.status();
  absl::StatusOr<Elements> removals = reader.ReadElements(update.form);
  if (!removals.ok()) return removals.status();
  absl::StatusOr<Elements> additions = reader.ReadElements(update.form);
  if (!additions.ok()) return additions.status();
  const absl::StatusOr<uint64_t> count = reader.Number();
  if (!count.ok()) return count.status();
  const absl::StatusOr<std::string_view> sum = reader.Bytes(kSumBytes);
  if (!sum.ok() || !reader.IsAtEnd()) return Damaged();
  update.from = *from;
  update.version = *version;
  update.removals = *std::move(removals);
  update.additions = *std::move(additions);
  update.count = *count;
  std::copy(sum->begin(), sum->end(), update.sum.begin());
  return update;
}

absl::Status HeldList::Apply(const Update& update) {
  if (update.form != form_) return absl::FailedPreconditionError("an update of another list");
  if (!update.from.empty() && update.from != version_)
    return absl::FailedPreconditionError("an update of another version");
  Elements kept;
  if (!update.from.empty()) {
    std::set_difference(elements_.begin(), elements_.end(), update.removals.begin(),
                        update.removals.end(), std::back_inserter(kept));
  }
  Elements made;
  made.reserve(kept.size() + update.additions.size());
  std::set_union(kept.begin(), kept.end(), update.additions.begin(), update.additions.end(),
                 std::back_inserter(made));
  if (made.size() != update.count || SumOf(made, form_) != update.sum)
    return absl::DataLossError("the update does not lead to what it says");
  elements_ = std::move(made);
  version_ = update.version;
  return absl::OkStatus();
}

}  // namespace ringfence::lists
