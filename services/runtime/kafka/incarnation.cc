#include "services/runtime/kafka/incarnation.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>

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
  std::vector<AppendRecord> records;
  for (const std::string& value : values)
    records.push_back({{std::string(kIncarnationTopic), 0}, "", value});
  return log.Append(std::move(records)).status();
}

}  // namespace

bool BelongsToIncarnation(std::string_view topic) {
  return topic == kDedupeTopic || topic == kClusterTopic || topic == kIndicatorsTopic;
}

std::string RandomDigits() {
  std::random_device random;
  const uint64_t high = uint64_t{random()} << 32 | random();
  const uint64_t low = uint64_t{random()} << 32 | random();
  return absl::StrFormat("%016x%016x", high, low);
}

std::string TopicMade(std::string_view topic, std::string_view maker) {
  return "made " + std::string(topic) + " " + std::string(maker);
}

bool WasMadeBefore(const std::vector<std::string>& values, std::string_view topic,
                   std::string_view maker) {
  const std::string by_anybody = TopicMade(topic, "");
  const std::string by_maker = TopicMade(topic, maker);
  std::optional<uint64_t> highest;
  bool made = false;
  for (const std::string& value : values) {
    if (const std::optional<uint64_t> epoch = EpochOf(value); epoch && epoch > highest) {
      highest = epoch;
      made = false;
    }
    made |= value.starts_with(by_anybody) && value != by_maker;
  }
  return made;
}

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
  if (absl::Status status = Add(log, {NextIncarnation(*values, RandomDigits())}); !status.ok())
    return status;
  // Another process may have been first.
  values = ReadAll(log);
  if (!values.ok()) return values.status();
  std::string current = CurrentIncarnation(*values);
  if (current.empty()) return absl::DataLossError("what was appended is not there");
  return current;
}

absl::Status BeginIncarnation(Log& log, const std::vector<std::string>& made) {
  const absl::StatusOr<std::vector<std::string>> values = ReadAll(log);
  if (!values.ok()) return values.status();
  std::vector<std::string> added = {NextIncarnation(*values, RandomDigits())};
  for (const std::string& topic : made) added.push_back(TopicMade(topic, RandomDigits()));
  return Add(log, added);
}

absl::Status NoteTopicMade(Log& log, const std::string& topic, const std::string& maker) {
  const absl::StatusOr<std::vector<std::string>> values = ReadAll(log);
  if (!values.ok()) return values.status();
  std::vector<std::string> added;
  if (WasMadeBefore(*values, topic, maker))
    added.push_back(NextIncarnation(*values, RandomDigits()));
  added.push_back(TopicMade(topic, maker));
  return Add(log, added);
}

}  // namespace ringfence::runtime
