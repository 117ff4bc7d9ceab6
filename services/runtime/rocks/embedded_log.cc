#include "services/runtime/rocks/embedded_log.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/runtime/log/retention.h"
#include "services/runtime/rocks/log_catalog.h"
#include "services/runtime/rocks/log_store.h"
#include "services/runtime/rocks/log_tails.h"
#include "services/runtime/rocks/retention_clock.h"

namespace ringfence::runtime {
namespace {

// Of what waits, the next write takes this much, so that nobody waits for more than one other.
constexpr size_t kGroupBytesMax = size_t{16} << 20;
constexpr size_t kPurgedAtOnceMax = 1'000;
// One call of Append that waits.
struct Request {
  std::vector<AppendRecord> records;
  // Where each record goes.
  std::vector<LogPartition*> partitions;
  std::vector<int64_t> offsets;
  core::Time append_time = 0;
  absl::Status status;
  bool done = false;
};

}  // namespace

class EmbeddedLog::Impl {
 public:
  explicit Impl(const Options& options)
      : options_(options), store_(options.dir, options.memory), tails_(options.tail_bytes_max) {}
  ~Impl();

  // Once.
  absl::Status Begin();

  absl::Status CreateTopic(const std::string& name, const TopicOptions& options);
  absl::StatusOr<std::vector<std::string>> Topics(std::string_view prefix);
  absl::StatusOr<int32_t> Partitions(const std::string& name);
  absl::StatusOr<std::vector<int64_t>> Append(std::vector<AppendRecord> records);
  absl::StatusOr<std::vector<LogRecord>> Read(const TopicPartition& from, int64_t offset,
                                              size_t records_max, size_t bytes_max);
  absl::StatusOr<LogPartition> Find(const TopicPartition& name);
  bool WaitForAny(std::span<const Position> positions, std::chrono::milliseconds timeout);
  absl::Status Commit(const std::string& reader, const TopicPartition& partition, int64_t offset);
  absl::StatusOr<std::optional<int64_t>> Committed(const std::string& reader,
                                                   const TopicPartition& partition);
  absl::Status ApplyRetention();
  const std::string& incarnation() const { return incarnation_; }

 private:
  absl::Status Open();
  // Only who has the turn writes to the store, and changes ends of partitions.
  void TakeTurn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndTurn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::vector<Request*> TakeGroup() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // These have the turn, without the lock.
  absl::Status WriteGroup(const std::vector<Request*>& group,
                          const LogCatalog::Positions& positions) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status WriteTopic(const std::string& name, const LogTopic& topic)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status MakeWritable() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status WritePositions() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status LoadStore() ABSL_LOCKS_EXCLUDED(mutex_);
  void Publish(Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // What was appended before may go.
  core::Time Oldest(const std::string& name, const LogTopic& topic) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(retention_mutex_);
  absl::Status DropOld(const TopicPartition& name, const LogTopic& topic)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(retention_mutex_);
  absl::Status PurgeRemovals(const TopicPartition& name, const LogTopic& topic)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(retention_mutex_);

  const Options options_;
  LogStore store_;
  std::string incarnation_;

  absl::Mutex retention_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  std::optional<RetentionClock> believed_ ABSL_GUARDED_BY(retention_mutex_);
  // The clock as far as it is believed, at this retention.
  core::Time retention_now_ ABSL_GUARDED_BY(retention_mutex_) = core::kTimeMin;
  absl::Mutex mutex_;
  absl::CondVar appended_;  // for readers
  absl::CondVar turned_;    // for writers
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Request*> waiting_ ABSL_GUARDED_BY(mutex_);
  LogCatalog catalog_ ABSL_GUARDED_BY(mutex_);
  LogTails tails_ ABSL_GUARDED_BY(mutex_);
};

EmbeddedLog::Impl::~Impl() {
  if (!store_.broken()) WritePositions().IgnoreError();  // a reader that repeats some is at worst
}

absl::Status EmbeddedLog::Impl::Open() {
  if (absl::Status status = store_.Open(); !status.ok()) return status;
  return LoadStore();
}

absl::Status EmbeddedLog::Impl::Begin() {
  if (absl::Status status = Open(); !status.ok()) return status;
  if (!options_.steady) return absl::OkStatus();
  const absl::MutexLock retention_lock(&retention_mutex_);
  const absl::MutexLock lock(&mutex_);
  core::Time last = core::kTimeMin;
  for (const auto& [name, topic] : catalog_.topics()) {
    for (const LogPartition& partition : topic.partitions)
      last = std::max(last, partition.last_append);
  }
  believed_.emplace(last == core::kTimeMin ? options_.clock() : last, options_.steady());
  return absl::OkStatus();
}

absl::Status EmbeddedLog::Impl::LoadStore() {
  absl::StatusOr<LogStore::Contents> contents = store_.Load();
  if (!contents.ok()) return contents.status();
  absl::MutexLock lock(&mutex_);
  incarnation_ = contents->incarnation;
  tails_.Clear();
  for (auto& [name, topic] : contents->topics) catalog_.AddTopic(name, std::move(topic));
  for (const auto& [name, offset] : contents->positions) catalog_.LoadPosition(name, offset);
  return absl::OkStatus();
}

absl::StatusOr<LogPartition> EmbeddedLog::Impl::Find(const TopicPartition& name) {
  absl::MutexLock lock(&mutex_);
  const absl::StatusOr<LogPartition*> partition = catalog_.Find(name);
  if (!partition.ok()) return partition.status();
  return **partition;
}

void EmbeddedLog::Impl::TakeTurn() {
  while (writing_) turned_.Wait(&mutex_);
  writing_ = true;
}

void EmbeddedLog::Impl::EndTurn() {
  writing_ = false;
  turned_.SignalAll();
}

absl::Status EmbeddedLog::Impl::CreateTopic(const std::string& name, const TopicOptions& options) {
  absl::MutexLock lock(&mutex_);
  TakeTurn();
  absl::StatusOr<std::optional<LogTopic>> topic = catalog_.NewTopic(name, options);
  absl::Status status = topic.status();
  if (status.ok() && topic->has_value()) {
    mutex_.Unlock();
    status = WriteTopic(name, **topic);
    mutex_.Lock();
    if (status.ok()) catalog_.AddTopic(name, **std::move(topic));
  }
  EndTurn();
  return status;
}

absl::Status EmbeddedLog::Impl::WriteTopic(const std::string& name, const LogTopic& topic) {
  if (absl::Status status = MakeWritable(); !status.ok()) return status;
  LogStore::Batch batch = store_.NewBatch();
  batch.SetTopic(name, topic.stored);
  return store_.Write(batch);
}

absl::StatusOr<std::vector<std::string>> EmbeddedLog::Impl::Topics(std::string_view prefix) {
  absl::MutexLock lock(&mutex_);
  return catalog_.Names(prefix);
}

absl::StatusOr<int32_t> EmbeddedLog::Impl::Partitions(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  return catalog_.Partitions(name);
}

absl::StatusOr<std::vector<int64_t>> EmbeddedLog::Impl::Append(std::vector<AppendRecord> records) {
  Request request;
  request.records = std::move(records);
  absl::MutexLock lock(&mutex_);
  for (const AppendRecord& record : request.records) {
    const absl::StatusOr<LogPartition*> partition = catalog_.Find(record.to);
    if (!partition.ok()) return partition.status();
    request.partitions.push_back(*partition);
  }
  if (request.records.empty()) return request.offsets;
  waiting_.push_back(&request);
  while (!request.done) {
    if (writing_) {
      turned_.Wait(&mutex_);
      continue;
    }
    writing_ = true;
    const std::vector<Request*> group = TakeGroup();
    const LogCatalog::Positions positions = catalog_.TakeNewPositions();
    mutex_.Unlock();
    const absl::Status status = WriteGroup(group, positions);
    mutex_.Lock();
    if (!status.ok()) catalog_.GiveBack(positions);
    for (Request* written : group) {
      written->status = status;
      if (status.ok()) Publish(*written);
      written->done = true;
    }
    EndTurn();
    if (status.ok()) appended_.SignalAll();
  }
  if (!request.status.ok()) return request.status;
  return std::move(request.offsets);
}

std::vector<Request*> EmbeddedLog::Impl::TakeGroup() {
  std::vector<Request*> group;
  size_t bytes = 0;
  while (!waiting_.empty() && bytes < kGroupBytesMax) {
    group.push_back(waiting_.front());
    waiting_.pop_front();
    for (const AppendRecord& record : group.back()->records) {
      bytes += record.key.size() + record.value.size();
    }
  }
  return group;
}

// Readers see nothing of it before it is published.
absl::Status EmbeddedLog::Impl::WriteGroup(const std::vector<Request*>& group,
                                           const LogCatalog::Positions& positions) {
  if (absl::Status status = MakeWritable(); !status.ok()) return status;
  LogStore::Batch batch = store_.NewBatch();
  std::map<const LogPartition*, int64_t> ends;
  for (Request* request : group) {
    const core::Time now = options_.clock();
    request->append_time = now;
    request->offsets.clear();
    for (size_t i = 0; i < request->records.size(); ++i) {
      const LogPartition& partition = *request->partitions[i];
      const int64_t offset = ends.try_emplace(&partition, partition.end).first->second++;
      const core::Time append_time = std::max(now, partition.last_append);
      absl::Status status = batch.Add(partition, offset, append_time, request->records[i]);
      if (!status.ok()) return status;
      request->offsets.push_back(offset);
    }
  }
  for (const auto& [name, offset] : positions) batch.SetPosition(name, offset);
  return store_.Write(batch);
}

// Where there is room; opens the store again after an error.
absl::Status EmbeddedLog::Impl::MakeWritable() {
  const absl::StatusOr<uint64_t> free_bytes = store_.FreeBytes();
  if (!free_bytes.ok()) return free_bytes.status();
  if (*free_bytes < options_.reserve_bytes) {
    return absl::ResourceExhaustedError("log " + options_.dir + ": only " +
                                        std::to_string(*free_bytes >> 20) +
                                        " MiB of disk are free, nothing is taken below " +
                                        std::to_string(options_.reserve_bytes >> 20) + " MiB");
  }
  return store_.broken() ? Open() : absl::OkStatus();
}

absl::Status EmbeddedLog::Impl::WritePositions() {
  LogCatalog::Positions positions;
  {
    absl::MutexLock lock(&mutex_);
    TakeTurn();
    positions = catalog_.TakeNewPositions();
  }
  absl::Status status;
  if (!positions.empty()) {
    LogStore::Batch batch = store_.NewBatch();
    for (const auto& [name, offset] : positions) batch.SetPosition(name, offset);
    status = store_.Write(batch);
  }
  absl::MutexLock lock(&mutex_);
  if (!status.ok()) catalog_.GiveBack(positions);
  EndTurn();
  return status;
}

void EmbeddedLog::Impl::Publish(Request& request) {
  for (size_t i = 0; i < request.records.size(); ++i) {
    LogPartition& partition = *request.partitions[i];
    AppendRecord& record = request.records[i];
    partition.end = request.offsets[i] + 1;
    partition.last_append = std::max(partition.last_append, request.append_time);
    tails_.Push(partition.key, {request.offsets[i], partition.last_append, std::move(record.key),
                                std::move(record.value)});
  }
}

absl::StatusOr<std::vector<LogRecord>> EmbeddedLog::Impl::Read(const TopicPartition& from,
                                                               int64_t offset, size_t records_max,
                                                               size_t bytes_max) {
  LogPartition partition;
  {
    absl::MutexLock lock(&mutex_);
    const absl::StatusOr<LogPartition*> found = catalog_.Find(from);
    if (!found.ok()) return found.status();
    partition = **found;
    if (offset < partition.start) {
      return absl::OutOfRangeError(NameOf(from) + " begins at offset " +
                                   std::to_string(partition.start) + ", " + std::to_string(offset) +
                                   " is gone");
    }
    if (offset >= partition.end || records_max == 0) return std::vector<LogRecord>();
    if (auto read = tails_.Read(partition.key, offset, records_max, bytes_max)) {
      return *std::move(read);
    }
  }
  return store_.Read(partition, offset, records_max, bytes_max);
}

bool EmbeddedLog::Impl::WaitForAny(std::span<const Position> positions,
                                   std::chrono::milliseconds timeout) {
  const absl::Time deadline = absl::Now() + absl::FromChrono(timeout);
  absl::MutexLock lock(&mutex_);
  const auto any = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return std::any_of(positions.begin(), positions.end(), [&](const Position& position) {
      const absl::StatusOr<LogPartition*> partition = catalog_.Find(position.partition);
      return partition.ok() && (*partition)->end > position.offset;
    });
  };
  while (!any()) {
    if (appended_.WaitWithDeadline(&mutex_, deadline)) return any();
  }
  return true;
}

absl::Status EmbeddedLog::Impl::Commit(const std::string& reader, const TopicPartition& partition,
                                       int64_t offset) {
  absl::MutexLock lock(&mutex_);
  if (auto found = catalog_.Find(partition); !found.ok()) return found.status();
  catalog_.SetPosition({partition, reader}, offset);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<int64_t>> EmbeddedLog::Impl::Committed(
    const std::string& reader, const TopicPartition& partition) {
  absl::MutexLock lock(&mutex_);
  if (auto found = catalog_.Find(partition); !found.ok()) return found.status();
  return catalog_.Position({partition, reader});
}

absl::Status EmbeddedLog::Impl::ApplyRetention() {
  absl::MutexLock retention_lock(&retention_mutex_);
  retention_now_ = options_.clock();
  if (believed_) retention_now_ = believed_->Believed(retention_now_, options_.steady());
  // A crash must not bring back a position below what is going to be removed.
  if (absl::Status status = WritePositions(); !status.ok()) return status;
  std::map<std::string, LogTopic, std::less<>> topics;
  {
    absl::MutexLock lock(&mutex_);
    topics = catalog_.topics();
  }
  for (const auto& [name, topic] : topics) {
    for (int32_t p = 0; p < topic.stored.options.partitions; ++p) {
      absl::Status status = topic.stored.options.compacted ? PurgeRemovals({name, p}, topic)
                                                           : DropOld({name, p}, topic);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

core::Time EmbeddedLog::Impl::Oldest(const std::string& name, const LogTopic& topic) const {
  std::chrono::hours retention = RetentionOf(name, topic.stored.options.retention);
  if (name.starts_with(kReportsPrefix)) retention = options_.report_retention.value_or(retention);
  return retention_now_ - retention.count() * core::kHour;
}

absl::Status EmbeddedLog::Impl::DropOld(const TopicPartition& name, const LogTopic& topic) {
  const core::Time oldest = Oldest(name.topic, topic);
  LogPartition before;
  // The last record stays: it tells the next offset.
  int64_t limit = 0;
  {
    absl::MutexLock lock(&mutex_);
    before = **catalog_.Find(name);
    limit = before.end - 1;
    if (!name.topic.starts_with(kRejectsPrefix)) {
      limit = std::min(limit, catalog_.LowestPosition(name).value_or(0));
    }
  }
  if (limit <= before.start) return absl::OkStatus();
  const absl::StatusOr<int64_t> first = store_.FirstSince(before, limit, oldest);
  if (!first.ok()) return first.status();
  if (*first == before.start) return absl::OkStatus();
  {
    absl::MutexLock lock(&mutex_);
    (*catalog_.Find(name))->start = *first;
  }
  return store_.DeleteUntil(before, *first);
}

absl::Status EmbeddedLog::Impl::PurgeRemovals(const TopicPartition& name, const LogTopic& topic) {
  const core::Time oldest = Oldest(name.topic, topic);
  while (true) {
    LogPartition partition;
    {
      absl::MutexLock lock(&mutex_);
      TakeTurn();
      partition = **catalog_.Find(name);
    }
    const absl::StatusOr<size_t> purged = store_.PurgeRemovals(partition, oldest, kPurgedAtOnceMax);
    {
      absl::MutexLock lock(&mutex_);
      EndTurn();
    }
    if (!purged.ok()) return purged.status();
    if (*purged < kPurgedAtOnceMax) return absl::OkStatus();
  }
}

absl::StatusOr<std::unique_ptr<EmbeddedLog>> EmbeddedLog::Open(const Options& options) {
  auto impl = std::make_unique<Impl>(options);
  if (absl::Status status = impl->Begin(); !status.ok()) return status;
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
  const absl::StatusOr<LogPartition> found = impl_->Find(partition);
  if (!found.ok()) return found.status();
  return found->end;
}
absl::StatusOr<int64_t> EmbeddedLog::StartOffset(const TopicPartition& partition) {
  const absl::StatusOr<LogPartition> found = impl_->Find(partition);
  if (!found.ok()) return found.status();
  return found->start;
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
