#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/core/stage.h"
#include "pipelines/core/time.h"
#include "tests/sim/random.h"

namespace ringfence::sim {

struct PartitionName {
  core::Mailbox mailbox = core::Mailbox::kDedupe;
  uint32_t number = 0;
  auto operator<=>(const PartitionName&) const = default;
};

struct LogRecord {
  core::Time append_time = 0;
  std::string value;
};

// The mailboxes, and what is on its way to them. Records of one sender to one partition keep their
// order; those of different senders overtake each other. Any record may come a second time, some
// time later. What a sender that crashed had under way arrives late or never.
class SimulatedLog {
 public:
  // `repeat`: how often a record is repeated. No record arrives later than `late_max` after it was
  // sent, unless it is the only copy.
  SimulatedLog(double repeat, core::Time late_max) : repeat_(repeat), late_max_(late_max) {}

  // Each owner of a partition is a sender of its own, by a number never used again.
  void Send(uint64_t sender, const PartitionName& to, std::string value);
  void Append(const PartitionName& to, std::string value);
  // One record of one sender, or a repeated or late one. False if nothing is under way.
  bool DeliverOne(Random& random);
  // The sender waits until the log has all of its records.
  void DeliverAllOf(uint64_t sender, Random& random);
  void Crash(uint64_t sender, Random& random);
  // It has records under way for longer than a second copy may be.
  bool HasLate(uint64_t sender) const;

  void AdvanceTo(core::Time now);
  core::Time now() const { return now_; }
  const std::vector<LogRecord>& Records(const PartitionName& partition) const;

 private:
  struct UnderWay {
    core::Time sent_at = 0;
    PartitionName to;
    std::string value;
  };
  using Line = std::pair<uint64_t, PartitionName>;

  bool IsLate(const UnderWay& record) const { return record.sent_at + late_max_ < now_; }
  void DeliverFirst(std::map<Line, std::deque<UnderWay>>::iterator line, Random& random);

  const double repeat_;
  const core::Time late_max_;
  core::Time now_ = core::kTimeMin;
  std::map<PartitionName, std::vector<LogRecord>> records_;
  // No line is empty.
  std::map<Line, std::deque<UnderWay>> lines_;
  // Repeated, or left behind by a crash: may get lost.
  std::vector<UnderWay> strays_;
};

}  // namespace ringfence::sim
