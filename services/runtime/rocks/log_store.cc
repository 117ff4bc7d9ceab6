#include "services/runtime/rocks/log_store.h"

#include <rocksdb/convenience.h>
#include <rocksdb/sst_partitioner.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <limits>
#include <random>

#include "absl/strings/str_format.h"

namespace ringfence::runtime {
namespace {

constexpr std::string_view kWhat = "log";
constexpr int64_t kOffsetMax = std::numeric_limits<int64_t>::max();

// Ends a file where the next partition begins, unless it is small. Then files further down belong
// to one partition each, and what comes later lies behind them: RocksDB moves files from level to
// level without reading them.
class ByPartition : public rocksdb::SstPartitioner {
 public:
  static constexpr uint64_t kFileBytesMin = 1 << 20;

  const char* Name() const override { return "RingfenceByPartition"; }
  rocksdb::PartitionerResult ShouldPartition(const rocksdb::PartitionerRequest& request) override {
    if (request.current_output_file_size < kFileBytesMin) return rocksdb::kNotRequired;
    const std::string_view before = ToView(*request.prev_user_key);
    const std::string_view after = ToView(*request.current_user_key);
    return before.substr(0, kPartitionPrefixBytes) == after.substr(0, kPartitionPrefixBytes)
               ? rocksdb::kNotRequired
               : rocksdb::kRequired;
  }
  bool CanDoTrivialMove(const rocksdb::Slice&, const rocksdb::Slice&) override { return true; }
};

class ByPartitionFactory : public rocksdb::SstPartitionerFactory {
 public:
  const char* Name() const override { return "RingfenceByPartitionFactory"; }
  std::unique_ptr<rocksdb::SstPartitioner> CreatePartitioner(
      const rocksdb::SstPartitioner::Context&) const override {
    return std::make_unique<ByPartition>();
  }
};

// Appended in order, read in order, deleted in order. Not compressed: what is written here passes
// once through every level, and a file can only be moved as it is.
rocksdb::ColumnFamilyOptions RecordsOptions(const RocksMemory& memory) {
  rocksdb::ColumnFamilyOptions options = TableOptions(memory);
  rocksdb::BlockBasedTableOptions table =
      *options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  table.filter_policy.reset();
  table.block_size = 32 << 10;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kNoCompression;
  options.compression_per_level.clear();
  options.level_compaction_dynamic_level_bytes = false;
  options.max_bytes_for_level_base = 128 << 20;
  options.sst_partitioner_factory = std::make_shared<ByPartitionFactory>();
  return options;
}

// RFC 9562, version 4.
std::string RandomUuid() {
  std::random_device random;
  const uint32_t a = random(), b = random(), c = random(), d = random();
  return absl::StrFormat("%08x-%04x-4%03x-%04x-%04x%08x", a, b >> 16, b & 0xfff,
                         (c >> 16 & 0x3fff) | 0x8000, c & 0xffff, d);
}

}  // namespace

LogStore::LogStore(std::string dir, std::shared_ptr<RocksMemory> memory)
    : dir_(std::move(dir)), memory_(std::move(memory)) {}

LogStore::~LogStore() = default;

absl::Status LogStore::Open() {
  absl::WriterMutexLock lock(&mutex_);
  broken_ = true;
  database_.reset();
  guard_ = std::make_shared<WalGuard>(memory_->files());
  Database::Options options;
  options.dir = dir_;
  options.memory = memory_;
  options.files = guard_;
  options.families = {{rocksdb::kDefaultColumnFamilyName, TableOptions(*memory_)},
                      {"records", RecordsOptions(*memory_)},
                      {"compacted", TableOptions(*memory_)},
                      {"index", TableOptions(*memory_)}};
  absl::StatusOr<std::unique_ptr<Database>> database = Database::Open(options);
  if (!database.ok()) return database.status();
  // Opening writes too.
  if (guard_->failed()) return guard_->failure();
  database_ = *std::move(database);
  return absl::OkStatus();
}

bool LogStore::broken() const { return broken_; }

absl::Status LogStore::Usable() const {
  if (!broken_) return absl::OkStatus();
  if (guard_ && guard_->failed()) return guard_->failure();
  return absl::UnavailableError("log " + dir_ + ": waits to be opened again after an error");
}

absl::StatusOr<std::string> LogStore::LoadIncarnation() {
  std::string incarnation;
  const rocksdb::Status found = db().Get({}, family(kMeta), ToSlice(kIncarnationKey), &incarnation);
  if (found.ok()) return incarnation;
  if (!found.IsNotFound()) return FromRocks(found, kWhat);
  incarnation = RandomUuid();
  rocksdb::WriteBatch batch;
  batch.Put(family(kMeta), ToSlice(kIncarnationKey), incarnation).PermitUncheckedError();
  if (absl::Status status = WriteSynced(batch); !status.ok()) return status;
  return incarnation;
}

absl::Status LogStore::LoadRange(LogPartition& partition) {
  std::unique_ptr<rocksdb::Iterator> it(db().NewIterator({}, RecordsOf(partition)));
  const std::string first = RecordKey(partition.key, 0);
  const std::string last = RecordKey(partition.key, kOffsetMax);
  it->Seek(first);
  if (!it->Valid() || ToView(it->key()) > last) return FromRocks(it->status(), kWhat);
  if (!partition.compacted) partition.start = OffsetInKey(ToView(it->key()));
  it->SeekForPrev(last);
  if (!it->Valid()) return FromRocks(it->status(), kWhat);
  absl::StatusOr<core::Time> append_time = AppendTimeOf(ToView(it->value()));
  if (!append_time.ok()) return append_time.status();
  partition.end = OffsetInKey(ToView(it->key())) + 1;
  partition.last_append = *append_time;
  return absl::OkStatus();
}

absl::StatusOr<LogStore::Contents> LogStore::Load() {
  absl::ReaderMutexLock lock(&mutex_);
  if (database_ == nullptr) return Usable();
  Contents contents;
  absl::StatusOr<std::string> incarnation = LoadIncarnation();
  if (!incarnation.ok()) return incarnation.status();
  contents.incarnation = *std::move(incarnation);
  std::unique_ptr<rocksdb::Iterator> it(db().NewIterator({}, family(kMeta)));
  for (it->Seek(ToSlice(kPositionPrefix));
       it->Valid() && ToView(it->key()).starts_with(kPositionPrefix); it->Next()) {
    absl::StatusOr<PositionName> name = DecodePositionName(ToView(it->key()));
    if (!name.ok()) return name.status();
    absl::StatusOr<int64_t> offset = DecodeOffset(ToView(it->value()));
    if (!offset.ok()) return offset.status();
    contents.positions[*std::move(name)] = *offset;
  }
  if (!it->status().ok()) return FromRocks(it->status(), kWhat);
  for (it->Seek(ToSlice(kTopicPrefix)); it->Valid() && ToView(it->key()).starts_with(kTopicPrefix);
       it->Next()) {
    absl::StatusOr<StoredTopic> stored = DecodeTopic(ToView(it->value()));
    if (!stored.ok()) return stored.status();
    LogTopic& topic = contents.topics[std::string(ToView(it->key()).substr(kTopicPrefix.size()))];
    topic.stored = *stored;
    for (int32_t p = 0; p < stored->options.partitions; ++p) {
      LogPartition& partition = topic.partitions.emplace_back();
      partition.key = {stored->number, p};
      partition.compacted = stored->options.compacted;
      if (absl::Status status = LoadRange(partition); !status.ok()) return status;
    }
  }
  if (!it->status().ok()) return FromRocks(it->status(), kWhat);
  broken_ = false;
  return contents;
}

absl::Status LogStore::Batch::Add(const LogPartition& partition, int64_t offset,
                                  core::Time append_time, const AppendRecord& record) {
  absl::ReaderMutexLock lock(&store_.mutex_);
  if (absl::Status status = store_.Usable(); !status.ok()) return status;
  if (partition.compacted) {
    if (absl::Status status = Replace(partition, offset, record.key); !status.ok()) return status;
    if (record.value.empty()) {
      batch_
          .Put(store_.family(kIndex), RemovalKey(partition.key, offset),
               EncodeRemoval(append_time, record.key))
          .PermitUncheckedError();
    }
  }
  const std::string key = RecordKey(partition.key, offset);
  const RecordHeader header = EncodeHeader(append_time, record.key.size());
  const rocksdb::Slice key_part = key;
  const rocksdb::Slice parts[] = {{header.data(), header.size()}, record.key, record.value};
  return FromRocks(batch_.Put(store_.RecordsOf(partition), {&key_part, 1}, {parts, 3}), kWhat);
}

// Deletes what the key's new record at `offset` replaces.
absl::Status LogStore::Batch::Replace(const LogPartition& partition, int64_t offset,
                                      const std::string& key) {
  const std::string index_key = IndexKey(partition.key, key);
  const auto [entry, fresh] = replaced_.try_emplace(index_key, offset);
  int64_t before = entry->second;
  if (fresh) {
    std::string stored;
    const rocksdb::Status found = store_.db().Get({}, store_.family(kIndex), index_key, &stored);
    if (!found.ok() && !found.IsNotFound()) return FromRocks(found, kWhat);
    if (found.ok()) {
      absl::StatusOr<int64_t> decoded = DecodeOffset(stored);
      if (!decoded.ok()) return decoded.status();
      before = *decoded;
    }
  }
  entry->second = offset;
  if (before != offset) {
    batch_.Delete(store_.family(kCompacted), RecordKey(partition.key, before))
        .PermitUncheckedError();
  }
  return FromRocks(batch_.Put(store_.family(kIndex), index_key, EncodeOffset(offset)), kWhat);
}

void LogStore::Batch::SetPosition(const PositionName& name, int64_t offset) {
  absl::ReaderMutexLock lock(&store_.mutex_);
  if (!store_.Usable().ok()) return;
  batch_.Put(store_.family(kMeta), EncodePositionName(name), EncodeOffset(offset))
      .PermitUncheckedError();
}

void LogStore::Batch::SetTopic(const std::string& name, const StoredTopic& topic) {
  absl::ReaderMutexLock lock(&store_.mutex_);
  if (!store_.Usable().ok()) return;
  batch_.Put(store_.family(kMeta), std::string(kTopicPrefix) + name, EncodeTopic(topic))
      .PermitUncheckedError();
}

absl::Status LogStore::Write(Batch& batch) {
  absl::ReaderMutexLock lock(&mutex_);
  if (absl::Status status = Usable(); !status.ok()) return status;
  return WriteSynced(batch.batch_);
}

absl::Status LogStore::WriteSynced(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.sync = true;
  absl::Status status = FromRocks(db().Write(options, &batch), kWhat);
  if (status.ok()) status = guard_->failure();
  if (!status.ok()) broken_ = true;
  return status;
}

absl::StatusOr<std::vector<LogRecord>> LogStore::Read(const LogPartition& partition, int64_t offset,
                                                      size_t records_max, size_t bytes_max) {
  absl::ReaderMutexLock lock(&mutex_);
  if (absl::Status status = Usable(); !status.ok()) return status;
  const std::string bound = RecordKey(partition.key, partition.end);
  const rocksdb::Slice bound_slice(bound);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound_slice;
  std::unique_ptr<rocksdb::Iterator> it(db().NewIterator(options, RecordsOf(partition)));
  std::vector<LogRecord> records;
  size_t bytes = 0;
  for (it->Seek(RecordKey(partition.key, offset)); it->Valid() && records.size() < records_max;
       it->Next()) {
    absl::StatusOr<LogRecord> record =
        DecodeRecord(OffsetInKey(ToView(it->key())), ToView(it->value()));
    if (!record.ok()) return record.status();
    bytes += record->value.size();
    if (!records.empty() && bytes > bytes_max) break;
    records.push_back(*std::move(record));
  }
  if (!it->status().ok()) return FromRocks(it->status(), kWhat);
  if (!partition.compacted && offset < partition.end &&
      (records.empty() || records.front().offset != offset)) {
    return absl::OutOfRangeError("log: offset " + std::to_string(offset) + " is gone");
  }
  return records;
}

absl::StatusOr<int64_t> LogStore::FirstSince(const LogPartition& partition, int64_t limit,
                                             core::Time oldest) {
  absl::ReaderMutexLock lock(&mutex_);
  if (absl::Status status = Usable(); !status.ok()) return status;
  int64_t low = partition.start;
  int64_t high = std::max(low, limit);
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    std::string value;
    const rocksdb::Status found =
        db().Get({}, RecordsOf(partition), RecordKey(partition.key, middle), &value);
    if (!found.ok()) return FromRocks(found, kWhat);
    absl::StatusOr<core::Time> append_time = AppendTimeOf(value);
    if (!append_time.ok()) return append_time.status();
    (*append_time < oldest ? low : high) = *append_time < oldest ? middle + 1 : middle;
  }
  return low;
}

absl::Status LogStore::DeleteUntil(const LogPartition& partition, int64_t until) {
  absl::ReaderMutexLock lock(&mutex_);
  if (absl::Status status = Usable(); !status.ok()) return status;
  const std::string from = RecordKey(partition.key, partition.start);
  const std::string bound = RecordKey(partition.key, until);
  const rocksdb::Status deleted = db().DeleteRange({}, RecordsOf(partition), from, bound);
  if (guard_->failed()) {
    broken_ = true;
    return guard_->failure();
  }
  if (!deleted.ok()) return FromRocks(deleted, kWhat);
  // Whole files at once, without waiting for a compaction. What it leaves, the range above covers.
  const rocksdb::Slice from_slice(from), bound_slice(bound);
  return FromRocks(
      rocksdb::DeleteFilesInRange(&db(), RecordsOf(partition), &from_slice, &bound_slice, false),
      kWhat);
}

absl::StatusOr<size_t> LogStore::PurgeRemovals(const LogPartition& partition, core::Time oldest,
                                               size_t removals_max) {
  absl::ReaderMutexLock lock(&mutex_);
  if (absl::Status status = Usable(); !status.ok()) return status;
  // The last record stays: it tells the next offset.
  const std::string bound = RemovalKey(partition.key, partition.end - 1);
  const rocksdb::Slice bound_slice(bound);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound_slice;
  std::unique_ptr<rocksdb::Iterator> it(db().NewIterator(options, family(kIndex)));
  rocksdb::WriteBatch batch;
  size_t removals = 0;
  for (it->Seek(RemovalKey(partition.key, 0)); it->Valid() && removals < removals_max; it->Next()) {
    absl::StatusOr<std::pair<core::Time, std::string>> removal = DecodeRemoval(ToView(it->value()));
    if (!removal.ok()) return removal.status();
    if (removal->first >= oldest) break;
    ++removals;
    const int64_t offset = OffsetInKey(ToView(it->key()));
    const std::string index_key = IndexKey(partition.key, removal->second);
    std::string last;
    const rocksdb::Status found = db().Get({}, family(kIndex), index_key, &last);
    if (!found.ok() && !found.IsNotFound()) return FromRocks(found, kWhat);
    // Otherwise the key has come back since.
    if (found.ok() && last == EncodeOffset(offset)) {
      batch.Delete(family(kIndex), index_key).PermitUncheckedError();
      batch.Delete(family(kCompacted), RecordKey(partition.key, offset)).PermitUncheckedError();
    }
    batch.Delete(family(kIndex), it->key()).PermitUncheckedError();
  }
  if (!it->status().ok()) return FromRocks(it->status(), kWhat);
  if (removals == 0) return removals;
  if (absl::Status status = WriteSynced(batch); !status.ok()) return status;
  return removals;
}

absl::StatusOr<uint64_t> LogStore::FreeBytes() {
  uint64_t bytes = 0;
  const rocksdb::IOStatus status =
      memory_->files()->GetFreeSpace(dir_, rocksdb::IOOptions(), &bytes, nullptr);
  if (!status.ok()) return FromRocks(status, "free space of the log's disk");
  return bytes;
}

}  // namespace ringfence::runtime
