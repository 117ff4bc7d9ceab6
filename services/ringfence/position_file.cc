#include "services/ringfence/position_file.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace ringfence::cli {
namespace {

constexpr size_t kFields = 5;

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text, int base) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The last field takes all that is left.
std::vector<std::string> Fields(std::string_view line) {
  std::vector<std::string> fields;
  while (fields.size() + 1 < kFields) {
    const size_t tab = line.find('\t');
    if (tab == std::string_view::npos) break;
    fields.emplace_back(line.substr(0, tab));
    line.remove_prefix(tab + 1);
  }
  fields.emplace_back(line);
  return fields;
}

}  // namespace

absl::StatusOr<PositionFile> PositionFile::Load(std::string path, Owner owner) {
  PositionFile positions(std::move(path), std::move(owner));
  std::ifstream file(positions.path_);
  std::string line;
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = Fields(line);
    const auto lines = ParseNumber<uint64_t>(fields[0], 10);
    const auto checksum =
        fields.size() == kFields ? ParseNumber<uint32_t>(fields[1], 16) : std::nullopt;
    if (!lines || !checksum) {
      return absl::DataLossError(fmt::format("{}: holds no positions", positions.path_));
    }
    if (fields[2] == positions.owner_.partner && fields[3] == positions.owner_.server) {
      positions.positions_[fields[4]] = {*lines, *checksum};
    }
  }
  return positions;
}

Position PositionFile::Get(const std::string& input) const {
  const auto position = positions_.find(input);
  return position == positions_.end() ? Position() : position->second;
}

absl::Status PositionFile::Put(const std::string& input, const Position& position) {
  positions_[input] = position;
  const std::string next = path_ + ".new";
  std::ofstream file(next, std::ios::trunc);
  for (const auto& [path, at] : positions_) {
    file << fmt::format("{}\t{:08x}\t{}\t{}\t{}\n", at.lines, at.checksum, owner_.partner,
                        owner_.server, path);
  }
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(next, path_, error);
  if (!file || error) return absl::UnavailableError(fmt::format("{}: cannot be written", path_));
  return absl::OkStatus();
}

void PositionFile::Remove() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace ringfence::cli
