#include "services/client/set_file.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"

namespace ringfence::client {
namespace {

constexpr std::string_view kFormat = "ringfence-subscription 1 ";
// Lines for each indicator that is held, and some, before the file is written anew.
constexpr uint64_t kLinesPerMember = 3;
constexpr uint64_t kLinesAtLeast = 10'000;

bool Apply(std::string_view line, Set& set) {
  if (line == "!") {
    set.Clear();
    return true;
  }
  if (line.starts_with('-')) {
    set.Remove(std::string(line.substr(1)));
    return true;
  }
  const size_t space = line.find(' ');
  if (!line.starts_with('+') || space == std::string_view::npos) return false;
  uint64_t revision = 0;
  const char* const line_end = line.data() + line.size();
  const auto [end, error] = std::from_chars(line.data() + space + 1, line_end, revision);
  if (error != std::errc() || (end != line_end && *end != ' ')) return false;
  std::string bytes;
  if (end != line_end &&
      !absl::Base64Unescape({end + 1, static_cast<size_t>(line_end - end - 1)}, &bytes)) {
    return false;
  }
  set.Put(std::string(line.substr(1, space - 1)), revision, std::move(bytes));
  return true;
}

std::string LineOf(const std::string& indicator_id, uint64_t revision, std::string_view bytes) {
  std::string line = fmt::format("+{} {}", indicator_id, revision);
  if (!bytes.empty()) line += " " + absl::Base64Escape({bytes.data(), bytes.size()});
  return line + "\n";
}

}  // namespace

absl::StatusOr<SetFile> SetFile::Open(const std::string& path, const std::string& asked) {
  SetFile file(path, asked);
  if (absl::Status status = file.Read(); !status.ok()) return status;
  return file;
}

absl::Status SetFile::Read() {
  std::ifstream file(path_);
  std::string line;
  if (!std::getline(file, line)) return absl::OkStatus();
  const absl::Status damaged = absl::DataLossError(fmt::format("{}: holds no subscription", path_));
  if (!std::string_view(line).starts_with(kFormat)) return damaged;
  if (line != header_) return absl::OkStatus();
  std::vector<std::string> uncommitted;
  while (std::getline(file, line)) {
    // A line without its end was being written when it ended.
    if (file.eof()) break;
    if (!line.starts_with('=')) {
      uncommitted.push_back(std::move(line));
      continue;
    }
    for (const std::string& change : uncommitted) {
      if (!Apply(change, content_.set)) return damaged;
    }
    uncommitted.clear();
    content_.cursor = line.substr(1);
  }
  return absl::OkStatus();
}

void SetFile::Put(const std::string& indicator_id, uint64_t revision, std::string_view bytes) {
  pending_ += LineOf(indicator_id, revision, bytes);
  ++lines_;
}

void SetFile::Remove(const std::string& indicator_id) {
  fmt::format_to(std::back_inserter(pending_), "-{}\n", indicator_id);
  ++lines_;
}

void SetFile::Clear() {
  pending_ += "!\n";
  ++lines_;
}

absl::Status SetFile::Commit(const std::string& cursor, const Set& set) {
  ++lines_;
  // The first commit too: it leaves out what stood after the last cursor.
  if (!file_.is_open() || lines_ > kLinesPerMember * set.size() + kLinesAtLeast) {
    return Rewrite(cursor, set);
  }
  file_ << pending_ << '=' << cursor << '\n';
  file_.flush();
  pending_.clear();
  if (file_) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{}: cannot be written", path_));
}

absl::Status SetFile::Rewrite(const std::string& cursor, const Set& set) {
  const std::string next = path_ + ".new";
  file_ = std::ofstream(next, std::ios::trunc);
  file_ << header_ << '\n';
  for (const auto& [indicator_id, member] : set.members())
    file_ << LineOf(indicator_id, member.revision, member.bytes);
  file_ << '=' << cursor << '\n';
  file_.flush();
  lines_ = set.size() + 1;
  pending_.clear();
  std::error_code error;
  if (file_) std::filesystem::rename(next, path_, error);
  if (file_ && !error) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{}: cannot be written", path_));
}

}  // namespace ringfence::client
