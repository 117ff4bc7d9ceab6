#include "tests/sim/owner.h"

#include <map>
#include <utility>

namespace ringfence::sim {

using core::Mailbox;
using internal::v1::Envelope;

Knobs RandomKnobs(Random& random) {
  Knobs knobs;
  knobs.dedupe_partitions = static_cast<uint32_t>(random.Between(1, 7));
  knobs.cluster_partitions = static_cast<uint32_t>(random.Between(1, 7));
  knobs.dedupe.sweep_max = random.Pick<size_t>({1, 2, 256});
  knobs.dedupe.own_messages_max = random.Pick<uint32_t>({0, 1, 8, 65'536});
  knobs.dedupe.block_max = random.Pick<size_t>({1, 2, 3, dedupe::kBlockMax, dedupe::kBlockMax});
  knobs.dedupe.rules.announce_max = random.Pick<uint32_t>({1, 2, 5, 1024});
  knobs.cluster.own_messages_max = random.Pick<uint32_t>({0, 1, 8, 65'536});
  knobs.cluster.sweep_max = random.Pick<size_t>({1, 2, 256});
  knobs.cluster.rules.announce_max = random.Pick<uint32_t>({1, 2, 5, 1024});
  knobs.cluster.store.inline_evidence_max = random.Pick<size_t>({0, 1, 4});
  knobs.cluster.store.inline_neighbours_max = random.Pick<size_t>({0, 1, 3, 16});
  knobs.cluster.store.cache_bytes_max = random.Pick<size_t>({0, 2'000, size_t{1} << 24});
  knobs.cluster.store.label_cache_bytes_max = knobs.cluster.store.cache_bytes_max;
  knobs.close_envelope = random.Pick({0.0, 0.1, 1.0});
  return knobs;
}

void ChooseWhatIsLarge(Random& random, Knobs& knobs) {
  knobs.cluster.store.inline_listings_max = random.Pick<size_t>({0, 1, 2, 16});
  knobs.cluster.walked_evidence_max = random.Pick<size_t>({0, 1, 64});
}

void BoundWork(Random& random, Knobs& knobs) {
  knobs.dedupe.review_max = random.Pick<size_t>({1, 2, 256});
  knobs.cluster.review_max = random.Pick<size_t>({1, 2, 256});
  knobs.dedupe.peers_max = random.Pick<size_t>({1, 8, 20, dedupe::kPeersMax});
  knobs.dedupe.places_soft_max = random.Pick<uint32_t>({1, 5, 20, 500'000});
}

ties::Rules RandomTieRules(Random& random) {
  ties::Rules rules;
  if (random.Chance(0.2)) return rules;
  rules.established_incidents = random.Pick<uint32_t>({2, 3, 4});
  rules.many_neighbours = random.Pick<uint32_t>({3, 4, 6, 24});
  rules.clustering_permille = random.Pick<uint32_t>({120, 300, 500});
  rules.sketched_neighbours_max = random.Pick<uint32_t>({4, 8, 100});
  rules.sketch_size = random.Pick<uint32_t>({2, 3, 17});
  rules.sample_max = random.Pick<uint32_t>({3, 5, 256});
  rules.witnesses_max = random.Pick<uint32_t>({1, 2, 32});
  rules.anchors_max = random.Pick<uint32_t>({1, 2, 3});
  rules.anchor_candidates_max = random.Pick<uint32_t>({1, 3, 256});
  rules.organisation_incidents_max = random.Pick<uint32_t>({1, 2, 3});
  return rules;
}

core::Time RandomKeepRemovals(uint64_t seed, bool purges) {
  if (!purges) return 4'000 * core::kDay;
  Random random(seed + 0x9b05688c2b3e6c1f);
  return random.Pick({core::kHour, core::kDay, 5 * core::kDay, core::kKeepRemovals});
}

class Owner::SimulatedOutput : public core::Output {
 public:
  SimulatedOutput(uint32_t source, const Knobs& knobs, Random& random)
      : source_(source), knobs_(knobs), random_(random) {}

  Envelope& To(Mailbox mailbox, uint32_t partition) override {
    const PartitionName to{mailbox, partition};
    Envelope& envelope = filling_[to];
    if (envelope.format() != 0 && random_.Chance(knobs_.close_envelope)) Close(to, envelope);
    envelope.set_format(core::kEnvelopeFormat);
    envelope.set_source_partition(source_);
    return envelope;
  }
  uint32_t Partitions(Mailbox mailbox) const override {
    return mailbox == Mailbox::kDedupe ? knobs_.dedupe_partitions : knobs_.cluster_partitions;
  }
  void Indicator(std::string_view key, std::string_view value) override {
    outgoing_.push_back({std::nullopt, std::string(key), std::string(value)});
  }

  std::vector<Outgoing> Take() {
    for (auto& [to, envelope] : filling_) Close(to, envelope);
    filling_.clear();
    return std::exchange(outgoing_, {});
  }

 private:
  void Close(const PartitionName& to, Envelope& envelope) {
    outgoing_.push_back({to, "", envelope.SerializeAsString()});
    envelope.Clear();
  }

  const uint32_t source_;
  const Knobs& knobs_;
  Random& random_;
  std::map<PartitionName, Envelope> filling_;
  std::vector<Outgoing> outgoing_;
};

Owner::Owner(uint64_t number, const PartitionName& partition, const Knobs& knobs,
             const Checkpoint& checkpoint, Random& random)
    : number_(number),
      state_(checkpoint.state),
      next_(checkpoint.next),
      output_(std::make_unique<SimulatedOutput>(partition.number, knobs, random)) {
  if (partition.mailbox == Mailbox::kDedupe) {
    dedupe::Options options = knobs.dedupe;
    options.partition = partition.number;
    stage_ = dedupe::MakeDedupe(state_, options);
  } else {
    cluster::Options options = knobs.cluster;
    options.partition = partition.number;
    stage_ = cluster::MakeCluster(state_, options);
  }
}

Owner::~Owner() = default;

absl::Status Owner::Apply(const std::vector<LogRecord>& log, size_t records) {
  for (; records > 0 && next_ < log.size(); --records, ++next_) {
    const LogRecord& record = log[next_];
    const core::Record view{static_cast<int64_t>(next_), record.append_time, "", record.value};
    if (absl::Status status = stage_->Apply(view, *output_); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Owner::EndBatch() { return stage_->EndBatch(*output_); }
absl::Status Owner::Store() { return stage_->Store(); }

std::vector<Outgoing> Owner::TakeOutgoing() { return output_->Take(); }

}  // namespace ringfence::sim
