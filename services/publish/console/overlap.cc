#include "services/publish/console/overlap.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace ringfence::publish {
namespace {

using console::v1::Overlap;

// Counts under numbers of organisations in the order in which they were met.
class Counting {
 public:
  void Add(const internal::v1::StoredCampaign& campaign) {
    std::vector<uint32_t> partners;
    for (const auto& [name, reports] : campaign.partners()) {
      const uint32_t number = NumberOf(name);
      totals_[number].set_campaigns(totals_[number].campaigns() + 1);
      totals_[number].set_reports(totals_[number].reports() + reports);
      if (campaign.partners_size() == 1) totals_[number].set_alone(totals_[number].alone() + 1);
      partners.push_back(number);
    }
    std::sort(partners.begin(), partners.end());
    for (size_t i = 0; i < partners.size(); ++i) {
      for (size_t j = i + 1; j < partners.size(); ++j)
        ++pairs_[{partners[i], partners[j]}].campaigns;
    }
    for (const auto& [names, incidents] : campaign.pairs()) {
      const size_t end = names.find('\n');
      if (end == std::string::npos) continue;
      const uint32_t first = NumberOf(names.substr(0, end));
      const uint32_t second = NumberOf(names.substr(end + 1));
      pairs_[{std::min(first, second), std::max(first, second)}].incidents += incidents;
    }
  }

  void Write(Overlap& overlap) const {
    std::vector<uint32_t> order(totals_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return std::pair(totals_[b].campaigns(), std::string_view(totals_[a].organisation())) <
             std::pair(totals_[a].campaigns(), std::string_view(totals_[b].organisation()));
    });
    if (order.size() > kOverlapOrganisationsMax) {
      order.resize(kOverlapOrganisationsMax);
      overlap.set_is_partial(true);
    }
    std::vector<uint32_t> place(totals_.size(), ~0u);
    for (size_t i = 0; i < order.size(); ++i) {
      place[order[i]] = static_cast<uint32_t>(i);
      *overlap.add_organisations() = totals_[order[i]];
    }
    std::vector<console::v1::OrganisationPair> pairs;
    for (const auto& [numbers, shared] : pairs_) {
      const auto [first, second] = std::minmax(place[numbers.first], place[numbers.second]);
      if (second == ~0u) continue;
      console::v1::OrganisationPair& pair = pairs.emplace_back();
      pair.set_first(first);
      pair.set_second(second);
      pair.set_campaigns(shared.campaigns);
      pair.set_incidents(shared.incidents);
    }
    std::sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first(), a.second()) < std::pair(b.first(), b.second());
    });
    for (console::v1::OrganisationPair& pair : pairs) *overlap.add_pairs() = std::move(pair);
  }

 private:
  struct Shared {
    uint32_t campaigns = 0;
    uint32_t incidents = 0;
  };

  uint32_t NumberOf(const std::string& name) {
    const auto [entry, is_new] = numbers_.try_emplace(name, static_cast<uint32_t>(totals_.size()));
    if (is_new) totals_.emplace_back().set_organisation(name);
    return entry->second;
  }

  absl::flat_hash_map<std::string, uint32_t> numbers_;
  std::vector<console::v1::OrganisationTotals> totals_;
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, Shared> pairs_;
};

}  // namespace

Overlap OverlapOf(campaigns::ReadView& view, v1::Tlp clearance) {
  Overlap overlap;
  Counting counting;
  size_t looked_at = 0;
  view.List(campaigns::Order::kIncidents, std::nullopt,
            [&](const campaigns::ReadView::ListedCampaign& listed) {
              if (looked_at++ == kOverlapCampaignsMax) {
                overlap.set_is_partial(true);
                return false;
              }
              if (listed.entry.tlp > clearance) return true;
              if (const auto sums = view.SumsOf(listed.place.label)) counting.Add(*sums);
              return true;
            });
  counting.Write(overlap);
  return overlap;
}

}  // namespace ringfence::publish
