#include "services/ringfence/report_export.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <memory>
#include <utility>

namespace ringfence::cli {
namespace {

namespace fs = std::filesystem;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;

constexpr size_t kRecordsMax = 1'000;
constexpr size_t kBytesMax = size_t{4} << 20;
// Of what waits to be written.
constexpr size_t kWriteBytes = size_t{1} << 20;

// 0001-01-01 and 9999-12-31, as protobuf's JSON has it.
bool HasJson(const Timestamp& time) {
  return time.seconds() >= -62'135'596'800 && time.seconds() <= 253'402'300'799 &&
         time.nanos() >= 0 && time.nanos() < 1'000'000'000;
}

void DropTimesWithoutJson(Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i)
        DropTimesWithoutJson(*reflection.MutableRepeatedMessage(&message, field, i));
      continue;
    }
    Message& held = *reflection.MutableMessage(&message, field);
    const auto* time = google::protobuf::DynamicCastToGenerated<Timestamp>(&held);
    if (time == nullptr) {
      DropTimesWithoutJson(held);
    } else if (!HasJson(*time)) {
      reflection.ClearField(&message, field);
    }
  }
}

// A new file for its owner alone, which goes again unless it is kept.
class NewFile {
 public:
  explicit NewFile(std::string path)
      : path_(std::move(path)),
        number_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)),
        error_(number_ < 0 ? errno : 0) {}
  ~NewFile() {
    if (number_ < 0) return;
    close(number_);
    if (!kept_) unlink(path_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  absl::Status status() const {
    if (error_ == 0) return absl::OkStatus();
    const std::string message = path_ + ": " + std::strerror(error_);
    return error_ == EEXIST ? absl::AlreadyExistsError(message) : absl::UnavailableError(message);
  }
  absl::Status Add(std::string_view line) {
    waiting_.append(line);
    waiting_ += '\n';
    return waiting_.size() < kWriteBytes ? absl::OkStatus() : Write();
  }
  absl::Status Finish() {
    if (absl::Status written = Write(); !written.ok()) return written;
    if (fsync(number_) != 0) error_ = errno;
    return status();
  }
  void Keep() { kept_ = true; }

 private:
  absl::Status Write() {
    std::string_view left = waiting_;
    while (!left.empty() && error_ == 0) {
      const ssize_t written = write(number_, left.data(), left.size());
      if (written >= 0) {
        left.remove_prefix(static_cast<size_t>(written));
      } else if (errno != EINTR) {
        error_ = errno;
      }
    }
    waiting_.clear();
    return status();
  }

  const std::string path_;
  const int number_;
  int error_;
  bool kept_ = false;
  std::string waiting_;
};

// One partition, read bit by bit.
class Partition {
 public:
  static absl::StatusOr<Partition> Open(runtime::Log& log, runtime::TopicPartition from) {
    const absl::StatusOr<int64_t> start = log.StartOffset(from);
    return start.ok() ? Partition(log, std::move(from), *start)
                      : absl::StatusOr<Partition>(start.status());
  }
  // Null at the end; valid until Pop.
  absl::StatusOr<const runtime::LogRecord*> Front() {
    if (!records_.empty()) return &records_.front();
    auto read = log_->Read(from_, next_, kRecordsMax, kBytesMax);
    if (!read.ok()) return read.status();
    records_.assign(std::make_move_iterator(read->begin()), std::make_move_iterator(read->end()));
    if (records_.empty()) return nullptr;
    next_ = records_.back().offset + 1;
    return &records_.front();
  }
  void Pop() { records_.pop_front(); }

 private:
  Partition(runtime::Log& log, runtime::TopicPartition from, int64_t next)
      : log_(&log), from_(std::move(from)), next_(next) {}

  runtime::Log* log_;
  runtime::TopicPartition from_;
  int64_t next_;
  std::deque<runtime::LogRecord> records_;
};

absl::Status Write(runtime::Log& log, const std::string& topic, NewFile& file,
                   ExportedReports& exported) {
  const absl::StatusOr<int32_t> count = log.Partitions(topic);
  if (!count.ok()) return count.status();
  std::vector<Partition> partitions;
  for (int32_t number = 0; number < *count; ++number) {
    absl::StatusOr<Partition> partition = Partition::Open(log, {topic, number});
    if (!partition.ok()) return partition.status();
    partitions.push_back(*std::move(partition));
  }
  intake::ReportJson parser;
  for (;;) {
    Partition* earliest = nullptr;
    const runtime::LogRecord* record = nullptr;
    for (Partition& partition : partitions) {
      const absl::StatusOr<const runtime::LogRecord*> front = partition.Front();
      if (!front.ok()) return front.status();
      if (*front == nullptr || (record && record->append_time <= (*front)->append_time)) continue;
      earliest = &partition;
      record = *front;
    }
    if (record == nullptr) return file.Finish();
    const std::optional<std::string> line = LineOf(record->value, parser);
    ++(line ? exported.reports : exported.left_out);
    if (line) {
      if (absl::Status status = file.Add(*line); !status.ok()) return status;
    }
    earliest->Pop();
  }
}

absl::StatusOr<std::vector<std::string>> TopicsOf(runtime::Log& log, const std::string& partner) {
  auto topics = log.Topics(runtime::kReportsPrefix);
  if (!topics.ok()) return topics;
  if (!partner.empty()) {
    std::erase_if(*topics, [wanted = std::string(runtime::kReportsPrefix) + partner](
                               const std::string& topic) { return topic != wanted; });
  }
  if (!topics->empty()) return topics;
  return absl::NotFoundError(partner.empty() ? std::string("no report ever came")
                                             : "no report ever came from " + partner);
}

// True where it was not there.
absl::StatusOr<bool> MakeFolder(const std::string& folder) {
  std::error_code error;
  const bool made = fs::create_directories(folder, error);
  if (made) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) return absl::UnavailableError(folder + ": " + error.message());
  return made;
}

}  // namespace

std::optional<std::string> LineOf(std::string_view record, intake::ReportJson& parser) {
  const size_t first = record.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && record[first] == '{') {
    // The tag of a binary report's id is a line's end, and what follows may look like JSON.
    if (record.front() != '\n' || !parser.Parse(record).left_out.contains("")) {
      std::string line(record.substr(first));
      // White space: JSON has no ends of lines within its strings.
      std::replace(line.begin(), line.end(), '\n', ' ');
      std::replace(line.begin(), line.end(), '\r', ' ');
      return line;
    }
  }
  v1::Report report;
  if (record.empty() || !report.ParseFromArray(record.data(), static_cast<int>(record.size())))
    return std::nullopt;
  DropTimesWithoutJson(report);
  std::string line;
  if (google::protobuf::util::MessageToJsonString(report, &line).ok()) return line;
  return std::nullopt;
}

absl::StatusOr<std::vector<ExportedReports>> ExportReports(runtime::Log& log, std::string folder,
                                                           const std::string& partner) {
  const absl::StatusOr<std::vector<std::string>> topics = TopicsOf(log, partner);
  if (!topics.ok()) return topics.status();
  // What makes a folder of that name would not say whether it did.
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  const absl::StatusOr<bool> made = MakeFolder(folder);
  if (!made.ok()) return made.status();
  std::vector<ExportedReports> exported;
  std::vector<std::unique_ptr<NewFile>> files;
  absl::Status status;
  for (const std::string& topic : *topics) {
    const std::string name = topic.substr(runtime::kReportsPrefix.size());
    exported.push_back({name, folder + "/" + name + ".jsonl"});
    files.push_back(std::make_unique<NewFile>(exported.back().path));
    if (status = files.back()->status(); !status.ok()) break;
  }
  for (size_t i = 0; status.ok() && i < files.size(); ++i)
    status = Write(log, (*topics)[i], *files[i], exported[i]);
  if (status.ok()) {
    for (const auto& file : files) file->Keep();
    return exported;
  }
  files.clear();
  std::error_code ignored;
  if (*made) fs::remove(folder, ignored);
  return status;
}

}  // namespace ringfence::cli
