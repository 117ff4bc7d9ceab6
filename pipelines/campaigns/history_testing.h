#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "pipelines/campaigns/record_testing.h"
#include "pipelines/core/place.h"

// For tests: a history of what cluster could say of a few values, in any order that it could.
namespace ringfence::campaigns {

// Of the value `v<number>`.
struct RandomRecord {
  uint32_t number = 0;
  RecordSpec spec;
  bool is_removal = false;
};

class RandomHistory {
 public:
  // One record of `removals` takes its value out.
  RandomHistory(uint64_t seed, uint32_t values, uint32_t removals)
      : random_(seed), count_(values), removals_(removals) {}

  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }

  static v1::IdentifierType TypeOf(uint32_t number) {
    return number % 2 == 0 ? v1::IDENTIFIER_TYPE_PHONE : v1::IDENTIFIER_TYPE_DOMAIN;
  }

  // A later one than all before, in the epoch that its action is in.
  RandomRecord Next() {
    RandomRecord record;
    record.number = Below(count_);
    record.is_removal = OneIn(removals_);
    Value& value = values_[record.number];
    RecordSpec& spec = record.spec;
    spec.type = TypeOf(record.number);
    spec.value = "v" + std::to_string(record.number);
    spec.place = ++place_;
    spec.action =
        record.is_removal ? v1::ACTION_UNSPECIFIED : static_cast<v1::Action>(1 + Below(3));
    spec.tlp = static_cast<v1::Tlp>(2 + Below(4));
    spec.score = Below(10) * 100;
    const bool is_raised = spec.action >= v1::ACTION_CHALLENGE;
    if (is_raised && value.fallen) {
      ++value.epoch;
      value.fallen = false;
    }
    if (!is_raised && value.raised) value.fallen = true;
    value.raised = is_raised;
    spec.epoch = value.epoch;
    if (!record.is_removal) {
      value.peak = std::max(value.peak, spec.action);
      value.least = std::min(value.least, spec.tlp);
    }
    spec.peak_action = value.peak;
    spec.least_tlp = value.least;
    if (!OneIn(3)) spec.root = "v" + std::to_string(Below(3));
    return record;
  }

  // What was ever said of `v<number>`: whoever may not see that must not hear of it.
  v1::Action PeakOf(uint32_t number) const { return values_.at(number).peak; }
  v1::Tlp LeastOf(uint32_t number) const { return values_.at(number).least; }

 private:
  struct Value {
    uint32_t epoch = 0;
    bool raised = false;
    bool fallen = false;
    v1::Action peak = v1::ACTION_UNSPECIFIED;
    v1::Tlp least = v1::TLP_RED;
  };

  std::mt19937_64 random_;
  const uint32_t count_;
  const uint32_t removals_;
  core::Place place_ = 0;
  std::map<uint32_t, Value> values_;
};

}  // namespace ringfence::campaigns
