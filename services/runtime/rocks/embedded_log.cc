#include "services/runtime/rocks/embedded_log.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <sstream>
#include <utility>

#include "services/runtime/rocks/log_keys.h"
#include "services/runtime/rocks/open.h"

namespace ringfence::runtime {
namespace {

constexpr std::string_view kIncarnationKey = "incarnation";
// A leader takes at most this much of what waits, so that nobody waits for more than one other
// write.
constexpr size_t kGroupBytesMax = size_t{16} << 20;

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

std::string RandomIncarnation() {
  std::random_device random;
  std::string text;
  for (int i = 0; i < 4; ++i) {
    char digits[9];
    std::snprintf(digits, sizeof(digits), "%08x", random());
    text += digits;
  }
  return text;
}

size_t BytesOf(const LogRecord& record) {
  return record.key.size() + record.value.size() + sizeof(LogRecord);
}

struct Partition {
  PartitionKey key;
  int64_t start = 0;
  // Of the next record; all below are durable.
  int64_t end = 0;
  core::Time last_append = core::kTimeMin;
  // The latest records, up to `end`.
  std::deque<LogRecord> tail;
  size_t tail_bytes = 0;
};

struct Topic {
  uint32_t number = 0;
  TopicOptions options;
  std::vector<Partition> partitions;
};

// One call of Append that waits.
struct Request {
  std::vector<AppendRecord> records;
  std::vector<int64_t> offsets;
  absl::Status status;
  bool done = false;
};

}  // namespace

class EmbeddedLog::Impl {
 public:
  explicit Impl(const Options& options) : options_(options) {}
  ~Impl() {
    for (rocksdb::ColumnFamilyHandle* handle : {meta_, records_, compacted_}) {
      if (handle != nullptr) db_->DestroyColumnFamilyHandle(handle);
    }
  }

  absl::Status Open();

  absl::Status CreateTopic(const std::string& name, const TopicOptions& options);
  absl::StatusOr<std::vector<std::string>> Topics(std::string_view prefix);
  absl::StatusOr<int32_t> Partitions(const std::string& name);
  absl::StatusOr<std::vector<int64_t>> Append(std::vector<AppendRecord> records);
  absl::StatusOr<std::vector<LogRecord>> Read(const TopicPartition& from, int64_t offset,
                                              size_t records_max, size_t bytes_max);
  absl::StatusOr<std::pair<int64_t, int64_t>> Range(const TopicPartition& partition);
  bool WaitForAny(std::span<const Position> positions, std::chrono::milliseconds timeout);
  absl::Status Commit(const std::string& reader, const TopicPartition& partition, int64_t offset);
  absl::StatusOr<std::optional<int64_t>> Committed(const std::string& reader,
                                                   const TopicPartition& partition);
  absl::Status ApplyRetention();
  const std::string& incarnation() const { return incarnation_; }

 private:
  absl::Status LoadTopics();
  absl::Status LoadPartition(const Topic& topic, Partition& partition);
  rocksdb::ColumnFamilyHandle* FamilyOf(const Topic& topic) {
    return topic.options.compacted ? compacted_ : records_;
  }
  // Both with mutex_ held.
  Topic* FindTopic(const std::string& name);
  absl::StatusOr<Partition*> Find(const TopicPartition& name);

  absl::Status CheckRoom();
  absl::Status CheckRequest(const Request& request);
  // Gives offsets and times; adds to the batch.
  absl::Status Place(Request& request, std::map<const Partition*, int64_t>& ends,
                     rocksdb::WriteBatch& batch, std::map<std::string, int64_t>& latest,
                     std::vector<LogRecord>& placed);
  void Publish(std::vector<Request*>& group, std::vector<std::vector<LogRecord>>& placed);
  void Lead(std::unique_lock<std::mutex>& lock);
  absl::StatusOr<std::vector<LogRecord>> ReadStored(rocksdb::ColumnFamilyHandle* family,
                                                    PartitionKey key, int64_t offset, int64_t until,
                                                    size_t records_max, size_t bytes_max);
  std::optional<int64_t> LowestCommitted(const std::string& topic, int32_t partition);
  absl::StatusOr<int64_t> FirstKept(const Topic& topic, PartitionKey key, int64_t start,
                                    int64_t limit);

  const Options options_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  rocksdb::ColumnFamilyHandle* records_ = nullptr;
  rocksdb::ColumnFamilyHandle* compacted_ = nullptr;
  std::string incarnation_;

  std::mutex mutex_;
  std::condition_variable appended_;  // an append became durable, or a leader is done
  std::map<std::string, Topic, std::less<>> topics_;
  std::map<std::string, int64_t> committed_;
  std::deque<Request*> waiting_;
  bool leading_ = false;
};

absl::Status EmbeddedLog::Impl::Open() {
  std::error_code error;
  std::filesystem::create_directories(options_.dir, error);
  rocksdb::DBOptions db_options = DbOptions(*options_.memory);
  db_options.max_total_wal_size = 256 << 20;
  // What is appended is read in order and later dropped in order: it need not be sorted into levels
  // again and again.
  rocksdb::ColumnFamilyOptions records = TableOptions(*options_.memory);
  records.compaction_style = rocksdb::kCompactionStyleUniversal;
  records.compression = rocksdb::kNoCompression;
  records.compression_per_level.clear();
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, TableOptions(*options_.memory)},
      {"records", records},
      {"compacted", TableOptions(*options_.memory)}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::Status opened = rocksdb::DB::Open(db_options, options_.dir, families, &handles, &db);
  if (!opened.ok()) return FromRocks(opened, "log " + options_.dir);
  db_.reset(db);
  meta_ = handles[0];
  records_ = handles[1];
  compacted_ = handles[2];
  rocksdb::Status found = db_->Get({}, meta_, ToSlice(kIncarnationKey), &incarnation_);
  if (found.IsNotFound()) {
    incarnation_ = RandomIncarnation();
    rocksdb::WriteOptions sync;
    sync.sync = true;
    found = db_->Put(sync, meta_, ToSlice(kIncarnationKey), incarnation_);
  }
  if (!found.ok()) return FromRocks(found, "log");
  return LoadTopics();
}

absl::Status EmbeddedLog::Impl::LoadTopics() {
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, meta_));
  for (it->Seek("reader/"); it->Valid() && it->key().starts_with("reader/"); it->Next()) {
    committed_[it->key().ToString()] = DecodeOffset(ToView(it->value()));
  }
  for (it->Seek("topic/"); it->Valid() && it->key().starts_with("topic/"); it->Next()) {
    Topic topic;
    int compacted = 0;
    int64_t hours = 0;
    std::istringstream(it->value().ToString()) >> topic.number >> topic.options.partitions >>
        compacted >> hours;
    topic.options.compacted = compacted != 0;
    topic.options.retention = std::chrono::hours(hours);
    topic.partitions.resize(static_cast<size_t>(topic.options.partitions));
    for (int32_t p = 0; p < topic.options.partitions; ++p) {
      Partition& partition = topic.partitions[static_cast<size_t>(p)];
      partition.key = {topic.number, p};
      if (absl::Status status = LoadPartition(topic, partition); !status.ok()) return status;
    }
    topics_.emplace(it->key().ToString().substr(6), std::move(topic));
  }
  return FromRocks(it->status(), "log");
}

absl::Status EmbeddedLog::Impl::LoadPartition(const Topic& topic, Partition& partition) {
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, FamilyOf(topic)));
  const std::string first = RecordKey(partition.key, 0);
  const std::string last = RecordKey(partition.key, std::numeric_limits<int64_t>::max());
  it->Seek(first);
  if (!it->Valid() || ToView(it->key()) > last) return FromRocks(it->status(), "log");
  partition.start = topic.options.compacted ? 0 : OffsetOfRecordKey(ToView(it->key()));
  it->SeekForPrev(last);
  if (!it->Valid()) return FromRocks(it->status(), "log");
  partition.end = OffsetOfRecordKey(ToView(it->key())) + 1;
  partition.last_append = AppendTimeOf(ToView(it->value()));
  return absl::OkStatus();
}

Topic* EmbeddedLog::Impl::FindTopic(const std::string& name) {
  auto it = topics_.find(name);
  return it == topics_.end() ? nullptr : &it->second;
}

absl::StatusOr<Partition*> EmbeddedLog::Impl::Find(const TopicPartition& name) {
  Topic* topic = FindTopic(name.topic);
  if (topic == nullptr) return absl::NotFoundError("no topic " + name.topic);
  if (name.partition < 0 || name.partition >= topic->options.partitions) {
    return absl::NotFoundError("no partition " + std::to_string(name.partition) + " of " +
                               name.topic);
  }
  return &topic->partitions[static_cast<size_t>(name.partition)];
}

absl::Status EmbeddedLog::Impl::CreateTopic(const std::string& name, const TopicOptions& options) {
  std::lock_guard lock(mutex_);
  if (const Topic* topic = FindTopic(name)) {
    if (topic->options.partitions == options.partitions) return absl::OkStatus();
    return absl::FailedPreconditionError(
        name + " has " + std::to_string(topic->options.partitions) + " partitions, not " +
        std::to_string(options.partitions) +
        ": keys would move to other partitions. Replay the reports into a new "
        "directory to change it");
  }
  Topic topic;
  for (const auto& [other, known] : topics_)
    topic.number = std::max(topic.number, known.number + 1);
  topic.options = options;
  for (int32_t p = 0; p < options.partitions; ++p)
    topic.partitions.emplace_back().key = {topic.number, p};
  std::ostringstream value;
  value << topic.number << ' ' << options.partitions << ' ' << options.compacted << ' '
        << options.retention.count();
  rocksdb::WriteOptions sync;
  sync.sync = true;
  rocksdb::Status written = db_->Put(sync, meta_, TopicKey(name), value.str());
  if (!written.ok()) return FromRocks(written, "log");
  topics_.emplace(name, std::move(topic));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> EmbeddedLog::Impl::Topics(std::string_view prefix) {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (auto it = topics_.lower_bound(prefix); it != topics_.end() && it->first.starts_with(prefix);
       ++it) {
    names.push_back(it->first);
  }
  return names;
}

absl::StatusOr<int32_t> EmbeddedLog::Impl::Partitions(const std::string& name) {
  std::lock_guard lock(mutex_);
  const Topic* topic = FindTopic(name);
  if (topic == nullptr) return absl::NotFoundError("no topic " + name);
  return topic->options.partitions;
}

absl::StatusOr<std::vector<int64_t>> EmbeddedLog::Impl::Append(std::vector<AppendRecord> records) {
  Request request;
  request.records = std::move(records);
  std::unique_lock lock(mutex_);
  if (absl::Status status = CheckRequest(request); !status.ok()) return status;
  waiting_.push_back(&request);
  while (!request.done) {
    if (leading_) {
      appended_.wait(lock);
    } else {
      Lead(lock);
    }
  }
  if (!request.status.ok()) return request.status;
  return std::move(request.offsets);
}

absl::Status EmbeddedLog::Impl::CheckRequest(const Request& request) {
  for (const AppendRecord& record : request.records) {
    if (auto partition = Find(record.to); !partition.ok()) return partition.status();
  }
  return absl::OkStatus();
}

absl::Status EmbeddedLog::Impl::CheckRoom() {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(options_.dir, error);
  if (error || space.available >= options_.reserve_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError("log " + options_.dir + ": only " +
                                      std::to_string(space.available >> 20) +
                                      " MiB of disk are free, nothing is taken below " +
                                      std::to_string(options_.reserve_bytes >> 20) + " MiB");
}

// Writes what waits, its own request among it sooner or later, and wakes everybody.
void EmbeddedLog::Impl::Lead(std::unique_lock<std::mutex>& lock) {
  leading_ = true;
  std::vector<Request*> group;
  size_t bytes = 0;
  while (!waiting_.empty() && bytes < kGroupBytesMax) {
    group.push_back(waiting_.front());
    waiting_.pop_front();
    for (const AppendRecord& record : group.back()->records)
      bytes += record.key.size() + record.value.size();
  }
  rocksdb::WriteBatch batch;
  std::map<const Partition*, int64_t> ends;
  std::map<std::string, int64_t> latest;
  std::vector<std::vector<LogRecord>> placed(group.size());
  absl::Status status = CheckRoom();
  for (size_t i = 0; i < group.size() && status.ok(); ++i)
    status = Place(*group[i], ends, batch, latest, placed[i]);
  // Nobody else writes while `leading_` stands, and readers see nothing before it is published.
  lock.unlock();
  if (status.ok()) {
    rocksdb::WriteOptions sync;
    sync.sync = true;
    status = FromRocks(db_->Write(sync, &batch), "log");
  }
  lock.lock();
  if (status.ok()) Publish(group, placed);
  for (Request* request : group) {
    request->status = status;
    request->done = true;
  }
  leading_ = false;
  appended_.notify_all();
}

absl::Status EmbeddedLog::Impl::Place(Request& request, std::map<const Partition*, int64_t>& ends,
                                      rocksdb::WriteBatch& batch,
                                      std::map<std::string, int64_t>& latest,
                                      std::vector<LogRecord>& placed) {
  const core::Time now = options_.clock();
  for (AppendRecord& record : request.records) {
    const Topic& topic = *FindTopic(record.to.topic);
    Partition& partition = *Find(record.to).value();
    const int64_t offset = ends.try_emplace(&partition, partition.end).first->second++;
    partition.last_append = std::max(partition.last_append, now);
    rocksdb::ColumnFamilyHandle* family = FamilyOf(topic);
    if (topic.options.compacted) {
      const std::string index = IndexKey(partition.key, record.key);
      auto [entry, inserted] = latest.try_emplace(index, offset);
      std::string before;
      if (!inserted) {
        batch.Delete(family, RecordKey(partition.key, entry->second));
        entry->second = offset;
      } else if (db_->Get({}, family, index, &before).ok()) {
        batch.Delete(family, RecordKey(partition.key, DecodeOffset(before)));
      }
      batch.Put(family, index, EncodeOffset(offset));
    }
    batch.Put(family, RecordKey(partition.key, offset),
              EncodeRecord(partition.last_append, record.key, record.value));
    request.offsets.push_back(offset);
    placed.push_back(
        {offset, partition.last_append, std::move(record.key), std::move(record.value)});
  }
  return absl::OkStatus();
}

void EmbeddedLog::Impl::Publish(std::vector<Request*>& group,
                                std::vector<std::vector<LogRecord>>& placed) {
  for (size_t i = 0; i < group.size(); ++i) {
    for (size_t j = 0; j < placed[i].size(); ++j) {
      Partition& partition = *Find(group[i]->records[j].to).value();
      LogRecord& record = placed[i][j];
      partition.end = record.offset + 1;
      partition.tail_bytes += BytesOf(record);
      partition.tail.push_back(std::move(record));
      while (partition.tail_bytes > options_.tail_bytes_max) {
        partition.tail_bytes -= BytesOf(partition.tail.front());
        partition.tail.pop_front();
      }
    }
  }
}

absl::StatusOr<std::vector<LogRecord>> EmbeddedLog::Impl::Read(const TopicPartition& from,
                                                               int64_t offset, size_t records_max,
                                                               size_t bytes_max) {
  std::unique_lock lock(mutex_);
  absl::StatusOr<Partition*> found = Find(from);
  if (!found.ok()) return found.status();
  const Partition& partition = **found;
  if (offset < partition.start) {
    return absl::OutOfRangeError(from.topic + "/" + std::to_string(from.partition) +
                                 " begins at offset " + std::to_string(partition.start) + ", " +
                                 std::to_string(offset) + " is gone");
  }
  std::vector<LogRecord> records;
  if (offset >= partition.end) return records;
  if (!partition.tail.empty() && offset >= partition.tail.front().offset) {
    size_t bytes = 0;
    for (auto i = static_cast<size_t>(offset - partition.tail.front().offset);
         i < partition.tail.size() && records.size() < records_max &&
         (records.empty() || bytes < bytes_max);
         ++i) {
      records.push_back(partition.tail[i]);
      bytes += BytesOf(partition.tail[i]);
    }
    return records;
  }
  rocksdb::ColumnFamilyHandle* family = FamilyOf(*FindTopic(from.topic));
  const PartitionKey key = partition.key;
  const int64_t until = partition.end;
  lock.unlock();
  return ReadStored(family, key, offset, until, records_max, bytes_max);
}

absl::StatusOr<std::vector<LogRecord>> EmbeddedLog::Impl::ReadStored(
    rocksdb::ColumnFamilyHandle* family, PartitionKey key, int64_t offset, int64_t until,
    size_t records_max, size_t bytes_max) {
  const std::string bound = RecordKey(key, until);
  const rocksdb::Slice bound_slice(bound);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound_slice;
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options, family));
  std::vector<LogRecord> records;
  size_t bytes = 0;
  for (it->Seek(RecordKey(key, offset));
       it->Valid() && records.size() < records_max && (records.empty() || bytes < bytes_max);
       it->Next()) {
    LogRecord record;
    record.offset = OffsetOfRecordKey(ToView(it->key()));
    if (!DecodeRecord(ToView(it->value()), record)) {
      return absl::DataLossError("log: the record at offset " + std::to_string(record.offset) +
                                 " is damaged");
    }
    bytes += BytesOf(record);
    records.push_back(std::move(record));
  }
  if (!it->status().ok()) return FromRocks(it->status(), "log");
  return records;
}

absl::StatusOr<std::pair<int64_t, int64_t>> EmbeddedLog::Impl::Range(
    const TopicPartition& partition) {
  std::lock_guard lock(mutex_);
  absl::StatusOr<Partition*> found = Find(partition);
  if (!found.ok()) return found.status();
  return std::pair((*found)->start, (*found)->end);
}

bool EmbeddedLog::Impl::WaitForAny(std::span<const Position> positions,
                                   std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return appended_.wait_for(lock, timeout, [&] {
    return std::any_of(positions.begin(), positions.end(), [&](const Position& position) {
      absl::StatusOr<Partition*> found = Find(position.partition);
      return found.ok() && (*found)->end > position.offset;
    });
  });
}

absl::Status EmbeddedLog::Impl::Commit(const std::string& reader, const TopicPartition& partition,
                                       int64_t offset) {
  const std::string key = ReaderKey(reader, partition);
  std::lock_guard lock(mutex_);
  if (auto found = Find(partition); !found.ok()) return found.status();
  auto known = committed_.find(key);
  if (known != committed_.end() && known->second == offset) return absl::OkStatus();
  rocksdb::Status written = db_->Put({}, meta_, key, EncodeOffset(offset));
  if (!written.ok()) return FromRocks(written, "log");
  committed_[key] = offset;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<int64_t>> EmbeddedLog::Impl::Committed(
    const std::string& reader, const TopicPartition& partition) {
  std::lock_guard lock(mutex_);
  auto known = committed_.find(ReaderKey(reader, partition));
  if (known == committed_.end()) return std::nullopt;
  return std::optional(known->second);
}

std::optional<int64_t> EmbeddedLog::Impl::LowestCommitted(const std::string& topic,
                                                          int32_t partition) {
  const std::string suffix = "/" + topic + "/" + std::to_string(partition);
  std::optional<int64_t> lowest;
  for (const auto& [key, offset] : committed_) {
    if (key.ends_with(suffix)) lowest = std::min(lowest.value_or(offset), offset);
  }
  return lowest;
}

// The first offset that retention keeps: binary search by append time, below `limit`.
absl::StatusOr<int64_t> EmbeddedLog::Impl::FirstKept(const Topic& topic, PartitionKey key,
                                                     int64_t start, int64_t limit) {
  const core::Time oldest = options_.clock() - topic.options.retention.count() * core::kHour;
  int64_t low = start;
  int64_t high = limit;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    std::string value;
    rocksdb::Status found = db_->Get({}, FamilyOf(topic), RecordKey(key, middle), &value);
    if (!found.ok()) return FromRocks(found, "log");
    if (AppendTimeOf(value) < oldest) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

absl::Status EmbeddedLog::Impl::ApplyRetention() {
  std::lock_guard lock(mutex_);
  for (auto& [name, topic] : topics_) {
    if (topic.options.compacted) continue;
    for (Partition& partition : topic.partitions) {
      // The last record stays: it tells the next offset.
      int64_t limit = partition.end - 1;
      // Rejections are there for partners, who keep no position here; all else has a reader that
      // will come.
      const bool has_reader = !name.starts_with(kRejectsPrefix);
      if (has_reader)
        limit = std::min(limit, LowestCommitted(name, partition.key.partition).value_or(0));
      if (limit <= partition.start) continue;
      absl::StatusOr<int64_t> kept = FirstKept(topic, partition.key, partition.start, limit);
      if (!kept.ok()) return kept.status();
      if (*kept == partition.start) continue;
      rocksdb::Status deleted = db_->DeleteRange(
          {}, records_, RecordKey(partition.key, partition.start), RecordKey(partition.key, *kept));
      if (!deleted.ok()) return FromRocks(deleted, "log");
      partition.start = *kept;
      while (!partition.tail.empty() && partition.tail.front().offset < *kept) {
        partition.tail_bytes -= BytesOf(partition.tail.front());
        partition.tail.pop_front();
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<EmbeddedLog>> EmbeddedLog::Open(const Options& options) {
  auto impl = std::make_unique<Impl>(options);
  if (absl::Status status = impl->Open(); !status.ok()) return status;
  return std::unique_ptr<EmbeddedLog>(new EmbeddedLog(std::move(impl)));
}

EmbeddedLog::EmbeddedLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EmbeddedLog::~EmbeddedLog() = default;

absl::Status EmbeddedLog::CreateTopic(const std::string& topic, const TopicOptions& options) {
  return impl_->CreateTopic(topic, options);
}
absl::StatusOr<std::vector<std::string>> EmbeddedLog::Topics(std::string_view prefix) {
  return impl_->Topics(prefix);
}
absl::StatusOr<int32_t> EmbeddedLog::Partitions(const std::string& topic) {
  return impl_->Partitions(topic);
}
absl::StatusOr<std::vector<int64_t>> EmbeddedLog::Append(std::vector<AppendRecord> records) {
  return impl_->Append(std::move(records));
}
absl::StatusOr<std::vector<LogRecord>> EmbeddedLog::Read(const TopicPartition& from, int64_t offset,
                                                         size_t records_max, size_t bytes_max) {
  return impl_->Read(from, offset, records_max, bytes_max);
}
absl::StatusOr<int64_t> EmbeddedLog::EndOffset(const TopicPartition& partition) {
  auto range = impl_->Range(partition);
  if (!range.ok()) return range.status();
  return range->second;
}
absl::StatusOr<int64_t> EmbeddedLog::StartOffset(const TopicPartition& partition) {
  auto range = impl_->Range(partition);
  if (!range.ok()) return range.status();
  return range->first;
}
bool EmbeddedLog::WaitForAny(std::span<const Position> positions,
                             std::chrono::milliseconds timeout) {
  return impl_->WaitForAny(positions, timeout);
}
absl::Status EmbeddedLog::Commit(const std::string& reader, const TopicPartition& partition,
                                 int64_t offset) {
  return impl_->Commit(reader, partition, offset);
}
absl::StatusOr<std::optional<int64_t>> EmbeddedLog::Committed(const std::string& reader,
                                                              const TopicPartition& partition) {
  return impl_->Committed(reader, partition);
}
std::string EmbeddedLog::Incarnation() const { return impl_->incarnation(); }
absl::Status EmbeddedLog::ApplyRetention() { return impl_->ApplyRetention(); }

}  // namespace ringfence::runtime
