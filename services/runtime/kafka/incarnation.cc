#include "services/runtime/kafka/incarnation.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <random>

#include "absl/strings/str_format.h"

namespace ringfence::runtime {
namespace {

constexpr size_t kReadAtOnce = 1'000;
constexpr size_t kReadBytes = size_t{1} << 20;

// nullopt for what is none.
std::optional<uint64_t> EpochOf(std::string_view value) {
  uint64_t epoch = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), epoch);
  if (error != std::errc() || end == value.data() + value.size() || *end != ' ') {
    return std::nullopt;
  }
  return epoch;
}

std::string RandomDigits() {
  std::random_device random;
  const uint64_t high = uint64_t{random()} << 32 | random();
  const uint64_t low = uint64_t{random()} << 32 | random();
  return absl::StrFormat("%016x%016x", high, low);
}

absl::StatusOr<std::vector<std::string>> ReadAll(Log& log) {
  const TopicPartition from{std::string(kIncarnationTopic), 0};
  std::vector<std::string> values;
  int64_t offset = 0;
  while (true) {
    absl::StatusOr<std::vector<LogRecord>> records =
        log.Read(from, offset, kReadAtOnce, kReadBytes);
    if (!records.ok()) return records.status();
    if (records->empty()) return values;
    for (LogRecord& record : *records) values.push_back(std::move(record.value));
    offset = records->back().offset + 1;
  }
}

absl::Status Add(Log& log, const std::vector<std::string>& values) {
  const TopicPartition to{std::string(kIncarnationTopic), 0};
  return log.Append({{to, "", NextIncarnation(values, RandomDigits())}}).status();
}

}  // namespace

std::string CurrentIncarnation(const std::vector<std::string>& values) {
  std::optional<uint64_t> highest;
  std::string current;
  for (const std::string& value : values) {
    const std::optional<uint64_t> epoch = EpochOf(value);
    if (!epoch.has_value() || (highest.has_value() && *epoch <= *highest)) continue;
    highest = epoch;
    current = value.substr(value.find(' ') + 1);
  }
  return current;
}

std::string NextIncarnation(const std::vector<std::string>& values, std::string_view random) {
  uint64_t next = 1;
  for (const std::string& value : values) next = std::max(next, EpochOf(value).value_or(0) + 1);
  return std::to_string(next) + " " + std::string(random);
}

absl::StatusOr<std::string> ReadOrBeginIncarnation(Log& log) {
  absl::StatusOr<std::vector<std::string>> values = ReadAll(log);
  if (!values.ok()) return values.status();
  if (std::string current = CurrentIncarnation(*values); !current.empty()) return current;
  if (absl::Status status = Add(log, *values); !status.ok()) return status;
  // Another process may have been first.
  values = ReadAll(log);
  if (!values.ok()) return values.status();
  std::string current = CurrentIncarnation(*values);
  if (current.empty()) return absl::DataLossError("what was appended is not there");
  return current;
}

absl::Status BeginIncarnation(Log& log) {
  const absl::StatusOr<std::vector<std::string>> values = ReadAll(log);
  if (!values.ok()) return values.status();
  return Add(log, *values);
}

}  // namespace ringfence::runtime
