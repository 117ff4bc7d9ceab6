#include "services/runtime/rocks/rocks_state.h"

#include <rocksdb/slice_transform.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/core/format.h"
#include "services/runtime/log/retention.h"
#include "services/runtime/rocks/open.h"
#include "services/runtime/rocks/overlay.h"

namespace ringfence::runtime {
namespace {

// The state's own keys begin with a zero byte, the stages' with a letter.
constexpr std::string_view kOffsetKey("\0offset", 7);
constexpr std::string_view kFormatKey("\0format", 7);
constexpr std::string_view kPlacementKey("\0placement", 10);
constexpr std::string_view kLogKey("\0log", 4);

// Of an entry of a batch beside its key and value: a tag and two lengths; and of the offset's.
constexpr size_t kEntryBytesMax = 40;

rocksdb::WriteOptions WithoutWal() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return options;
}

absl::Status CheckHeader(rocksdb::DB& db, const std::string& placement, uint32_t wanted_format) {
  const std::string wanted = std::to_string(wanted_format);
  std::string format;
  rocksdb::Status found = db.Get({}, ToSlice(kFormatKey), &format);
  if (found.IsNotFound()) {
    rocksdb::WriteBatch batch;
    batch.Put(ToSlice(kFormatKey), wanted);
    batch.Put(ToSlice(kPlacementKey), placement);
    if (rocksdb::Status written = db.Write(WithoutWal(), &batch); !written.ok()) {
      return FromRocks(written, "state");
    }
    return FromRocks(db.Flush({}), "state");
  }
  if (!found.ok()) return FromRocks(found, "state");
  if (format != wanted) {
    return absl::FailedPreconditionError(
        "state has format " + format + ", this release reads " + wanted +
        ": run the release that wrote it, or begin anew: " + std::string(kBeginAnew));
  }
  std::string written_placement;
  found = db.Get({}, ToSlice(kPlacementKey), &written_placement);
  if (!found.ok()) return FromRocks(found, "state");
  if (written_placement != placement) {
    return absl::FailedPreconditionError(
        "state was made with another public suffix list or list of shared hosts: identifiers would "
        "be looked for in the wrong place. Go back to the earlier list, or begin anew: " +
        std::string(kBeginAnew));
  }
  return absl::OkStatus();
}

// The log whose offsets the state holds; `present` becomes that of a state without one.
absl::StatusOr<std::string> LogOf(rocksdb::DB& db, const std::string& present) {
  std::string written;
  const rocksdb::Status found = db.Get({}, ToSlice(kLogKey), &written);
  if (found.ok()) return written;
  if (!found.IsNotFound()) return FromRocks(found, "state");
  if (present.empty()) return written;
  if (rocksdb::Status put = db.Put(WithoutWal(), ToSlice(kLogKey), present); !put.ok())
    return FromRocks(put, "state");
  if (absl::Status status = FromRocks(db.Flush({}), "state"); !status.ok()) return status;
  return present;
}

// Keeps the first error that RocksDB meets in the background. It is not to recover from it by
// itself: what it would go on with has not been thought of here.
class ErrorKeeper : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    absl::MutexLock lock(&mutex_);
    error_.Update(FromRocks(*status, "state, in the background"));
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
  absl::Status error() const {
    absl::MutexLock lock(&mutex_);
    return error_;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

class SnapshotView : public StateView {
 public:
  explicit SnapshotView(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {
    options_.snapshot = snapshot_;
  }
  ~SnapshotView() override { db_.ReleaseSnapshot(snapshot_); }

  absl::Status status() const override { return status_; }
  std::optional<std::string> Get(std::string_view key) override {
    std::string value;
    const rocksdb::Status found = db_.Get(options_, ToSlice(key), &value);
    if (found.ok()) return value;
    if (!found.IsNotFound()) status_.Update(FromRocks(found, "state"));
    return std::nullopt;
  }
  void Put(std::string_view, std::string_view) override { std::abort(); }
  void Delete(std::string_view) override { std::abort(); }
  void Scan(std::string_view from, std::string_view until, const Visitor& visit) override {
    rocksdb::ReadOptions options = options_;
    const rocksdb::Slice bound = ToSlice(until);
    options.iterate_upper_bound = &bound;
    std::unique_ptr<rocksdb::Iterator> it(db_.NewIterator(options));
    for (it->Seek(ToSlice(from)); it->Valid(); it->Next()) {
      if (!visit(ToView(it->key()), ToView(it->value()))) return;
    }
    status_.Update(FromRocks(it->status(), "state"));
  }

 private:
  rocksdb::DB& db_;
  const rocksdb::Snapshot* const snapshot_;
  rocksdb::ReadOptions options_;
  absl::Status status_;
};

}  // namespace

struct RocksState::Impl {
  rocksdb::DB& db() const { return database->db(); }

  std::shared_ptr<ErrorKeeper> errors = std::make_shared<ErrorKeeper>();
  std::unique_ptr<Database> database;
  Overlay overlay;
  // Of a read or a commit: what was put is not what has been asked for.
  absl::Status error;
};

RocksState::RocksState(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksState::~RocksState() {
  if (!broken()) return;
  // Nothing is gained by trying to write once more, on the way out, what the disk refused.
  impl_->db().SetDBOptions({{"avoid_flush_during_shutdown", "true"}}).PermitUncheckedError();
}

absl::StatusOr<std::unique_ptr<RocksState>> RocksState::Open(const Options& options) {
  Database::Options database_options;
  database_options.dir = options.dir;
  database_options.memory = options.memory;
  rocksdb::ColumnFamilyOptions table = TableOptions(*options.memory);
  // A commit writes its keys in order, and each table's begin with a letter of its own: the place
  // of one is looked for from where the last of its table was put.
  table.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  // Half of what is looked for is new, and then in no memtable.
  table.memtable_prefix_bloom_size_ratio = 0.02;
  table.memtable_whole_key_filtering = true;
  database_options.families = {{rocksdb::kDefaultColumnFamilyName, table}};
  auto impl = std::make_unique<Impl>();
  database_options.listeners = {impl->errors};
  absl::StatusOr<std::unique_ptr<Database>> database = Database::Open(database_options);
  if (!database.ok()) return database.status();
  impl->database = *std::move(database);
  if (absl::Status status = CheckHeader(impl->db(), options.placement, options.format);
      !status.ok())
    return status;
  absl::StatusOr<std::string> log = LogOf(impl->db(), options.log_incarnation);
  if (!log.ok()) return log.status();
  std::string offset;
  const rocksdb::Status found = impl->db().Get({}, ToSlice(kOffsetKey), &offset);
  if (!found.ok() && !found.IsNotFound()) return FromRocks(found, "state");
  std::unique_ptr<RocksState> state(new RocksState(std::move(impl)));
  state->log_incarnation_ = *std::move(log);
  if (found.ok() && !absl::SimpleAtoi(offset, &state->next_offset_)) {
    return absl::DataLossError("state " + options.dir + ": its offset is damaged");
  }
  return state;
}

std::optional<std::string> RocksState::Get(std::string_view key) {
  if (const Overlay::Entry* const fresh = impl_->overlay.Find(key)) return fresh->value;
  std::string value;
  const rocksdb::Status found = impl_->db().Get({}, ToSlice(key), &value);
  if (found.ok()) return value;
  if (!found.IsNotFound()) impl_->error.Update(FromRocks(found, "state"));
  return std::nullopt;
}

void RocksState::Put(std::string_view key, std::string_view value) {
  impl_->overlay.Put(key, value);
}

void RocksState::Delete(std::string_view key) { impl_->overlay.Delete(key); }

void RocksState::Scan(std::string_view from, std::string_view until, const Visitor& visit) {
  rocksdb::ReadOptions options;
  const rocksdb::Slice bound = ToSlice(until);
  options.iterate_upper_bound = &bound;
  std::unique_ptr<rocksdb::Iterator> stored(impl_->db().NewIterator(options));
  stored->Seek(ToSlice(from));
  Overlay::Cursor fresh = impl_->overlay.From(from);
  auto fresh_left = [&] { return fresh.Valid() && fresh->key < until; };
  while (stored->Valid() || fresh_left()) {
    const bool take_fresh =
        fresh_left() && (!stored->Valid() || fresh->key <= ToView(stored->key()));
    if (!take_fresh) {
      if (!visit(ToView(stored->key()), ToView(stored->value()))) return;
      stored->Next();
      continue;
    }
    if (stored->Valid() && ToView(stored->key()) == fresh->key) stored->Next();
    if (fresh->value && !visit(fresh->key, *fresh->value)) return;
    fresh.Next();
  }
  impl_->error.Update(FromRocks(stored->status(), "state"));
}

absl::Status RocksState::Commit(int64_t next_offset) {
  if (!impl_->error.ok()) return impl_->error;
  if (absl::Status error = background_error(); !error.ok()) return error;
  // A batch left to itself would double, beside the overlay and what the memtable takes of it.
  size_t bytes = kEntryBytesMax;
  for (Overlay::Cursor fresh = impl_->overlay.Front(); fresh.Valid(); fresh.Next())
    bytes += kEntryBytesMax + fresh->key.size() + (fresh->value ? fresh->value->size() : 0);
  rocksdb::WriteBatch batch(bytes);
  impl_->overlay.Drain([&](std::string_view key, const std::optional<std::string>& value) {
    (value ? batch.Put(ToSlice(key), *value) : batch.Delete(ToSlice(key))).PermitUncheckedError();
  });
  batch.Put(ToSlice(kOffsetKey), std::to_string(next_offset)).PermitUncheckedError();
  rocksdb::Status written = impl_->db().Write(WithoutWal(), &batch);
  if (!written.ok()) {
    impl_->error = FromRocks(written, "state");
    return impl_->error;
  }
  next_offset_ = next_offset;
  return absl::OkStatus();
}

const absl::Status& RocksState::read_error() const { return impl_->error; }

void RocksState::Discard() {
  impl_->overlay.Clear();
  impl_->error = absl::OkStatus();
}

int64_t RocksState::FlushedOffset() const {
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kPersistedTier;
  std::string offset;
  int64_t flushed = 0;
  const bool found = impl_->db().Get(options, ToSlice(kOffsetKey), &offset).ok();
  return found && absl::SimpleAtoi(offset, &flushed) ? flushed : 0;
}

absl::Status RocksState::Flush() { return FromRocks(impl_->db().Flush({}), "state"); }

absl::Status RocksState::Checkpoint(const std::string& dir) {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(&impl_->db(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(dir);
  return FromRocks(status, "checkpoint");
}

absl::Status RocksState::background_error() const { return impl_->errors->error(); }

bool HasState(const std::string& dir) {
  std::error_code error;
  return std::filesystem::exists(dir + "/CURRENT", error);
}

absl::StatusOr<StateHeader> ReadStateHeader(const std::string& dir) {
  if (!HasState(dir)) return absl::NotFoundError(dir + ": no state is there");
  rocksdb::Options options;
  // It would leave a log file behind.
  options.info_log_level = rocksdb::NUM_INFO_LOG_LEVELS;
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status = rocksdb::DB::OpenForReadOnly(options, dir, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::string format, offset;
  StateHeader header;
  if (status.ok()) status = db->Get({}, ToSlice(kFormatKey), &format);
  if (status.ok()) status = db->Get({}, ToSlice(kPlacementKey), &header.placement);
  if (status.ok()) status = db->Get({}, ToSlice(kOffsetKey), &offset);
  if (status.IsNotFound()) {
    // Nothing has been committed yet.
    if (format.empty() || header.placement.empty())
      return absl::DataLossError(dir + ": a state without its format");
    offset = "0";
  } else if (!status.ok()) {
    return FromRocks(status, dir);
  }
  if (!absl::SimpleAtoi(format, &header.format) || !absl::SimpleAtoi(offset, &header.next_offset)) {
    return absl::DataLossError(dir + ": its format or offset is damaged");
  }
  return header;
}

std::unique_ptr<StateView> RocksState::View() const {
  return std::make_unique<SnapshotView>(impl_->db());
}

}  // namespace ringfence::runtime
