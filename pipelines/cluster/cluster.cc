#include "pipelines/cluster/cluster.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "google/protobuf/arena.h"
#include "pipelines/cluster/evidence.h"
#include "pipelines/cluster/listing.h"
#include "pipelines/cluster/node_messages.h"
#include "pipelines/cluster/recheck.h"
#include "pipelines/core/envelope.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {
namespace {

using components::Components;
using components::Message;
using components::NodeKey;
using core::Id;
using core::Place;
using core::Time;
using internal::v1::Continue;
using internal::v1::Envelope;
using internal::v1::Evidence;

// Places that one record may use up before its own messages go through the log too.
constexpr uint32_t kPlacesSoftMax = core::kPlaceIndexMax / 2;

class Cluster : public core::Stage, private components::Outbox {
 public:
  Cluster(core::State& state, const Options& options)
      : options_(options),
        state_(state),
        store_(state, options.store),
        clock_(state),
        ids_(options.deployment),
        components_(options_.rules, *this) {}

  absl::Status Apply(const core::Record& record, core::Output& output) override {
    arena_.Reset();
    auto envelope = core::ParseEnvelope(record, arena_);
    if (!envelope.ok()) return envelope.status();
    const Envelope& messages = **envelope;
    partitions_ = output.Partitions(core::Mailbox::kCluster);
    offset_ = record.offset;
    index_ = 0;
    own_left_ = options_.own_messages_max;
    clock_.Advance(std::max(record.append_time, Time{messages.tick()}));
    if (messages.tick() != 0) mark_due_ = true;
    for (const Continue& go_on : messages.continues()) {
      if (go_on.work() == Continue::WORK_SWEEP) clock_.set_sweeping(false);
    }
    Sweep();
    for (const Evidence& evidence : messages.evidence()) ApplyEvidence(evidence);
    for (const internal::v1::NodeMessage& message : messages.nodes()) Receive(FromProto(message));
    for (const Continue& go_on : messages.continues()) {
      if (go_on.work() == Continue::WORK_ANNOUNCE) {
        Announce({{go_on.base_hi(), go_on.base_lo()}, go_on.day()});
      }
    }
    DeliverOwn();
    for (const internal::v1::Recheck& recheck : messages.rechecks()) Recheck(recheck);
    FinishRecord();
    return store_.status();
  }

  absl::Status EndBatch(core::Output& output) override {
    SendIndicators(output);
    for (const auto& [message, partition] : remote_) {
      ToProto(message, *output.To(core::Mailbox::kCluster, partition).add_nodes());
    }
    remote_.clear();
    remote_index_.clear();
    for (const Continue& go_on : continues_) {
      *output.To(core::Mailbox::kCluster, options_.partition).add_continues() = go_on;
    }
    continues_.clear();
    if (mark_due_ && !clock_.sweeping()) {
      internal::v1::IndicatorRecord mark;
      mark.set_format(1);
      mark.set_mark(clock_.now());
      output.Indicator(std::string(1, '\0'), mark.SerializeAsString());
      mark_due_ = false;
    }
    clock_.Store();
    store_.WriteBack();
    return absl::OkStatus();
  }

  Time AsOf() const override { return clock_.now(); }

 private:
  // -- components::Outbox
  // --------------------------------------------------------------------------------------

  Place NextPlace() override { return core::MakePlace(offset_, index_++); }

  void Send(const Message& message) override {
    const uint32_t partition = core::PartitionOf(message.to.id, partitions_);
    if (partition == options_.partition && own_left_ > 0 && index_ < kPlacesSoftMax) {
      --own_left_;
      own_.push_back(message);
    } else {
      SendThroughLog(message, partition);
    }
  }

  void AnnounceLater(const NodeKey& node) override {
    Continue& go_on = continues_.emplace_back();
    go_on.set_work(Continue::WORK_ANNOUNCE);
    go_on.set_base_hi(node.id.hi);
    go_on.set_base_lo(node.id.lo);
    go_on.set_day(node.day);
  }

  // Of several messages from one node to another only the last goes out: it says all that the
  // earlier ones did.
  void SendThroughLog(const Message& message, uint32_t partition) {
    auto [entry, inserted] =
        remote_index_.try_emplace(std::pair(message.from, message.to), remote_.size());
    if (inserted) {
      remote_.emplace_back(message, partition);
      return;
    }
    Message& earlier = remote_[entry->second].first;
    const bool hello = earlier.hello || message.hello;
    earlier = message;
    earlier.hello = hello;
  }

  // -- messages
  // -----------------------------------------------------------------------------------------------

  void ApplyEvidence(const Evidence& evidence) {
    Base& base = store_.Load(Id{evidence.base_hi(), evidence.base_lo()});
    BringUpToDate(base);
    ChangeEdges(base, cluster::ApplyEvidence(base, evidence, clock_.now(), state_));
    Touch(base);
  }

  void Receive(const Message& message) {
    Base* base = store_.Find(message.to.id);
    if (base == nullptr) return;
    BringUpToDate(*base);
    auto link = base->nodes.find(message.to.day);
    if (link == base->nodes.end()) return;
    components_.Receive(link->second.node, message);
    Touch(*base);
  }

  void Announce(const NodeKey& key) {
    Base* base = store_.Find(key.id);
    if (base == nullptr) return;
    auto link = base->nodes.find(key.day);
    if (link == base->nodes.end()) return;
    components_.Announce(link->second.node);
    Touch(*base);
  }

  void DeliverOwn() {
    while (!own_.empty()) {
      const Message message = own_.front();
      own_.pop_front();
      if (index_ < kPlacesSoftMax) {
        Receive(message);
      } else {
        SendThroughLog(message, options_.partition);
      }
    }
  }

  void Recheck(const internal::v1::Recheck& recheck) {
    const Id base_id = Id::FromBytes(recheck.base_id());
    Base* base = store_.Find(base_id);
    if (base == nullptr) {
      // Nothing is known of it: only what is in the set all the same has to be taken back.
      if (recheck.removed()) return;
      base = &store_.Load(base_id);
    }
    BringUpToDate(*base);
    if (cluster::Recheck(*base, recheck, clock_.now(), core::MakePlace(offset_, 0), state_))
      Touch(*base);
  }

  // -- expiry
  // -----------------------------------------------------------------------------------------------

  // What expired until now leaves the set before anything else happens to the base, for its own
  // reason.
  void BringUpToDate(Base& base) {
    if (base.as_of >= clock_.now()) return;
    std::vector<EdgeChange> changes = Advance(base, clock_.now());
    if (!base.dirty) return;
    FinishListings(base, clock_.now(), core::MakePlace(offset_, 0), "expired");
    ChangeEdges(base, changes);
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
    if (due.size() < options_.sweep_max || clock_.sweeping()) return;
    clock_.set_sweeping(true);
    continues_.emplace_back().set_work(Continue::WORK_SWEEP);
  }

  // -- the end of a record
  // -------------------------------------------------------------------------------------

  void ChangeEdges(Base& base, const std::vector<EdgeChange>& changes) {
    for (const EdgeChange& change : changes) {
      LinkNode& link = base.nodes.at(change.day);
      if (change.connect) {
        components_.Connect(link.node, change.neighbour);
        continue;
      }
      if (link.spilled) base.erased_neighbours.emplace_back(change.day, change.neighbour);
      components_.Disconnect(link.node, change.neighbour);
    }
  }

  void Touch(Base& base) {
    if (base.touched) return;
    base.touched = true;
    touched_.push_back(&base);
  }

  void FinishRecord() {
    const Place place = core::MakePlace(offset_, 0);
    for (Base* base : touched_) {
      base->touched = false;
      FinishNodes(*base);
      FinishListings(*base, clock_.now(), place, "retracted");
      store_.Index(*base);
      store_.MarkDirty(*base);
    }
    unsent_.insert(unsent_.end(), touched_.begin(), touched_.end());
    touched_.clear();
  }

  // Nodes that nothing names any more go; a new label reaches the listings that stand on the node.
  void FinishNodes(Base& base) {
    for (auto it = base.nodes.begin(); it != base.nodes.end();) {
      LinkNode& link = it->second;
      if (link.evidence == 0 && link.node.neighbours.empty()) {
        it = base.nodes.erase(it);
        continue;
      }
      if (link.node.labelled && link.node.root != link.shown) {
        link.shown = link.node.root;
        for (auto& [id, listing] : base.listings) listing.label_touched = true;
      }
      ++it;
    }
  }

  void SendIndicators(core::Output& output) {
    std::sort(unsent_.begin(), unsent_.end(),
              [](const Base* a, const Base* b) { return a->id < b->id; });
    unsent_.erase(std::unique(unsent_.begin(), unsent_.end()), unsent_.end());
    for (Base* base : unsent_) {
      for (auto it = base->listings.begin(); it != base->listings.end();) {
        Listing& listing = it->second;
        if (listing.unsent != 0) {
          const internal::v1::IndicatorRecord record = MakeRecord(*base, listing, ids_);
          record.SerializeToString(&buffer_);
          output.Indicator(record.identifier_id(), buffer_);
          listing.sent = std::exchange(listing.unsent, 0);
        }
        if (listing.statistics.empty()) {
          Remember(listing);
          it = base->listings.erase(it);
        } else {
          ++it;
        }
      }
    }
    unsent_.clear();
  }

  void Remember(const Listing& listing) {
    if (!IsRemembered(listing)) return;
    internal::v1::StoredListing stored;
    stored.set_epoch(listing.epoch);
    stored.set_peak_action(listing.peak_action);
    stored.set_least_tlp(listing.least_tlp);
    state_.Put(EpochKey(listing.id), stored.SerializeAsString());
  }

  const Options options_;
  core::State& state_;
  BaseStore store_;
  core::StageClock clock_;
  const core::IndicatorNamespace ids_;
  Components components_;
  google::protobuf::Arena arena_;

  // Of the present record.
  uint32_t partitions_ = 1;
  int64_t offset_ = 0;
  uint32_t index_ = 0;
  uint32_t own_left_ = 0;
  std::deque<Message> own_;
  std::vector<Base*> touched_;

  // Of the present batch.
  std::vector<Base*> unsent_;
  std::vector<std::pair<Message, uint32_t>> remote_;
  absl::flat_hash_map<std::pair<NodeKey, NodeKey>, size_t> remote_index_;
  std::vector<Continue> continues_;
  // What is swept after a restart was due before it.
  bool mark_due_ = clock_.sweeping();
  std::string buffer_;
};

}  // namespace

std::unique_ptr<core::Stage> MakeCluster(core::State& state, const Options& options) {
  return std::make_unique<Cluster>(state, options);
}

}  // namespace ringfence::cluster
