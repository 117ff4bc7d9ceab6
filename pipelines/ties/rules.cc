#include "pipelines/ties/rules.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "pipelines/core/id.h"

namespace ringfence::ties {
namespace {

// MurmurHash3's finaliser. Ids are hashes already; days and purposes have to be mixed in.
uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccd;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53;
  return x ^ (x >> 33);
}

uint64_t Hash(const NodeKey& key, uint64_t purpose) {
  const auto day = static_cast<uint64_t>(static_cast<uint32_t>(key.day));
  return Mix(key.id.lo ^ Mix(key.id.hi ^ (day << 17) ^ purpose));
}

bool IsHostOrIp(const NodeKey& key) {
  const v1::IdentifierType type = core::TypeOf(key.id);
  return IsIpDay(key) || type == v1::IDENTIFIER_TYPE_IP || type == v1::IDENTIFIER_TYPE_DOMAIN;
}

}  // namespace

uint64_t SketchHash(const NodeKey& key) { return Hash(key, 0x5be7c4); }
uint64_t SampleHash(const NodeKey& key) { return Hash(key, 0x5a3e1e00000000); }

NodeFacts FactsOf(const Counts& counts, const Rules& rules) {
  NodeFacts facts;
  facts.established = counts.incidents >= rules.established_incidents;
  facts.many_neighbours = counts.neighbours >= rules.many_neighbours;
  facts.few_neighbours = counts.neighbours <= rules.sketched_neighbours_max;
  facts.log2_incidents = static_cast<uint8_t>(std::bit_width(std::max(counts.incidents, 1u)) - 1);
  facts.organisations =
      static_cast<uint8_t>(std::min(std::max(counts.organisations, 1u), rules.tie_organisations));
  facts.reach = facts.organisations;
  return facts;
}

uint64_t MarkOf(const NodeFacts& facts) {
  if (facts == NodeFacts()) return 1;
  uint64_t mark = uint64_t{facts.established} | uint64_t{facts.many_neighbours} << 1 |
                  uint64_t{facts.few_neighbours} << 2 | uint64_t{facts.home.has_value()} << 3 |
                  uint64_t{facts.home_in_doubt} << 4 | uint64_t{facts.log2_incidents} << 8 |
                  uint64_t{facts.organisations} << 16 | uint64_t{facts.reach} << 24 |
                  static_cast<uint64_t>(facts.infrastructure) << 32 |
                  uint64_t{facts.anchors.size()} << 40;
  if (facts.home) mark = Hash(*facts.home, Mix(mark));
  for (const Anchor& anchor : facts.anchors) {
    mark = Hash(anchor.key, Mix(mark ^ Mix(anchor.only_organisation)));
  }
  return (Mix(mark) >> 8) | 2;
}

void Clustering::Change(const Sketch& sketch, bool add) {
  // The receiver may stand among the first; without it one more is taken.
  const size_t taken_max = rules_.sketch_size - 1;
  size_t taken = 0;
  for (const NodeKey& key : sketch) {
    if (key == receiver_) continue;
    if (taken == taken_max) break;
    ++taken;
    auto listed = listed_.try_emplace(key, 0).first;
    uint32_t& count = listed->second;
    if (add) {
      pairs_ += 2 * uint64_t{count++};
      continue;
    }
    pairs_ -= 2 * uint64_t{--count};
    if (count == 0) listed_.erase(listed);
  }
  if (add) {
    listings_ += taken;
    sketches_ += taken > 0 ? 1 : 0;
  } else {
    listings_ -= taken;
    sketches_ -= taken > 0 ? 1 : 0;
  }
}

bool Clustering::IsLow() const {
  if (sketches_ < 2) return true;
  return pairs_ * 1000 < rules_.clustering_permille * (sketches_ - 1) * listings_;
}

double Clustering::Value() const {
  if (sketches_ < 2) return 0;
  return static_cast<double>(pairs_) /
         (static_cast<double>(sketches_ - 1) * static_cast<double>(listings_));
}

bool IsInfrastructure(const Counts& counts, const Clustering& clustering, const Rules& rules) {
  return counts.neighbours >= rules.many_neighbours && clustering.IsLow();
}

bool operator<(const HomeRank& a, const HomeRank& b) {
  return std::tie(a.home_class, b.organisations, b.support, a.log2_incidents, a.key) <
         std::tie(b.home_class, a.organisations, a.support, b.log2_incidents, b.key);
}

bool CanBeHome(const NodeKey& neighbour, const NodeFacts& facts) {
  if (IsIpDay(neighbour) || facts.infrastructure == Infrastructure::kDeclared) return false;
  return facts.infrastructure == Infrastructure::kNo || !IsHostOrIp(neighbour);
}

HomeRank RankAsHome(const NodeKey& neighbour, const Tie& tie, const NodeFacts& facts,
                    const Rules& rules) {
  HomeRank rank;
  if (facts.infrastructure != Infrastructure::kNo) {
    rank.home_class = 2;
  } else {
    rank.home_class = facts.established ? 0 : 1;
  }
  rank.organisations = static_cast<uint8_t>(std::min(tie.organisations, rules.tie_organisations));
  rank.support = tie.support;
  rank.log2_incidents = facts.log2_incidents;
  rank.key = neighbour;
  rank.only_organisation = tie.only_organisation;
  return rank;
}

bool IsHomeInDoubt(const Counts& counts, const Anchors& anchors) {
  if (anchors.empty() || counts.majority == 0) return false;
  return anchors.front().only_organisation == counts.majority &&
         std::any_of(anchors.begin(), anchors.end(), [&](const Anchor& anchor) {
           return anchor.only_organisation != counts.majority;
         });
}

bool CanVouch(const NodeKey& neighbour, const NodeFacts& facts) {
  return !IsIpDay(neighbour) && facts.infrastructure == Infrastructure::kNo;
}

absl::InlinedVector<Lead, 4> LeadsOf(const NodeKey& neighbour, const NodeFacts& facts) {
  if (!CanVouch(neighbour, facts)) return {};
  absl::InlinedVector<Lead, 4> leads = {{neighbour, 0}};
  for (const Anchor& anchor : facts.anchors)
    leads.push_back({anchor.key, anchor.only_organisation});
  return leads;
}

bool Vouches(const Tie& tie, const Lead& lead, const Tie& witness, const Lead& witness_lead) {
  if (tie.only_incident != 0 && tie.only_incident == witness.only_incident) return false;
  const uint64_t suspect = tie.only_organisation;
  return suspect == 0 ||
         (witness.only_organisation != suspect && lead.only_organisation != suspect &&
          witness_lead.only_organisation != suspect);
}

bool IsSureHome(End one, End other) {
  return one.facts.home == other.key && !one.facts.home_in_doubt;
}

Verdict Judge(End one, End other, const Tie& tie, const Rules& rules) {
  const bool infrastructure = one.facts.infrastructure != Infrastructure::kNo ||
                              other.facts.infrastructure != Infrastructure::kNo;
  const bool has_ip = IsIpDay(one.key) || IsIpDay(other.key);
  if (has_ip && tie.support < rules.ip_incidents) {
    // Its own home alone: then it cannot bring anything together.
    const bool home = (IsIpDay(one.key) && one.facts.home == other.key) ||
                      (IsIpDay(other.key) && other.facts.home == one.key);
    return home && !infrastructure ? Verdict::kActive : Verdict::kInactive;
  }
  if (IsSureHome(one, other) || IsSureHome(other, one)) return Verdict::kActive;
  if (infrastructure) return Verdict::kInactive;
  const bool both_anchored = !one.facts.anchors.empty() && !other.facts.anchors.empty();
  if (!one.facts.established && !other.facts.established && !both_anchored) {
    return Verdict::kActive;
  }
  // Where one organisation is all there is, there is nobody else to ask.
  if (std::max(one.facts.reach, other.facts.reach) < rules.tie_organisations) {
    return Verdict::kActive;
  }
  const bool enough =
      tie.support >= rules.tie_incidents && tie.organisations >= rules.tie_organisations;
  return enough ? Verdict::kActive : has_ip ? Verdict::kInactive : Verdict::kIfVouchedFor;
}

}  // namespace ringfence::ties
