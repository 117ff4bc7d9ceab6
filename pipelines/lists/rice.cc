#include "pipelines/lists/rice.h"

#include <utility>

namespace ringfence::lists {
namespace {

constexpr int kParameterMin = 2;
constexpr int kParameterMax = 28;

class BitWriter {
 public:
  void Write(uint64_t bits, int count) {
    for (int i = 0; i < count; ++i) {
      if (used_ % 8 == 0) bytes_ += '\0';
      if ((bits >> i & 1) != 0)
        bytes_.back() =
            static_cast<char>(static_cast<unsigned char>(bytes_.back()) | 1U << used_ % 8);
      ++used_;
    }
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  size_t used_ = 0;
};

class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}
  bool HasAny() const { return at_ < bytes_.size() * 8; }
  bool Read() {
    const bool bit = (static_cast<unsigned char>(bytes_[at_ / 8]) >> at_ % 8 & 1) != 0;
    ++at_;
    return bit;
  }
  size_t left() const { return bytes_.size() * 8 - at_; }

 private:
  const std::string_view bytes_;
  size_t at_ = 0;
};

}  // namespace

int RiceParameter(size_t count) {
  int parameter = kParameterMax;
  while (parameter > kParameterMin && (uint64_t{count} << parameter) > uint64_t{3} << 30)
    --parameter;
  return parameter;
}

std::string EncodeRice(const std::vector<uint64_t>& gaps, int parameter) {
  BitWriter writer;
  for (const uint64_t gap : gaps) {
    for (uint64_t quotient = gap >> parameter; quotient > 0; --quotient) writer.Write(1, 1);
    writer.Write(0, 1);
    writer.Write(gap, parameter);
  }
  return writer.Take();
}

absl::StatusOr<std::vector<uint64_t>> DecodeRice(std::string_view bytes, size_t count,
                                                 int parameter) {
  if (parameter < kParameterMin || parameter > kParameterMax)
    return absl::DataLossError("Rice parameter out of range");
  const absl::Status too_short = absl::DataLossError("Rice-coded numbers end too early");
  // Each takes that many bits at least.
  if (count > bytes.size() * 8 / static_cast<size_t>(parameter + 1)) return too_short;
  BitReader reader(bytes);
  std::vector<uint64_t> gaps;
  gaps.reserve(count);
  while (gaps.size() < count) {
    uint64_t quotient = 0;
    while (reader.HasAny() && reader.Read()) ++quotient;
    if (reader.left() < static_cast<size_t>(parameter)) return too_short;
    uint64_t gap = quotient << parameter;
    for (int i = 0; i < parameter; ++i) gap |= uint64_t{reader.Read()} << i;
    gaps.push_back(gap);
  }
  if (reader.left() >= 8) return absl::DataLossError("more behind Rice-coded numbers");
  return gaps;
}

}  // namespace ringfence::lists
