#include "tests/sim/simulated_log.h"

#include <iterator>

namespace ringfence::sim {

void SimulatedLog::Send(uint64_t sender, const PartitionName& to, std::string value) {
  lines_[{sender, to}].push_back({now_, to, std::move(value)});
}

void SimulatedLog::Append(const PartitionName& to, std::string value) {
  records_[to].push_back({now_, std::move(value)});
}

bool SimulatedLog::DeliverOne(Random& random) {
  const size_t choices = lines_.size() + strays_.size();
  if (choices == 0) return false;
  const size_t choice = random.Below(choices);
  if (choice < lines_.size()) {
    DeliverFirst(std::next(lines_.begin(), static_cast<std::ptrdiff_t>(choice)), random);
    return true;
  }
  std::swap(strays_[choice - lines_.size()], strays_.back());
  UnderWay stray = std::move(strays_.back());
  strays_.pop_back();
  Append(stray.to, std::move(stray.value));
  return true;
}

void SimulatedLog::DeliverFirst(std::map<Line, std::deque<UnderWay>>::iterator line,
                                Random& random) {
  UnderWay first = std::move(line->second.front());
  line->second.pop_front();
  if (line->second.empty()) lines_.erase(line);
  if (random.Chance(repeat_) && !IsLate(first)) strays_.push_back(first);
  Append(first.to, std::move(first.value));
}

void SimulatedLog::DeliverAllOf(uint64_t sender, Random& random) {
  const Line first{sender, PartitionName{}};
  for (auto line = lines_.lower_bound(first); line != lines_.end() && line->first.first == sender;
       line = lines_.lower_bound(first)) {
    DeliverFirst(line, random);
  }
}

void SimulatedLog::Crash(uint64_t sender, Random& random) {
  const Line first{sender, PartitionName{}};
  for (auto line = lines_.lower_bound(first);
       line != lines_.end() && line->first.first == sender;) {
    while (!line->second.empty() && random.Chance(0.7)) {
      if (!IsLate(line->second.front())) strays_.push_back(std::move(line->second.front()));
      line->second.pop_front();
    }
    line = lines_.erase(line);
  }
}

bool SimulatedLog::HasLate(uint64_t sender) const {
  for (auto line = lines_.lower_bound({sender, PartitionName{}});
       line != lines_.end() && line->first.first == sender; ++line) {
    if (IsLate(line->second.front())) return true;
  }
  return false;
}

void SimulatedLog::AdvanceTo(core::Time now) {
  now_ = now;
  std::erase_if(strays_, [this](const UnderWay& stray) { return IsLate(stray); });
}

const std::vector<LogRecord>& SimulatedLog::Records(const PartitionName& partition) const {
  static const std::vector<LogRecord> kNone;
  auto found = records_.find(partition);
  return found == records_.end() ? kNone : found->second;
}

}  // namespace ringfence::sim
