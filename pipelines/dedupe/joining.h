#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/components/components.h"
#include "pipelines/core/time.h"
#include "pipelines/dedupe/blocks.h"
#include "pipelines/dedupe/join_store.h"
#include "pipelines/dedupe/post.h"
#include "pipelines/dedupe/verdicts.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::dedupe {

// Joins reports of one incident, by messages between reports and blocks alone:
//
//   1. A report enters its blocks (BlockEntry). A report that shares none costs no more than that.
//   2. A block that holds several tells each of the others that it is to be compared with
//      (BlockNews). One that holds more than `block_max` is flooded: it is a node that ties all its
//      reports, or says nothing.
//   3. Reports that learn of each other exchange what they are compared by (PeerFacts), and each
//      compares: both ends come to the same.
//   4. A match is an edge between the two; components::Components finds the incident's root. With
//      the label travels what the root says of the incident.
//
// Every message carries the whole of what its receiver needs of its sender, at the sender's place:
// a later one replaces an earlier one, a repeat is harmless.
class Joining : private components::Outbox {
 public:
  // All must outlive it. `touch` is called with each report whose incident may be another.
  using Touch = std::function<void(Report&)>;
  struct Limits {
    size_t block_max = kBlockMax;
    size_t peers_max = kPeersMax;
  };
  Joining(JoinStore& store, Post& post, const Verdicts& verdicts, const components::Rules& rules,
          const Limits& limits, Touch touch);

  // Of blocks of victims' tokens.
  struct Floods {
    // Blocks that have come to hold more than `block_max`.
    uint64_t begun = 0;
    // Reports that came into such blocks.
    uint64_t reports = 0;
  };
  // Since the last call.
  Floods TakeFloods() { return std::exchange(floods_, {}); }

  // Time as the record knows it.
  void set_now(core::Time now) { now_ = now; }

  // The report's present revision, in `report.stored`, replaces one that stood in `before`.
  void Revise(Report& report, const std::vector<BlockKey>& before,
              const internal::v1::ReportRevision& revision);
  // Marks of the report's identifiers changed: as a root it says something else now.
  void Redecide(Report& report);
  // The report is retracted, withdrawn, or forgotten.
  void Leave(Report& report, const std::vector<BlockKey>& before);

  void Apply(const internal::v1::BlockEntry& message);
  void Apply(const internal::v1::BlockNews& message);
  void Apply(const internal::v1::PeerFacts& message);
  void Apply(const internal::v1::NodeMessage& message);
  void Announce(const components::NodeKey& key);

 private:
  // -- components::Outbox
  core::Place NextPlace() override { return post_.NextPlace(); }
  void Send(const components::Message& message) override;
  void AnnounceLater(const components::NodeKey& node) override { post_.ContinueAnnounce(node); }

  // The moves of a node, with what it says of its incident.
  template <typename Move>
  void Run(JoinNode& join, const Move& move);
  void Connect(JoinNode& join, const components::NodeKey& other);
  void Disconnect(JoinNode& join, const components::NodeKey& other);
  void Receive(JoinNode& join, const internal::v1::NodeMessage& proto);

  // -- a report
  const internal::v1::MatchFacts& FactsOf(Report& report);
  JoinNode& NodeOf(Report& report);
  std::string OwnBearers(const Report& report);
  void SendFacts(Report& report, const core::Id& to, bool hello);
  void Hear(const internal::v1::BlockNews& message, const internal::v1::BlockNews::To& to,
            const std::vector<BlockMember>& members);
  // A block names `now` where it named `before`, both sorted.
  void Reconcile(Report& report, const std::vector<core::Id>& before,
                 const std::vector<core::Id>& now);
  void Match(Report& report, const core::Id& other, Joins::Peer& peer);
  void SetEdge(Report& report, Joins::Peer& peer, std::optional<components::NodeKey> edge);
  void SetFlood(Report& report, const core::Id& block, Joins::Membership& membership, bool flooded);
  void DropIfAlone(Report& report);
  void Changed(Report& report);

  // -- a block
  // `reach` 0: it left.
  void SendEntry(const Report& report, const BlockKey& block, core::Place place, uint32_t reach);
  void Enter(Block& block, const core::Id& report, const BlockItem& before, bool was_in,
             BlockItem item);
  void Remove(Block& block, const core::Id& report, const BlockItem& before);
  void Flood(Block& block);
  void Subside(Block& block);
  // Tells those whom it introduced to others when its members were `before`; and `anyway`.
  void TellChanges(Block& block, const std::vector<BlockMember>& before,
                   std::optional<core::Id> anyway);
  // Tells `entries`, which are in the block, who is in it, where there is anything to say.
  void Tell(Block& block, const Block::Entries& entries);
  void Tie(Block& block, const components::NodeKey& report, bool tied);

  JoinStore& store_;
  Post& post_;
  const Verdicts& verdicts_;
  const components::Rules& rules_;
  const Limits limits_;
  const Touch touch_;
  components::Components components_;
  core::Time now_ = core::kTimeMin;
  // Whose moves are being made.
  JoinNode* moving_ = nullptr;
  Floods floods_;
};

}  // namespace ringfence::dedupe
