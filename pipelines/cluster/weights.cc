#include "pipelines/cluster/weights.h"

#include <algorithm>
#include <cmath>

#include "pipelines/identifiers/policy.h"

namespace ringfence::cluster {
namespace {

// Beyond it nothing is left to halve.
constexpr uint32_t kHalvingsMax = 64;

}  // namespace

Weights::Weight Weights::Of(const std::string& organisation) const {
  Weight weight;
  if (listed_) {
    auto found = listed_weights_.find(organisation);
    weight.value = found == listed_weights_.end() ? 0 : found->second;
  } else {
    weight.value = identifiers::kDefaultWeight;
  }
  if (auto named = canaries_named_.find(organisation); named != canaries_named_.end()) {
    weight.canaries = named->second;
    weight.value *= std::exp2(-static_cast<double>(std::min(named->second, kHalvingsMax)));
  }
  return weight;
}

bool Weights::Put(const internal::v1::Organisations& organisations) {
  if (place_ >= organisations.place()) return false;
  place_ = organisations.place();
  listed_ = organisations.listed();
  listed_weights_.clear();
  for (const auto& weight : organisations.weights()) {
    listed_weights_[weight.organisation()] =
        std::clamp(weight.weight(), 0.0, identifiers::kDefaultWeight);
  }
  return true;
}

bool Weights::Put(const internal::v1::CanaryNews& news) {
  Canary& canary = canaries_[core::Id{news.id_hi(), news.id_lo()}];
  if (canary.place >= news.place()) return false;
  canary.place = news.place();
  std::vector<std::string> organisations(news.organisations().begin(), news.organisations().end());
  if (organisations == canary.organisations) return true;  // its place is to be kept
  for (const std::string& name : canary.organisations) {
    auto named = canaries_named_.find(name);
    if (--named->second == 0) canaries_named_.erase(named);
  }
  for (const std::string& name : organisations) ++canaries_named_[name];
  canary.organisations = std::move(organisations);
  return true;
}

}  // namespace ringfence::cluster
