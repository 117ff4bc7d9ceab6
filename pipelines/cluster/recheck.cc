#include "pipelines/cluster/recheck.h"

#include <algorithm>

#include "pipelines/cluster/evidence.h"

namespace ringfence::cluster {
namespace {

// As one that was in the set and left it.
Listing& Unknown(Base& base, const internal::v1::Recheck& recheck, core::State& state) {
  const core::Id id = core::Id::FromBytes(recheck.identifier_id());
  Listing& listing = base.listings[id];
  listing.id = id;
  listing.type = recheck.type();
  listing.value = recheck.value();
  if (Recall(listing, state)) return listing;
  listing.epoch = recheck.epoch();
  listing.peak_action = recheck.peak_action();
  listing.least_tlp = recheck.least_tlp();
  return listing;
}

}  // namespace

bool Recheck(Base& base, const internal::v1::Recheck& recheck, core::Time now, core::Place place,
             core::State& state) {
  const auto known = base.listings.find(core::Id::FromBytes(recheck.identifier_id()));
  if (known == base.listings.end() && recheck.removed()) return false;
  Listing& listing = known == base.listings.end() ? Unknown(base, recheck, state) : known->second;
  const bool in_set = listing.action != v1::ACTION_UNSPECIFIED;
  if (!in_set && recheck.removed()) return false;
  // States of earlier releases do not know `sent`.
  const core::Place latest = std::max({listing.unsent, listing.sent, listing.revision});
  if (in_set && !recheck.removed() && latest <= recheck.place()) return false;
  if (!in_set) {
    // The same whether or not the listing has been forgotten, which depends on batches.
    listing.revision = place;
    listing.action_since = now;
    listing.removal_reason = "retracted";
  }
  listing.unsent = place;
  return true;
}

}  // namespace ringfence::cluster
