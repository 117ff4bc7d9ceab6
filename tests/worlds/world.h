#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/components/components.h"

// Reports of made-up campaigns of which it is known what belongs together: what the rule which
// edges count is judged by. Everything follows from the seed.
namespace ringfence::worlds {

using components::NodeKey;

// A report as the clustering sees it: link nodes, who says so, of which incident.
struct Report {
  uint64_t incident = 0;
  uint32_t organisation = 0;
  // Distinct.
  std::vector<NodeKey> nodes;
};

// How an organisation that wants to weld two campaigns goes about it. All name what others have
// reported; none gets another organisation to say the same.
enum class Attack {
  // Busy identifiers of both in one report.
  kBusy,
  // Such as are named once or twice.
  kQuiet,
  // An identifier of its own, with one of either, often.
  kOwnIdentifier,
  // Chains of identifiers of its own from one to the other: as many of two as its reports make; one
  // of four, again and again.
  kShortChains,
  kLongChain,
};
inline constexpr Attack kAttacks[] = {Attack::kBusy, Attack::kQuiet, Attack::kOwnIdentifier,
                                      Attack::kShortChains, Attack::kLongChain};
const char* NameOf(Attack attack);

// Identifiers that many campaigns use: exchanges' wallets, processors' accounts, addresses of
// carriers' NAT (by day), link shorteners that no list knows.
struct SharedKind {
  // One of the above in turn, so many of them, each used by so many campaigns.
  uint32_t count = 0;
  uint32_t campaigns_each = 0;
};

struct Options {
  uint64_t seed = 0;
  uint32_t campaigns = 600;
  uint32_t reports = 24'000;
  uint32_t organisations = 6;
  // How many times as many reports an identifier lasts for as usual: 2 to 25 by type.
  double lasting = 1;
  // Reports of one organisation get a second one of another, of the same incident.
  double told_twice = 0.15;
  std::vector<SharedKind> shared = {{8, 5}, {8, 20}, {4, 100}, {4, 500}};
  // In how many of a campaign's reports one of the shared that it uses is named.
  double shared_named = 0.35;
  // Brands whose own line a few reports of the campaigns that pose as them name by mistake.
  uint32_t brands = 6;
  uint32_t campaigns_of_brand = 12;
  double brand_named = 0.03;
  // One organisation each, on a pair of campaigns of its own, the largest first.
  bool attacked = true;
  uint32_t attack_reports = 20;
  // Dense campaigns, numbers times accounts, each pair at most once; and stars, one wallet with so
  // many sites. Each with so many reports.
  std::vector<std::pair<uint32_t, uint32_t>> dense;
  std::vector<uint32_t> stars;
  uint32_t reports_of_special = 1'500;
};

// Worlds that the rule is judged by.
Options Plenty(uint64_t seed);
// Identifiers that rotate so fast that each is in a few reports only.
Options Rotating(uint64_t seed);
// Few reports per campaign: most identifiers are named once or twice.
Options Thin(uint64_t seed);
// All reports from one organisation: nobody else to ask.
Options OneOrganisation(uint64_t seed);
// Dense campaigns and stars among others.
Options DenseAndStars(uint64_t seed);

struct AttackedPair {
  Attack attack = Attack::kBusy;
  uint32_t one = 0;
  uint32_t other = 0;
};

struct World {
  std::vector<Report> reports;
  // The campaigns that really use an identifier; several: shared. A brand's own line: none.
  std::map<NodeKey, std::set<uint32_t>> used_by;
  std::vector<AttackedPair> attacked;
  // Which campaigns are dense ones or stars.
  std::set<uint32_t> special;
};

World Make(const Options& options);

}  // namespace ringfence::worlds
