#include "pipelines/cluster/recheck.h"

#include <algorithm>

#include "pipelines/cluster/evidence.h"
#include "pipelines/cluster/listing.h"

namespace ringfence::cluster {
namespace {

// As one that was in the set and left it, the same whether or not the listing has been forgotten,
// which depends on batches: where nothing of it is kept, it is what the record says.
Listing& Left(Base& base, const internal::v1::Recheck& recheck, core::State& state) {
  const core::Id id = core::Id::FromBytes(recheck.identifier_id());
  Listing& listing = ListingOf(base, id, recheck.type(), recheck.value(), &state);
  if (IsRemembered(listing)) return listing;
  listing.epoch = recheck.epoch();
  listing.peak_action = recheck.peak_action();
  listing.least_tlp = recheck.least_tlp();
  return listing;
}

}  // namespace

bool Recheck(Base& base, const internal::v1::Recheck& recheck, core::Time now, core::Place place,
             core::State& state) {
  const core::Id id = core::Id::FromBytes(recheck.identifier_id());
  const auto known = base.listings.find(id);
  const bool in_set =
      known != base.listings.end() && known->second.action != v1::ACTION_UNSPECIFIED;
  if (!in_set && recheck.removed()) return false;
  if (in_set) {
    Listing& listing = known->second;
    // States of earlier releases do not know `sent`.
    const core::Place latest = std::max({listing.unsent, listing.sent, listing.revision});
    if (!recheck.removed() && latest <= recheck.place()) return false;
    listing.unsent = place;
    SendListingLater(base, listing);
    return true;
  }
  Listing& listing = Left(base, recheck, state);
  listing.revision = place;
  listing.action_since = now;
  listing.removal_reason = "retracted";
  listing.unsent = place;
  SendListingLater(base, listing);
  base.left.push_back(id);
  return true;
}

}  // namespace ringfence::cluster
