#include "pipelines/ties/tally.h"

#include <algorithm>

namespace ringfence::ties {
namespace {

// In a row; more are indexed, and fewer than half of it are in a row again.
constexpr size_t kFewMax = 8;

// Ids are hashes: half of one tells them apart. 0 stands for none.
uint64_t Short(const core::Id& id) { return std::max<uint64_t>(id.lo, 1); }

uint32_t SizeOf(const auto& container) { return static_cast<uint32_t>(container.size()); }

}  // namespace

void Named::Add(const core::Id& incident, uint64_t organisation, const Rules& rules) {
  const Entry entry{organisation, incident};
  if (many_ == nullptr && few_.size() < kFewMax) {
    few_.insert(std::upper_bound(few_.begin(), few_.end(), entry), entry);
    return;
  }
  if (many_ == nullptr) {
    many_ = std::make_unique<Many>();
    for (const Entry& each : few_) Change(*many_, each, /*add=*/true, rules);
    few_.clear();
    few_.shrink_to_fit();
  }
  Change(*many_, entry, /*add=*/true, rules);
}

void Named::Remove(const core::Id& incident, uint64_t organisation, const Rules& rules) {
  const Entry entry{organisation, incident};
  if (many_ == nullptr) {
    auto found = std::find(few_.begin(), few_.end(), entry);
    if (found == few_.end()) return;
    few_.erase(found);
    return;
  }
  Change(*many_, entry, /*add=*/false, rules);
  if (many_->entries > kFewMax / 2) return;
  for (const auto& [organisation_of, incidents] : many_->organisations) {
    for (const auto& [incident_of, times] : incidents) {
      few_.insert(few_.end(), times, Entry{organisation_of, incident_of});
    }
  }
  many_.reset();
}

void Named::Change(Many& many, const Entry& entry, bool add, const Rules& rules) {
  auto count = [add](Incidents& incidents, const core::Id& incident) {
    auto of = incidents.try_emplace(incident, 0).first;
    if (add) {
      ++of->second;
    } else if (--of->second == 0) {
      incidents.erase(of);
    }
  };
  add ? ++many.entries : --many.entries;
  count(many.incidents, entry.incident);
  auto of = many.organisations.try_emplace(entry.organisation).first;
  many.capped -= std::min(SizeOf(of->second), rules.organisation_incidents_max);
  count(of->second, entry.incident);
  many.capped += std::min(SizeOf(of->second), rules.organisation_incidents_max);
  if (of->second.empty()) many.organisations.erase(of);
}

Tie Named::Count(const Rules& rules) const {
  Tie tie;
  uint32_t capped = 0;
  if (many_ != nullptr) {
    tie.incidents = SizeOf(many_->incidents);
    tie.organisations = SizeOf(many_->organisations);
    capped = many_->capped;
    if (tie.incidents == 1) tie.only_incident = Short(many_->incidents.begin()->first);
    if (tie.organisations == 1) tie.only_organisation = many_->organisations.begin()->first;
  } else {
    uint32_t of_organisation = 0;
    for (auto each = few_.begin(); each != few_.end(); ++each) {
      const bool first = each == few_.begin();
      if (!first && *each == each[-1]) continue;
      if (first || each->organisation != each[-1].organisation) {
        ++tie.organisations;
        of_organisation = 0;
      }
      if (++of_organisation <= rules.organisation_incidents_max) ++capped;
      const bool named_before = std::any_of(
          few_.begin(), each, [&](const Entry& other) { return other.incident == each->incident; });
      if (!named_before) ++tie.incidents;
    }
    if (tie.incidents == 1) tie.only_incident = Short(few_.front().incident);
    if (tie.organisations == 1) tie.only_organisation = few_.front().organisation;
  }
  tie.support = std::min(tie.incidents, capped);
  return tie;
}

uint64_t Named::Majority(uint32_t incidents) const {
  absl::InlinedVector<std::pair<uint64_t, uint32_t>, kFewMax> incidents_of;
  if (many_ != nullptr) {
    for (const auto& [organisation, of] : many_->organisations) {
      incidents_of.emplace_back(organisation, SizeOf(of));
    }
  } else {
    for (auto each = few_.begin(); each != few_.end(); ++each) {
      if (each != few_.begin() && *each == each[-1]) continue;
      if (incidents_of.empty() || incidents_of.back().first != each->organisation) {
        incidents_of.emplace_back(each->organisation, 0);
      }
      ++incidents_of.back().second;
    }
  }
  if (incidents_of.size() < 2) return 0;
  uint64_t majority = 0;
  for (const auto& [organisation, of] : incidents_of) {
    if (2 * of <= incidents) continue;
    if (majority != 0) return 0;
    majority = organisation;
  }
  return majority;
}

void Tally::Add(const Naming& naming, std::vector<NodeKey>& changed) {
  const uint64_t organisation = Short(naming.organisation);
  named_.Add(naming.incident, organisation, rules_);
  for (const NodeKey& neighbour : naming.neighbours) {
    auto [pair, is_new] = pairs_.try_emplace(neighbour);
    const Tie before = pair->second.Count(rules_);
    pair->second.Add(naming.incident, organisation, rules_);
    if (pair->second.Count(rules_) != before) changed.push_back(neighbour);
  }
}

void Tally::Remove(const Naming& naming, std::vector<NodeKey>& changed) {
  const uint64_t organisation = Short(naming.organisation);
  named_.Remove(naming.incident, organisation, rules_);
  for (const NodeKey& neighbour : naming.neighbours) {
    auto pair = pairs_.find(neighbour);
    if (pair == pairs_.end()) continue;
    const Tie before = pair->second.Count(rules_);
    pair->second.Remove(naming.incident, organisation, rules_);
    if (pair->second.Count(rules_) != before) changed.push_back(neighbour);
    if (pair->second.empty()) pairs_.erase(pair);
  }
}

Counts Tally::counts() const {
  const Tie named = named_.Count(rules_);
  return {named.incidents, named.organisations, SizeOf(pairs_), named_.Majority(named.incidents)};
}

Tie Tally::TieTo(const NodeKey& neighbour) const {
  auto pair = pairs_.find(neighbour);
  return pair == pairs_.end() ? Tie{} : pair->second.Count(rules_);
}

}  // namespace ringfence::ties
