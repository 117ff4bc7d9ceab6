#include "tests/sim/simulation.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "pipelines/core/id.h"
#include "pipelines/core/removals.h"
#include "tests/oracle/incidents.h"
#include "tests/oracle/oracle.h"
#include "tests/sim/comparison.h"
#include "tests/sim/decision_plan.h"
#include "tests/sim/holds.h"
#include "tests/sim/indicators_topic.h"
#include "tests/sim/owner.h"
#include "tests/sim/policy_plan.h"
#include "tests/sim/random.h"
#include "tests/sim/reader.h"
#include "tests/sim/simulated_log.h"
#include "tests/sim/versions.h"
#include "tests/sim/world.h"

namespace ringfence::sim {
namespace {

using core::Mailbox;
using core::Time;
using internal::v1::Envelope;

// How late a second copy of a message may come, in the log's time: senders give up long before.
constexpr Time kLateMax = 12 * core::kHour;
constexpr int kStepsToQuietMax = 20'000;
// As a sender; owners count from 1.
constexpr uint64_t kOperator = 0;

// How often things go wrong, a turn.
struct Chaos {
  double flush = 0.03;
  double crash = 0.02;
  double crash_in_batch = 0.02;
  double second_owner = 0.01;
  double second_stops = 0.03;
};

// An owner, and what it would go on with after a crash.
struct Seat {
  std::unique_ptr<Owner> owner;
  Checkpoint flushed;
};

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options)
      : options_(options),
        random_(options.seed),
        store_random_(options.seed + 0x3c6ef372fe94f82a),
        recheck_random_(options.seed + 0x510e527fade682d1),
        late_random_(options.seed + 0xa54ff53a5f1d36f1),
        world_(RandomWorld(random_)),
        knobs_(RandomKnobs(random_)),
        log_(random_.Pick({0.0, 0.1, 0.4}), kLateMax),
        reader_(RandomKeepRemovals(options.seed, options.purges)) {
    knobs_.cluster.keep_removals = RandomKeepRemovals(options.seed, options.purges);
    // Of its own, so that a seed is the same world with other numbers of the rule.
    Random rules_random(options.seed + 0x9e3779b97f4a7c15);
    knobs_.cluster.ties = RandomTieRules(rules_random);
    store_ = store_random_.Pick({0.0, 0.1, 0.5, 1.0});
    decisions_ = RandomDecisions(world_, rules_random);
    // Likewise.
    Random holds_random(options.seed + 0x1f83d9abfb41bd6b);
    AddHolds(world_, holds_random, decisions_);
    Random policy_random(options.seed + 0x5be0cd19137e2179);
    if (options.policies) {
      DoubtReports(world_, policy_random);
      AddPolicies(world_, policy_random, decisions_);
    }
    BoundWork(rules_random, knobs_);
    Random large_random(options.seed + 0x6c44198c4a475817);
    ChooseWhatIsLarge(large_random, knobs_);
    if (options.more_chaos) {
      recheck_ = recheck_random_.Pick({0.0, 0.1, 0.8});
      AddHostsUnheardOf(world_, recheck_random_, decisions_);
      knobs_.cluster.places_soft_max = recheck_random_.Pick<uint32_t>({1, 5, 20, 1'000'000});
    }
    knobs_.cluster.rules.wait_for_confirmations = options.broken != Break::kDetach;
    knobs_.dedupe.rules.wait_for_confirmations = options.broken != Break::kDetach;
    if (random_.Chance(0.2)) chaos_ = {0.03, 0, 0, 0, 0};
    log_.AdvanceTo(world_.arrivals.front().at);
    for (uint32_t i = 0; i < knobs_.dedupe_partitions; ++i) Open({Mailbox::kDedupe, i});
    for (uint32_t i = 0; i < knobs_.cluster_partitions; ++i) Open({Mailbox::kCluster, i});
  }

  std::string Run() {
    Trace("{} dedupe and {} cluster partitions, own messages {}", knobs_.dedupe_partitions,
          knobs_.cluster_partitions, knobs_.cluster.own_messages_max);
    while (NextArrival() && status_.ok()) Turn();
    for (uint64_t turns = random_.Below(200); turns > 0 && status_.ok(); --turns) Turn();
    PassTime(world_.as_of);
    for (const PartitionName& partition : partitions_) {
      if (recheck_random_.Chance(recheck_)) RecheckSome(partition);
      Tick(partition);
    }
    for (uint64_t turns = random_.Below(200); turns > 0 && status_.ok(); --turns) Turn();
    Settle();
    if (options_.verbose) TraceLog();
    if (!status_.ok()) return std::string(status_.message());
    std::string wrong = Compare();
    const bool runs_out = options_.purges && options_.seed % 4 == 0;
    return wrong.empty() && runs_out ? RunOut() : wrong;
  }

 private:
  template <typename... Args>
  void Trace(fmt::format_string<Args...> text, Args&&... args) {
    if (!options_.verbose) return;
    fmt::print(stderr, "{} ", log_.now());
    fmt::print(stderr, text, std::forward<Args>(args)...);
    fmt::print(stderr, "\n");
  }
  static std::string NameOf(const PartitionName& partition) {
    return fmt::format("{}/{}", partition.mailbox == Mailbox::kDedupe ? "dedupe" : "cluster",
                       partition.number);
  }

  void TraceLog() {
    for (const PartitionName& partition : partitions_) {
      const std::vector<LogRecord>& records = log_.Records(partition);
      for (size_t offset = 0; offset < records.size(); ++offset) {
        Envelope envelope;
        if (!envelope.ParseFromString(records[offset].value)) continue;
        fmt::print(stderr, "log {} {} at {}: {}\n", NameOf(partition), offset,
                   records[offset].append_time, envelope.ShortDebugString());
      }
    }
  }

  void Open(const PartitionName& partition) {
    partitions_.push_back(partition);
    seats_[partition].push_back({NewOwner(partition, {}), {}});
  }
  std::unique_ptr<Owner> NewOwner(const PartitionName& partition, const Checkpoint& checkpoint) {
    return std::make_unique<Owner>(++owners_, partition, knobs_, checkpoint, random_);
  }

  void Turn() {
    const double dice = random_.Unit();
    if (dice < 0.1) {
      Arrive();
    } else if (dice < 0.5) {
      for (uint64_t records = 1 + random_.Below(4); records > 0; --records) {
        log_.DeliverOne(random_);
      }
    } else if (dice < 0.55) {
      PassSomeTime();
    } else if (dice < 0.6) {
      if (log_.now() > core::kTimeMin) Tick(random_.Pick(partitions_));
    } else {
      Work(random_.Pick(partitions_));
    }
    Disturb(random_.Pick(partitions_));
    if (recheck_random_.Chance(recheck_ / 8)) RecheckSome(recheck_random_.Pick(partitions_));
  }

  // The next record of intake, in its mailbox.
  void Arrive() {
    if (!NextArrival()) return;
    if (decided_ < decisions_.size() && decisions_[decided_].at <= *NextArrival()) {
      return Decide(decisions_[decided_++]);
    }
    PassTime(world_.arrivals[arrived_].at);
    Envelope envelope;
    envelope.set_format(core::kEnvelopeFormat);
    const PartitionName to = PartitionOf(world_.arrivals[arrived_].revision);
    do {
      *envelope.add_revisions() = world_.arrivals[arrived_].revision;
      Trace("arrives at {}: {}", NameOf(to), envelope.revisions().rbegin()->ShortDebugString());
      ++arrived_;
    } while (arrived_ < world_.arrivals.size() && random_.Chance(0.3) &&
             world_.arrivals[arrived_].at == log_.now() &&
             PartitionOf(world_.arrivals[arrived_].revision) == to);
    log_.Append(to, envelope.SerializeAsString());
  }
  // When the next report or decision comes.
  std::optional<Time> NextArrival() const {
    std::optional<Time> next;
    if (arrived_ < world_.arrivals.size()) next = world_.arrivals[arrived_].at;
    if (decided_ < decisions_.size()) {
      next = std::min(next.value_or(decisions_[decided_].at), decisions_[decided_].at);
    }
    return next;
  }

  // An operator's decision, on its way to all that it concerns. What was sent before may come
  // again, in the order in which it was.
  void Decide(const DecisionArrival& decision) {
    PassTime(decision.at);
    const size_t first = random_.Chance(0.2) ? random_.Below(decided_) : decided_ - 1;
    for (size_t i = first; i < decided_; ++i) SendDecision(decisions_[i].record, i + 1);
  }
  void SendDecision(const internal::v1::DecisionRecord& record, core::Place place) {
    Trace("decision: {}", record.ShortDebugString());
    const Envelope envelope = EnvelopeOf(record, place);
    if (record.has_override_news()) {
      const internal::v1::OverrideNews& news = record.override_news();
      const bool of_all =
          news.type() == v1::IDENTIFIER_TYPE_DOMAIN || news.scope() != v1::SCOPE_UNSPECIFIED;
      const core::Id base{news.base_hi(), news.base_lo()};
      const uint32_t own = core::PartitionOf(base, knobs_.cluster_partitions);
      for (const PartitionName& to : partitions_) {
        if (to.mailbox != Mailbox::kCluster || (!of_all && to.number != own)) continue;
        log_.Send(kOperator, to, envelope.SerializeAsString());
      }
      return;
    }
    const bool concerns_cluster =
        record.has_organisations() || (record.has_policy() && options_.broken != Break::kPolicies);
    for (const PartitionName& to : partitions_) {
      if (to.mailbox == Mailbox::kCluster && !concerns_cluster) continue;
      log_.Send(kOperator, to, envelope.SerializeAsString());
    }
  }

  PartitionName PartitionOf(const internal::v1::ReportRevision& revision) const {
    const core::Id key = core::ReportKey(revision.partner(), revision.report_id());
    return {Mailbox::kDedupe, core::PartitionOf(key, knobs_.dedupe_partitions)};
  }

  void PassTime(Time now) {
    if (now <= log_.now()) return;
    log_.AdvanceTo(now);
    // Of two owners, one whose sends time out stops.
    for (const PartitionName& partition : partitions_) {
      const std::vector<Seat>& seats = seats_.at(partition);
      for (size_t index = 0; index < seats.size() && seats.size() > 1; ++index) {
        if (log_.HasLate(seats[index].owner->number())) Stop(partition, index);
      }
    }
  }
  void PassSomeTime() {
    const Time next = NextArrival().value_or(world_.as_of);
    if (next <= log_.now()) return;
    const Time now = log_.now() + random_.Between(0, next - log_.now());
    PassTime(now);
    for (const PartitionName& partition : partitions_) {
      if (recheck_random_.Chance(recheck_)) RecheckSome(partition);
      if (random_.Chance(0.8)) Tick(partition);
    }
  }
  void Tick(const PartitionName& partition) {
    Envelope envelope;
    envelope.set_format(core::kEnvelopeFormat);
    envelope.set_source_partition(partition.number);
    envelope.set_tick(log_.now());
    log_.Append(partition, envelope.SerializeAsString());
  }

  // A batch of one of the owners of a partition.
  bool Work(const PartitionName& partition) {
    std::vector<Seat>& seats = seats_.at(partition);
    const size_t index = random_.Below(seats.size());
    Seat& seat = seats[index];
    const std::vector<LogRecord>& records = log_.Records(partition);
    if (seat.owner->next() >= records.size()) return false;
    // One of two owners that is far behind has been told so.
    if (seats.size() > 1 && records[seat.owner->next()].append_time + kLateMax < log_.now()) {
      Stop(partition, index);
      return true;
    }
    const uint64_t batch = random_.Pick<uint64_t>({1, 1 + random_.Below(4), 500});
    if (random_.Chance(chaos_.crash_in_batch)) {
      Fail(seat.owner->Apply(records, 1 + random_.Below(batch)));
      Crash(partition, seat);
      return true;
    }
    Fail(seat.owner->Apply(records, batch));
    Fail(seat.owner->EndBatch());
    std::vector<Outgoing> outgoing = seat.owner->TakeOutgoing();
    const bool crashes = random_.Chance(chaos_.crash_in_batch);
    if (crashes) outgoing.resize(random_.Below(outgoing.size() + 1));
    Trace("{} of owner {} up to {}, sends {}", NameOf(partition), seat.owner->number(),
          seat.owner->next(), outgoing.size());
    for (Outgoing& record : outgoing) Send(partition, seat.owner->number(), std::move(record));
    if (crashes) {
      Crash(partition, seat);
    } else if (store_random_.Chance(store_)) {
      Fail(seat.owner->Store());
    }
    return true;
  }

  void Send(const PartitionName& from, uint64_t owner, Outgoing record) {
    if (!record.to) {
      if (options_.verbose) TraceIndicator(record);
      return Publish(from, record.key, record.value);
    }
    Envelope envelope;
    if (!envelope.ParseFromString(record.value)) Fail(absl::DataLossError("not an envelope"));
    if (options_.verbose) Trace("  to {}: {}", NameOf(*record.to), envelope.ShortDebugString());
    Fail(versions_.Check(from, *record.to, envelope));
    if (options_.broken == Break::kMarks && !envelope.marks().empty()) {
      envelope.clear_marks();
      record.value = envelope.SerializeAsString();
    }
    log_.Send(owner, *record.to, std::move(record.value));
  }
  void Publish(const PartitionName& from, const std::string& key, const std::string& value) {
    Fail(reader_.Read(from.number, key, value, log_.now()));
    indicators_.Append(from.number, key, value, seats_.at(from).size() > 1, log_.now());
  }
  void TraceIndicator(const Outgoing& outgoing) {
    internal::v1::IndicatorRecord record;
    if (outgoing.value.empty()) return Trace("  a key of {} leaves", outgoing.key.size());
    if (record.ParseFromString(outgoing.value)) Trace("  indicator: {}", record.ShortDebugString());
  }

  void Disturb(const PartitionName& partition) {
    std::vector<Seat>& seats = seats_.at(partition);
    Seat& seat = seats[random_.Below(seats.size())];
    const double dice = random_.Unit();
    double below = chaos_.flush;
    if (dice < below) return Flush(seat);
    if (dice < (below += chaos_.crash)) return Crash(partition, seat);
    if (dice < (below += chaos_.second_owner) && seats.size() == 1) {
      Trace("{}: a second owner", NameOf(partition));
      Checkpoint flushed = seat.flushed;
      seats.push_back({NewOwner(partition, flushed), flushed});
      return;
    }
    if (dice < below + chaos_.second_stops && seats.size() > 1) {
      Stop(partition, random_.Below(seats.size()));
    }
  }

  // What an owner sent is in the log before its state is kept.
  void Flush(Seat& seat) {
    log_.DeliverAllOf(seat.owner->number(), random_);
    Fail(seat.owner->Store());
    seat.flushed = seat.owner->Keep();
  }
  void Crash(const PartitionName& partition, Seat& seat) {
    Trace("{}: owner {} crashes back to {}", NameOf(partition), seat.owner->number(),
          seat.flushed.next);
    log_.Crash(seat.owner->number(), random_);
    seat.owner = NewOwner(partition, seat.flushed);
  }
  void Stop(const PartitionName& partition, size_t index) {
    std::vector<Seat>& seats = seats_.at(partition);
    Trace("{}: owner {} stops", NameOf(partition), seats[index].owner->number());
    log_.Crash(seats[index].owner->number(), random_);
    if (options_.purges && partition.mailbox == Mailbox::kCluster) {
      const Time since = log_.now() - kLateMax;
      for (const auto& [key, value] : indicators_.Late(partition.number, since, late_random_)) {
        Publish(partition, key, value);
      }
    }
    seats.erase(seats.begin() + static_cast<std::ptrdiff_t>(index));
    if (options_.purges) RecheckLast(partition);
  }

  // Nothing goes wrong any more, until nothing is left to do.
  void Settle() {
    chaos_ = {0, 0, 0, 0, 0};
    for (const PartitionName& partition : partitions_) {
      if (seats_.at(partition).size() > 1) Stop(partition, random_.Below(2));
    }
    for (const PartitionName& partition : partitions_) RecheckLast(partition);
    AwaitQuiet();
  }
  void AwaitQuiet() {
    int steps = 0;
    for (bool quiet = false; !quiet && status_.ok(); ++steps) {
      if (steps > kStepsToQuietMax) return Fail(absl::InternalError("never quiet"));
      quiet = !log_.DeliverOne(random_);
      for (const PartitionName& partition : partitions_) {
        if (random_.Chance(0.5) || quiet) quiet = !Work(partition) && quiet;
      }
    }
  }

  // The owner that is left asks about what another has written.
  void RecheckLast(const PartitionName& partition) {
    if (partition.mailbox != Mailbox::kCluster || options_.broken == Break::kRechecks) return;
    log_.Append(partition, indicators_.LastRechecks(partition.number).SerializeAsString());
  }

  // Perhaps with more to expire than one record may. What the question leads to must not be lost
  // where the owner stops right after it.
  void RecheckSome(const PartitionName& partition) {
    if (partition.mailbox != Mailbox::kCluster) return;
    const auto envelope = indicators_.Rechecks(partition.number, recheck_random_);
    if (!envelope) return;
    Trace("{} rechecks: {}", NameOf(partition), envelope->ShortDebugString());
    log_.Append(partition, envelope->SerializeAsString());
    if (recheck_random_.Chance(0.5)) return;
    while (Work(partition) && status_.ok()) {
    }
    Seat& seat = seats_.at(partition).front();
    Flush(seat);
    Crash(partition, seat);
  }

  std::string Compare() {
    for (const PartitionName& partition : partitions_) {
      if (seats_.at(partition).front().owner->AsOf() != world_.as_of) {
        return NameOf(partition) + ": its time is not that of the last tick";
      }
      if (partition.mailbox == Mailbox::kCluster &&
          reader_.MarkOf(partition.number) != world_.as_of) {
        return NameOf(partition) + ": its mark is not that of the last tick";
      }
    }
    oracle::World world;
    for (const WorldPlan::Arrival& arrival : world_.arrivals) {
      world.revisions.push_back(arrival.revision);
    }
    world.as_of = world_.as_of;
    world.rules = knobs_.cluster.ties;
    DecideIn(world, decisions_);
    world.representatives =
        oracle::Representatives(world, knobs_.dedupe.block_max, knobs_.dedupe.peers_max);
    const std::vector<core::State*> dedupe = StatesOf(Mailbox::kDedupe);
    if (!status_.ok()) return std::string(status_.message());
    std::string wrong = CompareIncidents(world, dedupe);
    if (wrong.empty()) wrong = CompareHolds(decisions_, dedupe, reader_);
    if (wrong.empty()) wrong = CompareWithheld(world, dedupe);
    if (!wrong.empty()) return wrong;
    const oracle::Published published = reader_.Published();
    wrong = oracle::Difference(oracle::Expected(world), published);
    if (!wrong.empty() || !options_.purges) return wrong;
    return CompareCompacted(indicators_, knobs_.cluster_partitions, published);
  }

  // Of all partitions, with what their owners had not stored.
  std::vector<core::State*> StatesOf(Mailbox mailbox) {
    std::vector<core::State*> states;
    for (const PartitionName& partition : partitions_) {
      if (partition.mailbox != mailbox) continue;
      Owner& owner = *seats_.at(partition).front().owner;
      Fail(owner.Store());
      states.push_back(&owner.state());
    }
    return states;
  }

  // Long after, in steps: evidence expires, keys leave the topic, what was kept for late writers
  // and readers is forgotten.
  std::string RunOut() {
    Time now = world_.as_of;
    for (const Time step : {500 * core::kDay, knobs_.cluster.keep_removals + 2 * core::kHour,
                            core::kRemovalsLate + 2 * core::kHour}) {
      PassTime(now += step);
      for (const PartitionName& partition : partitions_) Tick(partition);
      AwaitQuiet();
    }
    if (!status_.ok()) return std::string(status_.message());
    return FindLeftovers(indicators_, StatesOf(Mailbox::kCluster), reader_);
  }

  void Fail(absl::Status status) {
    if (status_.ok() && !status.ok()) status_ = std::move(status);
  }

  const SimulationOptions options_;
  Random random_;
  // Of its own, so that a seed is the same world whenever owners write what changed.
  Random store_random_;
  Random recheck_random_;
  Random late_random_;
  WorldPlan world_;
  std::vector<DecisionArrival> decisions_;
  Knobs knobs_;
  SimulatedLog log_;
  Chaos chaos_;
  // How often an owner writes what changed, a batch.
  double store_ = 0;
  // How often an owner asks about records of `indicators` once time has passed.
  double recheck_ = 0;
  Versions versions_;
  Reader reader_;
  IndicatorsTopic indicators_;
  std::vector<PartitionName> partitions_;
  // One or two owners each.
  std::map<PartitionName, std::vector<Seat>> seats_;
  uint64_t owners_ = 0;
  size_t arrived_ = 0;
  size_t decided_ = 0;
  absl::Status status_;
};

}  // namespace

std::string Simulate(const SimulationOptions& options) { return Simulation(options).Run(); }

}  // namespace ringfence::sim
