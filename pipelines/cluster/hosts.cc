#include "pipelines/cluster/hosts.h"

#include "pipelines/cluster/overrides.h"
#include "pipelines/cluster/statistics.h"
#include "pipelines/core/id.h"
#include "pipelines/identifiers/policy.h"

namespace ringfence::cluster {
namespace {

// The registrable domain that a host of the base is below of; empty where it is below none.
std::string_view DomainOf(const Base& base, std::string_view host) {
  while (core::IdentifierId(v1::IDENTIFIER_TYPE_DOMAIN, host) != base.id) {
    const size_t dot = host.find('.');
    if (dot == std::string_view::npos) return {};
    host.remove_prefix(dot + 1);
  }
  return host;
}

HostCounts CountsWith(const Listing& listing, const Effects& effects) {
  HostCounts counts;
  const Statistics& statistics = listing.statistics;
  if (listing.type != v1::IDENTIFIER_TYPE_DOMAIN || !statistics.live()) return counts;
  if (!identifiers::IsListed(listing.type, listing.value)) return counts;
  statistics.standings().ForEach([&](int standing, uint32_t) {
    if (standing == internal::v1::STANDING_SHARED_HOST) counts.shared = 1;
  });
  counts.spared = effects.spared() ? 1 : 0;
  counts.counting = effects.hidden() || statistics.incidents().empty() ? 0 : 1;
  return counts;
}

}  // namespace

bool IsBaseItself(const Base& base, const Listing& listing) {
  return listing.id == base.id && listing.type == v1::IDENTIFIER_TYPE_DOMAIN;
}

HostCounts CountsOfHost(const Base& base, const Listing& listing) {
  if (core::TypeOf(base.id) != v1::IDENTIFIER_TYPE_DOMAIN || listing.id == base.id) return {};
  return CountsWith(listing, {.bits = listing.effects});
}

void CountHost(Base& base, Listing& listing) {
  const HostCounts counts = CountsOfHost(base, listing);
  HostCounts& all = base.hosts;
  all.counting += counts.counting - listing.as_host.counting;
  all.shared += counts.shared - listing.as_host.shared;
  all.spared += counts.spared - listing.as_host.spared;
  listing.as_host = counts;
  if (counts.counting == 0 || all.counting + 1 < identifiers::kHostsForSubtree) return;
  if (base.domain.empty()) base.domain = DomainOf(base, listing.value);
}

std::string_view StandsForAll(const Base& base, const Decisions& decisions, core::Time now) {
  if (base.hosts.shared > 0 || base.hosts.spared > 0) return {};
  uint32_t counting = base.hosts.counting;
  if (counting + 1 < identifiers::kHostsForSubtree) return {};
  const bool decided = decisions.Concern(base);
  // It is one of them where it is named itself.
  const auto own = base.listings.find(base.id);
  if (own != base.listings.end()) {
    const Listing& listing = own->second;
    Effects effects;
    if (decided) {
      effects = decisions.EffectsOf(base, listing.type, listing.id, listing.value, now);
    }
    const HostCounts counts = CountsWith(listing, effects);
    if (counts.shared > 0) return {};
    counting += counts.counting;
  }
  if (counting < identifiers::kHostsForSubtree || base.domain.empty()) return {};
  const bool spares =
      decided && decisions.EffectsOf(base, v1::IDENTIFIER_TYPE_DOMAIN, base.id, base.domain, now)
                     .Has(Effects::kSparesBelow);
  return spares ? std::string_view() : std::string_view(base.domain);
}

}  // namespace ringfence::cluster
