#include "services/publish/consumers.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "ringfence/internal/v1/consumers.pb.h"
#include "services/runtime/logging.h"
#include "services/runtime/snapshots/files.h"
#include "services/runtime/thread_name.h"

namespace ringfence::publish {
namespace {

using runtime::Metric;

constexpr size_t kNameCharactersMax = 64;
constexpr uint64_t kFileBytesMax = uint64_t{16} << 20;

uint64_t Behind(const Offsets& offsets, const Offsets& of) {
  uint64_t records = 0;
  for (size_t p = 0; p < of.size(); ++p)
    records += static_cast<uint64_t>(std::max<int64_t>(0, of[p] - offsets[p]));
  return records;
}

v1::Filter ToProto(const Filter& filter) {
  v1::Filter proto;
  for (int type = v1::IdentifierType_MIN + 1; type <= v1::IdentifierType_MAX; ++type) {
    if (filter.WantsType(static_cast<v1::IdentifierType>(type)))
      proto.add_types(static_cast<v1::IdentifierType>(type));
  }
  proto.set_min_action(filter.min_action);
  proto.set_min_score(filter.min_score);
  proto.set_max_tlp(filter.max_tlp);
  return proto;
}

Filter FromProto(const v1::Filter& proto, bool withholds) {
  Filter filter;
  for (const int type : proto.types()) filter.types |= uint32_t{1} << type;
  filter.min_action = proto.min_action();
  filter.min_score = proto.min_score();
  filter.max_tlp = proto.max_tlp();
  filter.withholds = withholds;
  return filter;
}

}  // namespace

absl::Status CheckConsumerName(const std::string& name) {
  const auto characters =
      std::count_if(name.begin(), name.end(), [](char c) { return (c & 0xc0) != 0x80; });
  if (characters == 0 || static_cast<size_t>(characters) > kNameCharactersMax)
    return absl::InvalidArgumentError("consumer: 1 to 64 characters");
  return absl::OkStatus();
}

Consumers::Stream::~Stream() { consumers_.End(*this); }

void Consumers::Stream::Note(const char* phase, const Offsets* sent) {
  const absl::MutexLock lock(&mutex_);
  phase_ = phase;
  if (sent == nullptr) {
    sent_.reset();
  } else {
    sent_ = *sent;
  }
}

Consumers::Consumers(const Options& options, const Publisher& publisher, const Cursors& cursors,
                     runtime::Metrics& metrics)
    : options_(options), publisher_(publisher), cursors_(cursors), metrics_(metrics) {
  if (!options_.path.empty()) Restore();
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

Consumers::~Consumers() {
  thread_.request_stop();
  thread_.join();
  Keep();
}

void Consumers::Run(const std::stop_token& stop) {
  runtime::NameThread("consumers");
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  auto kept_at = std::chrono::steady_clock::now();
  while (
      !woken.wait_for(lock, stop, options_.report_every, [&] { return stop.stop_requested(); })) {
    Report();
    NoteNew();
    const auto now = std::chrono::steady_clock::now();
    if (now - kept_at < options_.keep_every) continue;
    kept_at = now;
    Keep();
  }
}

void Consumers::NoteNew() {
  if (!options_.note) return;
  std::vector<std::string> receivers;
  {
    const absl::MutexLock lock(&mutex_);
    for (const auto& [receiver, noted] : receivers_) {
      if (!noted) receivers.push_back(receiver);
    }
  }
  for (const std::string& receiver : receivers) {
    if (!options_.note(receiver).ok()) return;
    const absl::MutexLock lock(&mutex_);
    receivers_[receiver] = true;
  }
}

void Consumers::NoteReceiver(const std::string& receiver) {
  if (receiver.empty()) return;
  const absl::MutexLock lock(&mutex_);
  if (receivers_.size() >= options_.consumers_max && !receivers_.contains(receiver)) {
    // Those that `note` knows may be told again.
    std::erase_if(receivers_, [](const auto& known) { return known.second; });
    if (receivers_.size() >= options_.consumers_max) return;
  }
  receivers_.emplace(receiver, false);
}

void Consumers::ForgetOne() {
  auto oldest = entries_.end();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (!entry->second.streams.empty()) continue;
    if (oldest == entries_.end() || entry->second.heard_at < oldest->second.heard_at)
      oldest = entry;
  }
  if (oldest == entries_.end()) return;
  if (oldest->second.named) {
    --named_;
    metrics_.Set(Metric::kConsumerLag, {{"consumer", oldest->first}}, 0);
  }
  entries_.erase(oldest);
}

Consumers::Entry& Consumers::EntryOf(const std::string& name) {
  const auto known = entries_.find(name);
  if (known == entries_.end() && entries_.size() >= options_.consumers_max) ForgetOne();
  Entry& entry = entries_[name];
  if (!entry.named && named_ < options_.named_max) {
    entry.named = true;
    ++named_;
  }
  entry.heard_at = options_.clock();
  return entry;
}

std::string_view Consumers::LabelOf(const std::string& name, const Entry& entry) const {
  return entry.named ? std::string_view(name) : "other";
}

std::shared_ptr<Consumers::Stream> Consumers::Begin(const std::string& name, const Filter& filter) {
  std::shared_ptr<Stream> stream(new Stream(*this, name));
  const absl::MutexLock lock(&mutex_);
  Entry& entry = EntryOf(name);
  entry.filter = filter;
  entry.streams.emplace(stream.get(), entry.heard_at);
  return stream;
}

void Consumers::End(const Stream& stream) {
  const absl::MutexLock lock(&mutex_);
  const auto entry = entries_.find(stream.name_);
  entry->second.streams.erase(&stream);
  entry->second.heard_at = options_.clock();
}

absl::Status Consumers::Acknowledge(const std::string& name, const std::string& cursor) {
  if (absl::Status status = CheckConsumerName(name); !status.ok()) return status;
  std::optional<Cursor> decoded = cursors_.Decode(cursor);
  if (!decoded) return absl::InvalidArgumentError("cursor: none of ours, or of another log");
  const absl::MutexLock lock(&mutex_);
  Entry& entry = EntryOf(name);
  const core::Time now = entry.heard_at;
  const bool goes_on =
      entry.acknowledged && entry.acknowledged->filter_hash == decoded->filter_hash;
  if (goes_on && Behind(decoded->offsets, entry.acknowledged->offsets) > 0) return absl::OkStatus();
  if (goes_on && entry.filter) {
    publisher_.revocations().Visit(
        entry.acknowledged->offsets, decoded->offsets, [&](const Revocation& revocation) {
          if (!revocation.Concerns(*entry.filter)) return;
          const auto took = static_cast<double>(now - revocation.append_time);
          metrics_.Observe(Metric::kRevocationSeconds, {{"consumer", LabelOf(name, entry)}},
                           std::max(0.0, took) / static_cast<double>(core::kSecond));
        });
  }
  entry.cursor = cursor;
  entry.acknowledged = std::move(decoded);
  entry.acknowledged_at = now;
  changed_ = true;
  return absl::OkStatus();
}

Consumers::Unacknowledged Consumers::UnacknowledgedOf(const Entry& entry,
                                                      const Offsets& until) const {
  Unacknowledged unacknowledged;
  if (!entry.acknowledged || !entry.filter) return unacknowledged;
  publisher_.revocations().Visit(
      entry.acknowledged->offsets, until, [&](const Revocation& revocation) {
        if (!revocation.Concerns(*entry.filter)) return;
        const bool is_oldest =
            unacknowledged.revocations++ == 0 || revocation.append_time < unacknowledged.oldest;
        if (is_oldest) unacknowledged.oldest = revocation.append_time;
      });
  return unacknowledged;
}

v1::ListConsumersResponse Consumers::List() const {
  v1::ListConsumersResponse response;
  const std::shared_ptr<const Moment> moment = publisher_.Latest();
  const absl::MutexLock lock(&mutex_);
  for (const auto& [name, entry] : entries_) {
    v1::ConsumerStatus& status = *response.add_consumers();
    status.set_consumer(name);
    if (entry.filter) *status.mutable_filter() = ToProto(*entry.filter);
    status.set_streams(static_cast<uint32_t>(entry.streams.size()));
    *status.mutable_heard_at() = core::ToProto(entry.heard_at);
    for (const auto& [stream, since] : entry.streams) {
      const absl::MutexLock stream_lock(&stream->mutex_);
      status.set_phase(stream->phase_);
      if (!status.has_connected_since() || since < core::FromProto(status.connected_since()))
        *status.mutable_connected_since() = core::ToProto(since);
      if (!stream->sent_) continue;
      const uint64_t behind = Behind(*stream->sent_, moment->offsets);
      status.set_sent_records_behind(std::max(status.sent_records_behind(), behind));
    }
    if (!entry.acknowledged) continue;
    *status.mutable_acknowledged_at() = core::ToProto(entry.acknowledged_at);
    status.set_acknowledged_records_behind(Behind(entry.acknowledged->offsets, moment->offsets));
    const Unacknowledged missing = UnacknowledgedOf(entry, moment->offsets);
    status.set_unacknowledged_revocations(missing.revocations);
    status.set_more_revocations(!publisher_.revocations().Reach(entry.acknowledged->offsets));
    if (missing.revocations > 0)
      *status.mutable_oldest_unacknowledged_revocation() = core::ToProto(missing.oldest);
  }
  return response;
}

void Consumers::Report() {
  const std::shared_ptr<const Moment> moment = publisher_.Latest();
  const core::Time now = options_.clock();
  double others = 0;
  bool has_others = false;
  const absl::MutexLock lock(&mutex_);
  for (const auto& [name, entry] : entries_) {
    if (!entry.acknowledged) continue;
    const Unacknowledged missing = UnacknowledgedOf(entry, moment->offsets);
    const double lag = missing.revocations == 0
                           ? 0
                           : static_cast<double>(std::max<core::Time>(0, now - missing.oldest)) /
                                 static_cast<double>(core::kSecond);
    if (entry.named) {
      metrics_.Set(Metric::kConsumerLag, {{"consumer", name}}, lag);
    } else {
      others = std::max(others, lag);
      has_others = true;
    }
  }
  if (has_others) metrics_.Set(Metric::kConsumerLag, {{"consumer", "other"}}, others);
}

void Consumers::Keep() {
  internal::v1::StoredConsumers stored;
  {
    const absl::MutexLock lock(&mutex_);
    if (!std::exchange(changed_, false) || options_.path.empty()) return;
    for (const auto& [name, entry] : entries_) {
      if (!entry.acknowledged) continue;
      internal::v1::StoredConsumer& consumer = *stored.add_consumers();
      consumer.set_consumer(name);
      if (entry.filter) {
        *consumer.mutable_filter() = ToProto(*entry.filter);
        consumer.set_withholds(entry.filter->withholds);
      }
      consumer.set_cursor(entry.cursor);
      consumer.set_acknowledged_at(entry.acknowledged_at);
      consumer.set_heard_at(entry.heard_at);
    }
  }
  const std::string next = options_.path + ".new";
  absl::Status status = runtime::WriteFileSynced(next, stored.SerializeAsString());
  if (status.ok()) status = runtime::RenameSynced(next, options_.path);
  if (status.ok()) return;
  runtime::LogLine(runtime::LogLevel::kWarning, "acknowledgements were not kept",
                   {{"error", std::string(status.message())}});
  const absl::MutexLock lock(&mutex_);
  changed_ = true;
}

void Consumers::Restore() {
  const absl::StatusOr<std::string> bytes = runtime::ReadSmallFile(options_.path, kFileBytesMax);
  if (absl::IsNotFound(bytes.status())) return;
  internal::v1::StoredConsumers stored;
  if (!bytes.ok() || !stored.ParseFromString(*bytes)) {
    runtime::LogLine(runtime::LogLevel::kWarning, "acknowledgements cannot be read, and are lost",
                     {{"path", options_.path}});
    return;
  }
  const absl::MutexLock lock(&mutex_);
  for (const internal::v1::StoredConsumer& consumer : stored.consumers()) {
    // Of another log, or key: it says nothing any more.
    std::optional<Cursor> cursor = cursors_.Decode(consumer.cursor());
    if (!cursor || !CheckConsumerName(consumer.consumer()).ok()) continue;
    Entry& entry = EntryOf(consumer.consumer());
    if (consumer.has_filter()) entry.filter = FromProto(consumer.filter(), consumer.withholds());
    entry.cursor = consumer.cursor();
    entry.acknowledged = std::move(cursor);
    entry.acknowledged_at = consumer.acknowledged_at();
    entry.heard_at = consumer.heard_at();
  }
}

}  // namespace ringfence::publish
