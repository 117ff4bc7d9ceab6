#include "tests/worlds/world.h"

#include <algorithm>
#include <cmath>

#include "pipelines/core/id.h"
#include "tests/sim/random.h"

namespace ringfence::worlds {
namespace {

using sim::Random;

constexpr int32_t kFirstDay = 20'000;
constexpr int32_t kDays = 90;
constexpr int32_t kCampaignDaysLeast = 5;
// Before it is taken out of use, an identifier of a rotating pool is one of so many in use.
constexpr uint32_t kInUseMax = 4;

// What a kind of fraud uses: a pool of identifiers that rotate, how many reports one lasts for, how
// many are in use at once, and how many reports name one.
struct PoolKind {
  v1::IdentifierType type;
  double reports_each;
  uint32_t in_use;
  double named;
};

const std::vector<std::vector<PoolKind>>& Trades() {
  static const auto& trades = *new std::vector<std::vector<PoolKind>>{
      // Call centres.
      {{v1::IDENTIFIER_TYPE_PHONE, 7, 4, 0.95},
       {v1::IDENTIFIER_TYPE_REMOTE_ACCESS_ID, 2, 3, 0.4},
       {v1::IDENTIFIER_TYPE_IBAN, 9, 3, 0.55},
       {v1::IDENTIFIER_TYPE_DOMAIN, 25, 2, 0.25},
       {v1::IDENTIFIER_TYPE_EMAIL, 12, 2, 0.2}},
      // Investments in crypto: sites, a few wallets, handles.
      {{v1::IDENTIFIER_TYPE_DOMAIN, 6, 4, 0.9},
       {v1::IDENTIFIER_TYPE_WALLET, 15, 3, 0.7},
       {v1::IDENTIFIER_TYPE_SOCIAL_HANDLE, 6, 4, 0.35},
       {v1::IDENTIFIER_TYPE_PHONE, 10, 2, 0.2}},
      // Phishing: sites that last a day, on machines of its own.
      {{v1::IDENTIFIER_TYPE_DOMAIN, 3, 4, 0.95},
       {v1::IDENTIFIER_TYPE_IP, 12, 3, 0.5},
       {v1::IDENTIFIER_TYPE_EMAIL, 10, 2, 0.35},
       {v1::IDENTIFIER_TYPE_BANK_ACCOUNT, 8, 3, 0.35}},
      // Romance and mules: few contacts that last.
      {{v1::IDENTIFIER_TYPE_SOCIAL_HANDLE, 8, 3, 0.9},
       {v1::IDENTIFIER_TYPE_IBAN, 8, 3, 0.6},
       {v1::IDENTIFIER_TYPE_PHONE, 10, 2, 0.4},
       {v1::IDENTIFIER_TYPE_WALLET, 12, 2, 0.3}},
  };
  return trades;
}

constexpr v1::IdentifierType kSharedTypes[] = {v1::IDENTIFIER_TYPE_WALLET, v1::IDENTIFIER_TYPE_IBAN,
                                               v1::IDENTIFIER_TYPE_IP, v1::IDENTIFIER_TYPE_DOMAIN};

struct Campaign {
  uint32_t number = 0;
  uint32_t reports = 0;
  int32_t first_day = kFirstDay;
  int32_t days = kDays;
  std::vector<std::pair<PoolKind, std::vector<core::Id>>> pools;
  std::vector<core::Id> shared;
  std::vector<core::Id> brand_lines;
  // Numbers times accounts, or one wallet with its sites: then nothing of the above.
  std::vector<core::Id> left, right;
};

class Maker {
 public:
  explicit Maker(const Options& options) : options_(options), random_(options.seed) {}

  World Make() {
    MakeCampaigns();
    Share();
    for (const Campaign& campaign : campaigns_) {
      for (uint32_t i = 0; i < campaign.reports; ++i) ReportOne(campaign, i);
    }
    if (options_.attacked) AttackPairs();
    Shuffle();
    return std::move(world_);
  }

 private:
  core::Id NewId(v1::IdentifierType type) {
    const uint64_t hi = (static_cast<uint64_t>(type) << 56) | (random_.Below(uint64_t{1} << 56));
    return {hi, random_.Below(~uint64_t{0})};
  }

  // A few large ones, many small ones.
  void MakeCampaigns() {
    double sum = 0;
    std::vector<double> weights(options_.campaigns);
    for (uint32_t i = 0; i < options_.campaigns; ++i) {
      weights[i] = std::pow(i + 4.0, -0.8);
      sum += weights[i];
    }
    for (uint32_t i = 0; i < options_.campaigns; ++i) {
      Campaign& campaign = campaigns_.emplace_back();
      campaign.number = i;
      campaign.reports = std::max<uint32_t>(
          1, static_cast<uint32_t>(std::lround(options_.reports * weights[i] / sum)));
      campaign.days = static_cast<int32_t>(random_.Between(kCampaignDaysLeast, kDays));
      campaign.first_day =
          kFirstDay + static_cast<int32_t>(random_.Between(0, kDays - campaign.days));
      for (const PoolKind& kind : random_.Pick(Trades())) {
        const auto size = static_cast<uint32_t>(
            std::ceil(campaign.reports / (kind.reports_each * options_.lasting)));
        auto& pool = campaign.pools.emplace_back(kind, std::vector<core::Id>()).second;
        while (pool.size() < size) pool.push_back(NewId(kind.type));
      }
    }
    for (const auto& [numbers, accounts] : options_.dense) {
      MakeSpecial(numbers, v1::IDENTIFIER_TYPE_PHONE, accounts, v1::IDENTIFIER_TYPE_IBAN);
    }
    for (uint32_t sites : options_.stars) {
      MakeSpecial(1, v1::IDENTIFIER_TYPE_WALLET, sites, v1::IDENTIFIER_TYPE_DOMAIN);
    }
  }

  void MakeSpecial(uint32_t left, v1::IdentifierType left_type, uint32_t right,
                   v1::IdentifierType right_type) {
    Campaign& campaign = campaigns_.emplace_back();
    campaign.number = static_cast<uint32_t>(campaigns_.size()) - 1;
    campaign.reports = options_.reports_of_special;
    while (campaign.left.size() < left) campaign.left.push_back(NewId(left_type));
    while (campaign.right.size() < right) campaign.right.push_back(NewId(right_type));
    world_.special.insert(campaign.number);
  }

  void Share() {
    size_t turn = 0;
    for (const SharedKind& kind : options_.shared) {
      for (uint32_t i = 0; i < kind.count; ++i) {
        const core::Id id = NewId(kSharedTypes[turn++ % std::size(kSharedTypes)]);
        for (uint32_t user : Draw(kind.campaigns_each)) campaigns_[user].shared.push_back(id);
      }
    }
    for (uint32_t i = 0; i < options_.brands; ++i) {
      const core::Id line = NewId(v1::IDENTIFIER_TYPE_PHONE);
      for (uint32_t user : Draw(options_.campaigns_of_brand)) {
        campaigns_[user].brand_lines.push_back(line);
      }
    }
  }

  std::set<uint32_t> Draw(uint32_t count) {
    std::set<uint32_t> drawn;
    while (drawn.size() < std::min(count, options_.campaigns)) {
      drawn.insert(static_cast<uint32_t>(random_.Below(options_.campaigns)));
    }
    return drawn;
  }

  void ReportOne(const Campaign& campaign, uint32_t number) {
    const double progress = (number + random_.Unit()) / campaign.reports;
    const auto day = campaign.first_day + static_cast<int32_t>(progress * campaign.days);
    const std::vector<NodeKey> nodes =
        campaign.left.empty() ? NodesOf(campaign, progress, day) : SpecialNodesOf(campaign, day);
    const uint64_t incident = ++incidents_;
    const auto organisation = static_cast<uint32_t>(random_.Below(options_.organisations));
    if (nodes.empty()) return;
    world_.reports.push_back({incident, organisation, nodes});
    if (options_.organisations < 2 || !random_.Chance(options_.told_twice)) return;
    const auto other = static_cast<uint32_t>(
        (organisation + 1 + random_.Below(options_.organisations - 1)) % options_.organisations);
    std::vector<NodeKey> told;
    for (const NodeKey& node : nodes) {
      if (random_.Chance(0.75)) told.push_back(node);
    }
    if (!told.empty()) world_.reports.push_back({incident, other, told});
  }

  std::vector<NodeKey> NodesOf(const Campaign& campaign, double progress, int32_t day) {
    std::vector<NodeKey> nodes;
    for (const auto& [kind, pool] : campaign.pools) {
      if (!random_.Chance(kind.named)) continue;
      const uint64_t in_use = std::min<uint64_t>(std::min(kind.in_use, kInUseMax), pool.size());
      const auto first =
          static_cast<uint64_t>(progress * static_cast<double>(pool.size() - in_use + 1));
      Name(pool[first + random_.Below(in_use)], day, campaign.number, nodes);
    }
    if (!campaign.shared.empty() && random_.Chance(options_.shared_named)) {
      Name(random_.Pick(campaign.shared), day, campaign.number, nodes);
    }
    if (!campaign.brand_lines.empty() && random_.Chance(options_.brand_named)) {
      const NodeKey line{random_.Pick(campaign.brand_lines), 0};
      world_.used_by.try_emplace(line);
      nodes.push_back(line);
    }
    return nodes;
  }

  std::vector<NodeKey> SpecialNodesOf(const Campaign& campaign, int32_t day) {
    std::vector<NodeKey> nodes;
    Name(random_.Pick(campaign.left), day, campaign.number, nodes);
    Name(random_.Pick(campaign.right), day, campaign.number, nodes);
    return nodes;
  }

  void Name(const core::Id& id, int32_t day, uint32_t campaign, std::vector<NodeKey>& nodes) {
    const NodeKey node{id, core::TypeOf(id) == v1::IDENTIFIER_TYPE_IP ? day : 0};
    world_.used_by[node].insert(campaign);
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
  }

  void AttackPairs() {
    uint32_t next = 0;
    uint32_t attacker = 0;
    for (Attack attack : kAttacks) {
      const AttackedPair pair{attack, next, next + 1};
      next += 2;
      if (next > options_.campaigns) return;
      world_.attacked.push_back(pair);
      // The attacker is a partner like the others, with honest reports too.
      AttackOne(pair, attacker++ % options_.organisations);
    }
  }

  void AttackOne(const AttackedPair& pair, uint32_t attacker) {
    const bool quiet = pair.attack == Attack::kQuiet;
    const std::vector<NodeKey> ones = PickOf(pair.one, quiet);
    const std::vector<NodeKey> others = PickOf(pair.other, quiet);
    if (ones.empty() || others.empty()) return;
    const size_t links = pair.attack == Attack::kOwnIdentifier ? 1
                         : pair.attack == Attack::kShortChains ? 2
                         : pair.attack == Attack::kLongChain   ? 4
                                                               : 0;
    std::vector<NodeKey> chain;
    for (uint32_t i = 0; i < options_.attack_reports; ++i) {
      // From end to end, again and again.
      const size_t step = i % (links + 1);
      if (chain.size() < links || (step == 0 && pair.attack == Attack::kShortChains)) {
        chain.clear();
        while (chain.size() < links) chain.push_back(AttackersOwn());
      }
      const NodeKey from = step == 0 ? random_.Pick(ones) : chain[step - 1];
      const NodeKey to = step == links ? random_.Pick(others) : chain[step];
      world_.reports.push_back({++incidents_, attacker, {from, to}});
    }
  }

  NodeKey AttackersOwn() {
    const NodeKey node{NewId(v1::IDENTIFIER_TYPE_EMAIL), 0};
    world_.used_by.try_emplace(node);
    return node;
  }

  // Of the identifiers that are the campaign's alone, the five that most reports name; or five that
  // few do.
  std::vector<NodeKey> PickOf(uint32_t campaign, bool quiet) {
    std::map<NodeKey, uint32_t> named;
    for (const Report& report : world_.reports) {
      if (report.nodes.size() < 2) continue;
      for (const NodeKey& node : report.nodes) {
        if (node.day == 0 && world_.used_by.at(node) == std::set<uint32_t>{campaign}) ++named[node];
      }
    }
    std::vector<std::pair<uint32_t, NodeKey>> ranked;
    for (const auto& [node, count] : named) ranked.emplace_back(count, node);
    std::sort(ranked.begin(), ranked.end());
    if (!quiet) std::reverse(ranked.begin(), ranked.end());
    std::vector<NodeKey> picked;
    for (size_t i = 0; i < std::min<size_t>(5, ranked.size()); ++i) {
      picked.push_back(ranked[i].second);
    }
    return picked;
  }

  void Shuffle() {
    for (size_t i = world_.reports.size(); i > 1; --i) {
      std::swap(world_.reports[i - 1], world_.reports[random_.Below(i)]);
    }
  }

  const Options options_;
  Random random_;
  std::vector<Campaign> campaigns_;
  uint64_t incidents_ = 0;
  World world_;
};

}  // namespace

const char* NameOf(Attack attack) {
  switch (attack) {
    case Attack::kBusy:
      return "busy";
    case Attack::kQuiet:
      return "quiet";
    case Attack::kOwnIdentifier:
      return "own";
    case Attack::kShortChains:
      return "chains of 2";
    case Attack::kLongChain:
      return "chain of 4";
  }
  return "";
}

Options Plenty(uint64_t seed) {
  Options options;
  options.seed = seed;
  options.reports = 36'000;
  options.lasting = 3;
  return options;
}

Options Rotating(uint64_t seed) {
  Options options;
  options.seed = seed;
  return options;
}

Options Thin(uint64_t seed) {
  Options options;
  options.seed = seed;
  options.reports = 6'000;
  return options;
}

Options OneOrganisation(uint64_t seed) {
  Options options;
  options.seed = seed;
  options.organisations = 1;
  options.attacked = false;
  return options;
}

Options DenseAndStars(uint64_t seed) {
  Options options;
  options.seed = seed;
  options.campaigns = 150;
  options.reports = 6'000;
  options.shared = {{8, 5}, {8, 20}, {4, 100}};
  options.dense = {{50, 30}, {200, 150}, {50, 30}, {200, 150}};
  options.stars = {500, 500};
  options.reports_of_special = 1'500;
  return options;
}

World Make(const Options& options) { return Maker(options).Make(); }

}  // namespace ringfence::worlds
