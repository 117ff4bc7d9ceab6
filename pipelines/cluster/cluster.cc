#include "pipelines/cluster/cluster.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "google/protobuf/arena.h"
#include "pipelines/cluster/deciding.h"
#include "pipelines/cluster/evidence.h"
#include "pipelines/cluster/heard.h"
#include "pipelines/cluster/indicator_sender.h"
#include "pipelines/cluster/labelling.h"
#include "pipelines/cluster/listing.h"
#include "pipelines/cluster/packed_messages.h"
#include "pipelines/cluster/policy_rules.h"
#include "pipelines/cluster/purges.h"
#include "pipelines/cluster/recheck.h"
#include "pipelines/cluster/referrals.h"
#include "pipelines/cluster/remote.h"
#include "pipelines/core/envelope.h"
#include "pipelines/core/label_key.h"
#include "pipelines/core/recheck.h"
#include "pipelines/core/record_format.h"
#include "pipelines/core/referral_key.h"

namespace ringfence::cluster {
namespace {

using components::Message;
using components::NodeKey;
using core::Id;
using core::Place;
using core::Time;
using internal::v1::Continue;
using internal::v1::Envelope;
using internal::v1::Evidence;
using internal::v1::IndicatorRecord;

// What a node tells its neighbours once it has settled, by and large; at most
// Rules::announce_max.
constexpr size_t kPlacesOfNode = 64;

// As they are without a policy.
NodeOptions CompiledOptions(const Options& options) {
  return {.ties = options.ties,
          .announce_max = options.rules.announce_max,
          .walked_evidence_max = options.walked_evidence_max};
}

class Cluster : public core::Stage, private components::Outbox, private Deciding::Host {
 public:
  Cluster(core::State& state, const Options& options)
      : options_(options),
        state_(state),
        node_options_(NodeOptionsOf(state, CompiledOptions(options))),
        store_(state, options.store, node_options_),
        clock_(state),
        heard_(state),
        deciding_(state, store_, *this, options.partition, options.review_max),
        purges_(state, options.keep_removals),
        sender_(state, options.deployment, purges_),
        labelling_(state, options.store, options_.rules, *this, purges_),
        ties_outbox_(*this) {}

  absl::Status Apply(const core::Record& record, core::Output& output) override {
    arena_.Reset();
    auto envelope = core::ParseEnvelope(record, arena_);
    if (!envelope.ok()) return envelope.status();
    const Envelope& messages = **envelope;
    partitions_ = output.Partitions(core::Mailbox::kCluster);
    offset_ = record.offset;
    index_ = 0;
    own_left_ = options_.own_messages_max;
    clock_.Advance(record, messages.tick());
    if (messages.tick() != 0) mark_due_ = true;
    for (const Continue& go_on : messages.continues()) {
      if (go_on.work() == Continue::WORK_SWEEP) clock_.set_sweeping(false);
    }
    deciding_.BeginRecord(clock_.now(), output);
    Sweep();
    deciding_.Apply(messages);
    PassOnReferrals(messages, state_, clock_.now(), output);
    for (const Evidence& evidence : messages.evidence()) ApplyEvidence(evidence);
    for (const Continue& go_on : messages.continues()) {
      if (go_on.work() == Continue::WORK_REVIEW) deciding_.GoOnReviewing();
      if (go_on.work() == Continue::WORK_MARK) {
        deciding_.GoOnMarking({go_on.base_hi(), go_on.base_lo()});
      }
    }
    // A node that several pieces of evidence name tells of it once.
    for (Base* base : std::exchange(recounted_, {})) TellCounts(*base);
    absl::Status status = ReceiveAll<Message>(messages.packed_nodes());
    if (status.ok()) status = ReceiveAll<ties::Message>(messages.packed_ties());
    if (!status.ok()) return status;
    for (const Continue& go_on : messages.continues()) {
      const NodeKey key{{go_on.base_hi(), go_on.base_lo()}, go_on.day()};
      if (go_on.work() == Continue::WORK_ANNOUNCE) labelling_.Announce(key);
      if (go_on.work() == Continue::WORK_ANNOUNCE_TIES) AnnounceTies(key);
    }
    for (const internal::v1::Recheck& recheck : messages.rechecks()) Recheck(recheck);
    // After all that may change a node: what it says to its neighbours goes out with the record.
    DeliverAndSettle();
    FinishRecord();
    if (!unsettled_.empty() || !own_ties_.empty() || !own_labels_.empty()) {
      return absl::InternalError("cluster: mailbox record " + std::to_string(offset_) +
                                 " leaves nodes with something to say");
    }
    if (index_ > options_.places_max) {
      return absl::InternalError("cluster: mailbox record " + std::to_string(offset_) +
                                 " causes more messages than there are places for");
    }
    return Status();
  }

  absl::Status EndBatch(core::Output& output) override {
    labelling_.EndBatch(output);
    sender_.EndBatch(output);
    purges_.EndBatch(output);
    for (const auto& [message, partition] : remote_.Take()) {
      Pack(message, *output.To(core::Mailbox::kCluster, partition).mutable_packed_nodes());
    }
    for (const auto& [message, partition] : remote_ties_.Take()) {
      Pack(message, *output.To(core::Mailbox::kCluster, partition).mutable_packed_ties());
    }
    for (const Continue& go_on : continues_) {
      *output.To(core::Mailbox::kCluster, options_.partition).add_continues() = go_on;
    }
    continues_.clear();
    if (mark_due_ && !clock_.sweeping()) {
      IndicatorRecord mark;
      mark.set_format(core::kRecordFormat);
      mark.set_mark(clock_.now());
      output.Indicator(std::string(1, '\0'), mark.SerializeAsString());
      mark_due_ = false;
    }
    store_.Evict();
    return absl::OkStatus();
  }

  absl::Status Store() override {
    clock_.Store();
    heard_.Store();
    store_.WriteBack();
    labelling_.WriteBack();
    return Status();
  }
  size_t UnstoredBytes() const override {
    return store_.unstored_bytes() + labelling_.unstored_bytes();
  }

  Time AsOf() const override { return clock_.now(); }

 private:
  // What was computed on damaged state is worth nothing.
  absl::Status Status() const {
    return store_.status().ok() ? labelling_.status() : store_.status();
  }

  // -- components::Outbox

  // Of one that ran out of places every further one is its last, and an error.
  Place NextPlace() override {
    return core::MakePlace(offset_, std::min(index_++, core::kPlaceIndexMax));
  }
  Place HeardUpTo(const NodeKey& from) const override {
    return heard_.UpTo(core::PartitionOf(from.id, partitions_));
  }

  void Send(const Message& message) override { SendEither(message, own_labels_); }

  // For more than what the nodes that wait to be settled may say.
  bool HasPlaces() const {
    return index_ + kPlacesOfNode * unsettled_.size() < options_.places_soft_max;
  }

  template <typename EitherMessage>
  void SendEither(const EitherMessage& message, std::deque<EitherMessage>& own) {
    const uint32_t partition = core::PartitionOf(message.to.id, partitions_);
    if (partition == options_.partition && own_left_ > 0 && HasPlaces()) {
      --own_left_;
      own.push_back(message);
    } else {
      SendThroughLog(message, partition);
    }
  }

  void AnnounceLater(const NodeKey& node) override { GoOnLater(Continue::WORK_ANNOUNCE, node); }

  void GoOnLater(Continue::Work work, const Id& base) override { GoOnLater(work, {base, 0}); }
  void GoOnLater(Continue::Work work, const NodeKey& node) {
    Continue& go_on = continues_.emplace_back();
    go_on.set_work(work);
    go_on.set_base_hi(node.id.hi);
    go_on.set_base_lo(node.id.lo);
    go_on.set_day(node.day);
  }

  void SendThroughLog(const Message& message, uint32_t partition) {
    remote_.Add(message, partition);
  }
  void SendThroughLog(const ties::Message& message, uint32_t partition) {
    remote_ties_.Add(message, partition);
  }

  // -- ties::Outbox

  class TiesOutbox : public ties::Outbox {
   public:
    explicit TiesOutbox(Cluster& cluster) : cluster_(cluster) {}
    Place NextPlace() override { return cluster_.NextPlace(); }
    Place HeardUpTo(const NodeKey& from) const override { return cluster_.HeardUpTo(from); }
    void Send(const ties::Message& message) override {
      cluster_.SendEither(message, cluster_.own_ties_);
    }
    void SetActive(const NodeKey& node, const NodeKey& neighbour, bool active) override {
      cluster_.labelling_.SetActive(node, neighbour, active);
    }
    void AnnounceLater(const NodeKey& node) override {
      cluster_.GoOnLater(Continue::WORK_ANNOUNCE_TIES, node);
    }

   private:
    Cluster& cluster_;
  };

  // -- messages

  void ApplyEvidence(const Evidence& evidence) {
    Base& base = store_.Load(Id{evidence.base_hi(), evidence.base_lo()});
    BringUpToDate(base);
    const bool is_new = cluster::ApplyEvidence(base, evidence, clock_.now(), state_);
    if (!base.recounted.empty()) Recount(base);
    if (is_new) deciding_.OnEvidence(base, evidence);
    Touch(base);
  }

  // Null where there is no such node.
  LinkNode* FindNode(const NodeKey& key, bool bring_up_to_date) {
    Base* base = store_.FindNodes(key.id);
    if (base == nullptr) return nullptr;
    if (bring_up_to_date) BringUpToDate(*base);
    auto link = base->nodes.find(key.day);
    if (link == base->nodes.end()) return nullptr;
    TouchNodes(*base);
    return &link->second;
  }

  template <typename EitherMessage>
  absl::Status ReceiveAll(const std::string& packed) {
    core::Unpacker in(packed);
    EitherMessage message;
    while (!in.empty()) {
      if (!Unpack(in, message)) {
        return absl::DataLossError("cluster: mailbox record " + std::to_string(offset_) +
                                   " holds messages that no stage sends");
      }
      Receive(message);
    }
    return absl::OkStatus();
  }

  void Receive(const Message& message) {
    heard_.Add(core::PartitionOf(message.from.id, partitions_), message.place);
    labelling_.Receive(message);
  }
  void Receive(const ties::Message& message) {
    heard_.Add(core::PartitionOf(message.from.id, partitions_), message.place);
    LinkNode* link = FindNode(message.to, /*bring_up_to_date=*/true);
    if (link != nullptr && link->ties.OnNeighbour(message)) SettleLater(*link);
  }

  void AnnounceTies(const NodeKey& key) {
    LinkNode* link = FindNode(key, /*bring_up_to_date=*/false);
    if (link != nullptr) link->ties.Announce(ties_outbox_);
  }

  // The nodes of the base that count something else now learn of it.
  void TellCounts(Base& base) {
    RefreshDeclared(base);
    for (const core::Day day : std::exchange(base.recounted, {})) {
      LinkNode& link = base.nodes.at(day);
      link.is_recounted = false;
      std::vector<NodeKey> neighbours = std::exchange(link.recounted, {});
      std::sort(neighbours.begin(), neighbours.end());
      neighbours.erase(std::unique(neighbours.begin(), neighbours.end()), neighbours.end());
      std::vector<ties::TieChange> changes;
      changes.reserve(neighbours.size());
      for (const NodeKey& key : neighbours) changes.push_back({key, link.tally.TieTo(key)});
      link.ties.OnCounts(link.tally.counts(), link.declared, changes, ties_outbox_);
      SettleLater(link);
    }
  }

  void RefreshDeclared(Base& base) {
    const bool declared = deciding_.decisions().IsBaseShared(base, clock_.now());
    for (auto& [day, link] : base.nodes) {
      if (link.declared == declared) continue;
      link.declared = declared;
      Touch(base);
      if (!std::exchange(link.is_recounted, true)) base.recounted.push_back(day);
    }
  }

  // When all that has come for it has been heard.
  void SettleLater(LinkNode& link) {
    if (!std::exchange(link.is_unsettled, true)) unsettled_.push_back(link.key);
  }

  // A node acts once it has heard what those before it sent; labels go where they are to go once
  // it is known which edges count.
  void DeliverAndSettle() {
    for (;;) {
      while (DeliverOne(own_ties_)) {
      }
      if (!SettleOne() && !DeliverOne(own_labels_)) return;
    }
  }

  bool SettleOne() {
    if (unsettled_.empty()) return false;
    const NodeKey key = unsettled_.front();
    unsettled_.pop_front();
    if (LinkNode* link = FindNode(key, /*bring_up_to_date=*/false)) {
      link->is_unsettled = false;
      link->ties.Settle(ties_outbox_);
    }
    return true;
  }

  template <typename EitherMessage>
  bool DeliverOne(std::deque<EitherMessage>& own) {
    if (own.empty()) return false;
    const EitherMessage message = std::move(own.front());
    own.pop_front();
    if (HasPlaces()) {
      Receive(message);
    } else {
      SendThroughLog(message, options_.partition);
    }
    return true;
  }

  void Recheck(const internal::v1::Recheck& recheck) {
    if (core::IsReferralKey(recheck.identifier_id())) return;
    const Place place = core::MakePlace(offset_, 0);
    if (core::IsLabelKey(recheck.identifier_id())) {
      return labelling_.Recheck(recheck, place, clock_.now());
    }
    const std::string& key = recheck.identifier_id();
    const std::optional<Id> base_id =
        core::IsPurged(recheck) ? purges_.BaseOf(key) : Id::FromBytes(recheck.base_id());
    if (!base_id) return;
    // Of what nothing is known, only what is in the set all the same has to be taken back.
    if (!recheck.removed() || store_.Find(*base_id) != nullptr) {
      Base& base = store_.Load(*base_id);
      BringUpToDate(base);
      if (cluster::Recheck(base, recheck, clock_.now(), place, state_)) return Touch(base);
    }
    if (recheck.removed() && !core::IsPurged(recheck))
      purges_.BeginLate(key, *base_id, clock_.now());
  }

  // -- expiry

  // What expired until now leaves the set before anything else happens to the base, for its own
  // reason.
  void BringUpToDate(Base& base) override {
    if (base.as_of >= clock_.now()) return;
    if (base.due <= clock_.now()) store_.Complete(base);
    if (!Advance(base, clock_.now())) return;
    FinishListings(base, deciding_.decisions(), clock_.now(), core::MakePlace(offset_, 0),
                   "expired", state_);
    BeginPurges(base);
    TellCounts(base);
    if (base.overrides_changed) deciding_.OnExpiry(base);
    Touch(base);
  }

  void Sweep() {
    std::vector<core::Timers::Entry> due = store_.timers().Due(clock_.now(), options_.sweep_max);
    for (const core::Timers::Entry& entry : due) {
      Base* base = store_.Find(entry.id);
      if (base == nullptr) {
        store_.timers().Clear(entry.due, entry.id);
        continue;
      }
      BringUpToDate(*base);
      store_.Index(*base);
    }
    const size_t purged =
        purges_.Sweep(clock_.now(), options_.sweep_max,
                      [this](std::string_view key, const Id& base) { return IsGone(key, base); });
    if (std::max(due.size(), purged) < options_.sweep_max || clock_.sweeping()) return;
    clock_.set_sweeping(true);
    continues_.emplace_back().set_work(Continue::WORK_SWEEP);
  }

  bool IsGone(std::string_view key, const Id& base_id) {
    if (core::IsLabelKey(key)) {
      const auto [node, day] = core::NodeOfLabelKey(key);
      return labelling_.IsOwn({node, day});
    }
    Base* base = store_.Find(base_id);
    if (base == nullptr) return true;
    BringUpToDate(*base);
    const auto listing = base->listings.find(Id::FromBytes(key));
    return listing == base->listings.end() || listing->second.action == v1::ACTION_UNSPECIFIED;
  }

  void BeginPurges(Base& base) {
    for (const Id& id : std::exchange(base.left, {})) {
      purges_.Begin(id.Bytes(), base.id, clock_.now());
    }
  }

  // -- the end of a record

  void OnPolicy() override {
    const core::Place before = node_options_.rules_place;
    node_options_ = NodeOptionsOf(state_, CompiledOptions(options_));
    if (node_options_.rules_place != before) store_.TakeRules();
  }
  void Reconsider(LinkNode& link) override {
    link.ties.Reconsider();
    SettleLater(link);
  }

  void Recount(Base& base) override { recounted_.push_back(&base); }
  void Touch(Base& base) override {
    base.whole_touched = true;
    TouchNodes(base);
  }
  // The rest of the base is as it was, and need not be in memory.
  void TouchNodes(Base& base) {
    if (!std::exchange(base.touched, true)) touched_.push_back(&base);
  }

  void FinishRecord() {
    const Place place = core::MakePlace(offset_, 0);
    for (Base* base : touched_) {
      base->touched = false;
      FinishNodes(*base, store_);
      if (!std::exchange(base->whole_touched, false)) {
        store_.MarkNodesDirty(*base);
        continue;
      }
      FinishListings(*base, deciding_.decisions(), clock_.now(), place, "retracted", state_);
      BeginPurges(*base);
      deciding_.TellOfCanaries(*base);
      base->touched_listings.clear();
      store_.Index(*base);
      store_.MarkDirty(*base);
      sender_.SendLater(*base);
    }
    touched_.clear();
    labelling_.FinishRecord(place, clock_.now());
  }

  const Options options_;
  core::State& state_;
  NodeOptions node_options_;
  BaseStore store_;
  core::StageClock clock_;
  Heard heard_;
  Deciding deciding_;
  Purges purges_;
  IndicatorSender sender_;
  Labelling labelling_;
  TiesOutbox ties_outbox_;
  google::protobuf::Arena arena_;

  // Of the present record.
  uint32_t partitions_ = 1;
  int64_t offset_ = 0;
  uint32_t index_ = 0;
  uint32_t own_left_ = 0;
  std::deque<Message> own_labels_;
  std::deque<ties::Message> own_ties_;
  std::vector<Base*> recounted_;
  std::deque<NodeKey> unsettled_;
  std::vector<Base*> touched_;

  // Of the present batch.
  Remote<Message> remote_;
  Remote<ties::Message> remote_ties_;
  std::vector<Continue> continues_;
  // What is swept after a restart was due before it.
  bool mark_due_ = clock_.sweeping();
};

}  // namespace

std::unique_ptr<core::Stage> MakeCluster(core::State& state, const Options& options) {
  return std::make_unique<Cluster>(state, options);
}

}  // namespace ringfence::cluster
