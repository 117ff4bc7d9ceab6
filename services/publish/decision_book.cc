#include "services/publish/decision_book.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "google/protobuf/util/message_differencer.h"
#include "pipelines/cluster/overrides.h"
#include "pipelines/core/stage.h"
#include "services/publish/policy_file.h"
#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"
#include "services/runtime/thread_name.h"

namespace ringfence::publish {
namespace {

using core::Id;
using internal::v1::DecisionRecord;
using internal::v1::Envelope;
using internal::v1::OverrideNews;

const runtime::TopicPartition kTopic{std::string(runtime::kOverridesTopic), 0};
constexpr char kReader[] = "decisions";
// First bytes of keys, before 16 of an id.
constexpr char kOverrideKey = 'o';
constexpr char kReferralKey = 'h';
constexpr char kMembersKey = 'm';
// Before a consumer's name.
constexpr char kReceiverKey = 'c';
constexpr size_t kReceiversMax = 10'000;
constexpr size_t kIdBytes = 16;
constexpr char kOrganisationsKey[] = "organisations";
constexpr char kPolicyKey[] = "policy";
constexpr uint32_t kFormat = 1;
constexpr size_t kRecordsMax = 500;
constexpr size_t kBytesMax = size_t{4} << 20;
constexpr std::chrono::milliseconds kWait{50};
// A write is answered once it is read back; longer than this means that the log has gone.
constexpr absl::Duration kReadBackWithin = absl::Seconds(10);
// What no longer holds stays so long, for books that have not read it.
constexpr core::Time kForgetAfter = 14 * core::kDay;
constexpr core::Time kForgetEvery = core::kHour;

Id IdOf(const OverrideNews& news) { return core::IdentifierId(news.type(), news.value()); }

bool SameList(internal::v1::Organisations a, internal::v1::Organisations b) {
  a.clear_place();
  b.clear_place();
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

// Envelopes that are being filled, by topic and partition.
class Envelopes {
 public:
  Envelope& To(std::string_view topic, uint32_t partition) {
    Envelope& envelope = filling_[{std::string(topic), static_cast<int32_t>(partition)}];
    envelope.set_format(core::kEnvelopeFormat);
    return envelope;
  }
  std::vector<runtime::AppendRecord> Take() {
    std::vector<runtime::AppendRecord> records;
    for (const auto& [to, envelope] : filling_) {
      records.push_back({to, "", envelope.SerializeAsString()});
    }
    return records;
  }

 private:
  std::map<runtime::TopicPartition, Envelope> filling_;
};

void SendOverride(const OverrideNews& news, uint32_t partitions, Envelopes& envelopes) {
  // A domain's scope may have been another before.
  const bool to_all =
      news.scope() != v1::SCOPE_UNSPECIFIED || news.type() == v1::IDENTIFIER_TYPE_DOMAIN;
  const uint32_t own = core::PartitionOf(Id{news.base_hi(), news.base_lo()}, partitions);
  for (uint32_t partition = 0; partition < partitions; ++partition) {
    if (!to_all && partition != own) continue;
    *envelopes.To(runtime::kClusterTopic, partition).add_overrides() = news;
  }
}

void SendHold(const internal::v1::ReferralFreeze& freeze, core::Place place, uint32_t partitions,
              Envelopes& envelopes) {
  internal::v1::ReferralHold hold;
  hold.set_place(place);
  hold.set_hold_id(freeze.hold_id());
  hold.set_at(freeze.at());
  hold.set_members(freeze.members());
  hold.set_removed(freeze.lifted());
  for (uint32_t partition = 0; partition < partitions; ++partition) {
    *envelopes.To(runtime::kDedupeTopic, partition).add_referral_holds() = hold;
  }
}

std::string ChunkKey(const std::string& hold_id, size_t chunk) {
  std::string key(1, kMembersKey);
  key += hold_id;
  key.push_back(static_cast<char>(chunk >> 8 & 0xff));
  key.push_back(static_cast<char>(chunk & 0xff));
  return key;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DecisionBook>> DecisionBook::Start(const Options& options,
                                                                  runtime::Log& log) {
  std::unique_ptr<DecisionBook> book(new DecisionBook(options, log));
  const auto passed_on = log.Committed(kReader, kTopic);
  if (!passed_on.ok()) return passed_on.status();
  book->passed_on_ = passed_on->value_or(0);
  const absl::StatusOr<int64_t> end = log.EndOffset(kTopic);
  if (!end.ok()) return end.status();
  while (true) {
    {
      absl::MutexLock lock(&book->mutex_);
      if (book->next_ >= *end) break;
    }
    if (absl::Status status = book->ReadOn(); !status.ok()) return status;
  }
  DecisionBook* const self = book.get();
  book->thread_ = std::jthread([self](const std::stop_token& stop) { self->Run(stop); });
  return book;
}

DecisionBook::DecisionBook(const Options& options, runtime::Log& log)
    : options_(options), log_(log) {}

DecisionBook::~DecisionBook() = default;

void DecisionBook::Run(const std::stop_token& stop) {
  runtime::NameThread("decisions");
  runtime::Backoff backoff;
  while (!stop.stop_requested()) {
    absl::Status status = ReadOn();
    if (status.ok()) status = Forget();
    if (status.ok()) {
      backoff.Reset();
      int64_t next = 0;
      {
        absl::MutexLock lock(&mutex_);
        next = next_;
      }
      const runtime::Log::Position position{kTopic, next};
      log_.WaitForAny({&position, 1}, kWait);
      continue;
    }
    runtime::LogLine(runtime::LogLevel::kWarning, "decisions were not passed on",
                     {{"error", std::string(status.message())}});
    runtime::SleepUnlessStopped(stop, backoff.Next());
  }
}

// What is not passed on is not known either: the next call reads it again.
absl::Status DecisionBook::ReadOn() {
  int64_t from = 0;
  {
    absl::MutexLock lock(&mutex_);
    from = next_;
  }
  // Before the records are read: in a compacted topic offsets may be missing up to it.
  const absl::StatusOr<int64_t> end = log_.EndOffset(kTopic);
  if (!end.ok()) return end.status();
  const auto records = log_.Read(kTopic, from, kRecordsMax, kBytesMax);
  if (!records.ok()) return records.status();
  if (records->empty()) {
    absl::MutexLock lock(&mutex_);
    next_ = std::max(next_, *end);
    return absl::OkStatus();
  }
  if (absl::Status status = PassOn(*records); !status.ok()) return status;
  absl::MutexLock lock(&mutex_);
  for (const runtime::LogRecord& record : *records) {
    DecisionRecord decision;
    if (record.value.empty()) {
      Erase(record.key);
    } else if (decision.ParseFromString(record.value)) {
      Hold(record, decision);
    }
  }
  next_ = records->back().offset + 1;
  return absl::OkStatus();
}

void DecisionBook::Erase(const std::string& key) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (key.size() != 1 + kIdBytes) return;
  if (key[0] == kOverrideKey) overrides_.Erase(Id::FromBytes(key.substr(1)));
  if (key[0] == kReferralKey) referrals_.erase(key.substr(1));
}

void DecisionBook::Hold(const runtime::LogRecord& record,
                        const DecisionRecord& decision) ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (decision.has_override_news()) {
    overrides_.Put(IdOf(decision.override_news()), {decision, record.append_time});
  } else if (decision.has_organisations()) {
    organisations_ = decision.organisations();
  } else if (decision.has_referral_members()) {
    chunks_[record.key.substr(1, kIdBytes)].push_back(record.offset);
  } else if (decision.has_referral()) {
    // Its chunks stand before it; what an append left behind that failed, further before.
    const std::string& id = decision.referral().hold_id();
    HeldReferral& held = referrals_[id];
    held.referral = {decision.referral(), record.offset, {}};
    held.referral.freeze.clear_members();
    held.appended_at = record.append_time;
    std::vector<int64_t>& chunks = chunks_[id];
    const size_t count = std::min<size_t>(decision.referral().chunks(), chunks.size());
    held.referral.chunks.assign(chunks.end() - static_cast<ptrdiff_t>(count), chunks.end());
    chunks_.erase(id);
  } else if (decision.has_policy()) {
    policy_ = decision.policy().policy();
  } else if (decision.has_set_receiver()) {
    receivers_[decision.set_receiver().receiver()] = decision.set_receiver().since();
  }
}

absl::Status DecisionBook::PassOn(const std::vector<runtime::LogRecord>& records) {
  if (records.back().offset < passed_on_) return absl::OkStatus();
  Envelopes envelopes;
  // To all partitions of dedupe, and of cluster too.
  const auto to_all = [&](bool cluster_too, const auto& add) {
    for (uint32_t to = 0; to < options_.dedupe_partitions; ++to) {
      add(envelopes.To(runtime::kDedupeTopic, to));
    }
    for (uint32_t to = 0; cluster_too && to < options_.cluster_partitions; ++to) {
      add(envelopes.To(runtime::kClusterTopic, to));
    }
  };
  for (const runtime::LogRecord& record : records) {
    DecisionRecord decision;
    if (record.offset < passed_on_ || !decision.ParseFromString(record.value)) continue;
    const core::Place place = static_cast<core::Place>(record.offset) + 1;
    if (decision.has_override_news()) {
      decision.mutable_override_news()->set_place(place);
      SendOverride(decision.override_news(), options_.cluster_partitions, envelopes);
    } else if (decision.has_partner_retraction()) {
      decision.mutable_partner_retraction()->set_place(place);
      to_all(false,
             [&](Envelope& to) { *to.add_partner_retractions() = decision.partner_retraction(); });
    } else if (decision.has_referral()) {
      SendHold(decision.referral(), place, options_.dedupe_partitions, envelopes);
    } else if (decision.has_organisations()) {
      decision.mutable_organisations()->set_place(place);
      to_all(true, [&](Envelope& to) { *to.add_organisations() = decision.organisations(); });
    } else if (decision.has_policy()) {
      decision.mutable_policy()->set_place(place);
      to_all(true, [&](Envelope& to) { *to.add_policies() = decision.policy(); });
    } else if (decision.has_held_decision()) {
      decision.mutable_held_decision()->set_place(place);
      to_all(false, [&](Envelope& to) { *to.add_held_decisions() = decision.held_decision(); });
    }
  }
  std::vector<runtime::AppendRecord> sent = envelopes.Take();
  if (!sent.empty()) {
    if (auto offsets = log_.Append(std::move(sent)); !offsets.ok()) return offsets.status();
  }
  passed_on_ = records.back().offset + 1;
  return log_.Commit(kReader, kTopic, passed_on_);
}

bool DecisionBook::HoldsAt(const OverrideTable::Entry& held, core::Time now) {
  const OverrideNews& news = held.record.override_news();
  return !news.removed() && (news.expires_at() == 0 || now < news.expires_at());
}

// Removes what has not held for long from the topic.
absl::Status DecisionBook::Forget() {
  const core::Time now = options_.clock();
  if (now - last_forgotten_ < kForgetEvery) return absl::OkStatus();
  std::vector<runtime::AppendRecord> removals;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, held] : overrides_.entries()) {
      const core::Time since =
          std::max(held.appended_at, core::Time{held.record.override_news().expires_at()});
      if (HoldsAt(held, now) || now - since < kForgetAfter) continue;
      removals.push_back({kTopic, kOverrideKey + id.Bytes(), ""});
    }
    for (const auto& [id, held] : referrals_) {
      if (!held.referral.freeze.lifted() || now - held.appended_at < kForgetAfter) continue;
      removals.push_back({kTopic, kReferralKey + id, ""});
    }
  }
  if (!removals.empty()) {
    if (auto offsets = log_.Append(std::move(removals)); !offsets.ok()) return offsets.status();
  }
  last_forgotten_ = now;
  return absl::OkStatus();
}

absl::Status DecisionBook::Append(std::string key, const DecisionRecord& record) {
  return AppendAll({{kTopic, std::move(key), record.SerializeAsString()}});
}

absl::Status DecisionBook::AppendAll(std::vector<runtime::AppendRecord> records) {
  const auto offsets = log_.Append(std::move(records));
  if (!offsets.ok()) return offsets.status();
  const int64_t offset = offsets->back();
  absl::MutexLock lock(&mutex_);
  const auto is_known = [this, offset]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return next_ > offset; };
  if (mutex_.AwaitWithTimeout(absl::Condition(&is_known), kReadBackWithin)) return absl::OkStatus();
  return absl::UnavailableError("it was taken, and will take effect once the log answers again");
}

absl::Status DecisionBook::Put(DecisionRecord record) {
  record.set_format(kFormat);
  return Append(kOverrideKey + IdOf(record.override_news()).Bytes(), record);
}

absl::Status DecisionBook::Retract(DecisionRecord record) {
  record.set_format(kFormat);
  const internal::v1::PartnerRetraction& retraction = record.partner_retraction();
  return Append("r" + retraction.partner() + "/" + std::to_string(retraction.from()) + "/" +
                    std::to_string(retraction.until()),
                record);
}

absl::Status DecisionBook::SetOrganisations(internal::v1::Organisations organisations) {
  if (SameList(organisations, this->organisations())) return absl::OkStatus();
  DecisionRecord record;
  record.set_format(kFormat);
  *record.mutable_organisations() = std::move(organisations);
  return Append(kOrganisationsKey, record);
}

absl::Status DecisionBook::Freeze(DecisionRecord record,
                                  std::vector<internal::v1::ReferralMembers> chunks) {
  const std::string hold_id = record.referral().hold_id();
  std::vector<runtime::AppendRecord> records;
  for (internal::v1::ReferralMembers& chunk : chunks) {
    DecisionRecord part;
    part.set_format(kFormat);
    *part.mutable_referral_members() = std::move(chunk);
    records.push_back({kTopic, ChunkKey(hold_id, records.size()), part.SerializeAsString()});
  }
  record.set_format(kFormat);
  record.mutable_referral()->set_chunks(static_cast<uint32_t>(chunks.size()));
  records.push_back({kTopic, kReferralKey + hold_id, record.SerializeAsString()});
  return AppendAll(std::move(records));
}

absl::Status DecisionBook::Lift(const std::string& hold_id, const std::string& by,
                                const std::string& reason) {
  const std::optional<Referral> held = FindReferral(hold_id);
  if (!held) return absl::NotFoundError("there is no such hold");
  DecisionRecord record;
  record.set_format(kFormat);
  internal::v1::ReferralFreeze& freeze = *record.mutable_referral();
  freeze = held->freeze;
  freeze.clear_chunks();
  freeze.set_lifted(true);
  freeze.set_lifted_by(by);
  freeze.set_lifted_reason(reason);
  freeze.set_lifted_at(options_.clock());
  std::vector<runtime::AppendRecord> records;
  for (size_t chunk = 0; chunk < held->chunks.size(); ++chunk) {
    records.push_back({kTopic, ChunkKey(hold_id, chunk), ""});
  }
  records.push_back({kTopic, kReferralKey + hold_id, record.SerializeAsString()});
  return AppendAll(std::move(records));
}

std::vector<DecisionBook::Referral> DecisionBook::Referrals() const {
  std::vector<Referral> referrals;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, held] : referrals_) {
      if (!held.referral.freeze.lifted()) referrals.push_back(held.referral);
    }
  }
  std::sort(referrals.begin(), referrals.end(),
            [](const Referral& a, const Referral& b) { return a.offset < b.offset; });
  return referrals;
}

std::optional<DecisionBook::Referral> DecisionBook::FindReferral(const std::string& hold_id) const {
  absl::MutexLock lock(&mutex_);
  const auto held = referrals_.find(hold_id);
  if (held == referrals_.end() || held->second.referral.freeze.lifted()) return std::nullopt;
  return held->second.referral;
}

absl::StatusOr<std::vector<v1::Indicator>> DecisionBook::MembersOf(const Referral& referral) const {
  std::vector<v1::Indicator> members;
  for (const int64_t offset : referral.chunks) {
    const auto records = log_.Read(kTopic, offset, 1, kBytesMax);
    if (!records.ok()) return records.status();
    DecisionRecord part;
    if (records->empty() || records->front().offset != offset ||
        !part.ParseFromString(records->front().value) || !part.has_referral_members()) {
      return absl::DataLossError("the topic of overrides lacks what a referral is made of");
    }
    for (v1::Indicator& member : *part.mutable_referral_members()->mutable_indicators()) {
      members.push_back(std::move(member));
    }
  }
  if (referral.chunks.size() != referral.freeze.chunks()) {
    return absl::DataLossError("the topic of overrides lacks what a referral is made of");
  }
  return members;
}

absl::Status DecisionBook::SetPolicy(internal::v1::Policy policy) {
  // The default, as it is where nothing was ever set, is what the stages go by without a policy.
  if (FormatPolicy(policy) == FormatPolicy(this->policy())) return absl::OkStatus();
  DecisionRecord record;
  record.set_format(kFormat);
  *record.mutable_policy()->mutable_policy() = std::move(policy);
  return Append(kPolicyKey, record);
}

absl::Status DecisionBook::NoteReceiver(const std::string& receiver) {
  {
    absl::MutexLock lock(&mutex_);
    if (receivers_.contains(receiver)) return absl::OkStatus();
    if (receivers_.size() >= kReceiversMax) return absl::ResourceExhaustedError("too many");
  }
  DecisionRecord record;
  record.set_format(kFormat);
  record.mutable_set_receiver()->set_receiver(receiver);
  record.mutable_set_receiver()->set_since(options_.clock());
  return Append(kReceiverKey + receiver, record);
}

absl::Status DecisionBook::DecideHeld(DecisionRecord record) {
  record.set_format(kFormat);
  const internal::v1::HeldDecision& decision = record.held_decision();
  return Append("q" + decision.partner() + "/" + std::to_string(decision.from()) + "/" +
                    std::to_string(decision.until()),
                record);
}

std::vector<v1::Override> DecisionBook::List(const std::optional<Id>& after, size_t max) const {
  const core::Time now = options_.clock();
  std::vector<v1::Override> overrides;
  absl::MutexLock lock(&mutex_);
  const auto& entries = overrides_.entries();
  auto it = after ? entries.upper_bound(*after) : entries.begin();
  for (; it != entries.end() && overrides.size() < max; ++it) {
    if (HoldsAt(it->second, now)) overrides.push_back(it->second.record.override());
  }
  return overrides;
}

std::vector<v1::Override> DecisionBook::Covering(v1::IdentifierType type,
                                                 const std::string& value) const {
  const core::Time now = options_.clock();
  const Id id = core::IdentifierId(type, value);
  std::vector<v1::Override> covering;
  absl::MutexLock lock(&mutex_);
  for (const auto& [held_id, held] : overrides_.entries()) {
    if (!HoldsAt(held, now)) continue;
    OverrideNews news = held.record.override_news();
    bool covers = held_id == id;
    if (!covers && news.scope() != v1::SCOPE_UNSPECIFIED) {
      news.set_place(1);
      cluster::Ranges range;
      range.Put(news, now);
      covers = range.Covering(type, value) != cluster::Effects();
    }
    if (covers) covering.push_back(held.record.override());
  }
  return covering;
}

std::optional<DecisionRecord> DecisionBook::Find(const Id& id) const {
  const core::Time now = options_.clock();
  absl::MutexLock lock(&mutex_);
  auto held = overrides_.entries().find(id);
  if (held == overrides_.entries().end() || !HoldsAt(held->second, now)) return std::nullopt;
  return held->second.record;
}

size_t DecisionBook::CountOf(const std::string& author) const {
  absl::MutexLock lock(&mutex_);
  return overrides_.CountOf(author);
}

internal::v1::Policy DecisionBook::policy() const {
  absl::MutexLock lock(&mutex_);
  return policy_;
}

std::map<std::string, core::Time> DecisionBook::receivers() const {
  absl::MutexLock lock(&mutex_);
  return receivers_;
}

internal::v1::Organisations DecisionBook::organisations() const {
  absl::MutexLock lock(&mutex_);
  return organisations_;
}

}  // namespace ringfence::publish
