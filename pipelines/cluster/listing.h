#pragma once

#include "pipelines/cluster/base.h"
#include "pipelines/cluster/base_store.h"
#include "pipelines/cluster/decisions.h"
#include "pipelines/core/id.h"
#include "pipelines/core/place.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// What the set remembers, and what is sent of it.

// The end of a record: nodes that nothing names any more go; that a node is infrastructure reaches
// the listings that stand on it.
void FinishNodes(Base& base, BaseStore& store);

// Brings the listings that the present record touched up to date, at `now`, record by record:
// action, epoch, and whether it is in the set at all. `place` is the record's; `removed` is why a
// listing leaves the set if it does. Marks what has to be sent. A registrable domain that comes to
// stand for all its hosts gets a listing, if it has none; `state` is asked what it remembers of it.
// What was touched stays in `touched_listings`.
void FinishListings(Base& base, const Decisions& decisions, core::Time now, core::Place place,
                    const char* removed, core::State& state);

// Operators' decisions let the registrable domain stand for its hosts, or no longer, which no
// listing of it shows.
bool IsScopeOutdated(const Base& base, const Decisions& decisions, core::Time now);

// What a listing is assessed by: its own evidence, or, of a registrable domain that stands for all
// its hosts, that of them all.
const Statistics& EvidenceOf(const Base& base, const Listing& listing);

// What is to be done about a listing with live evidence, and why.
Assessment AssessListing(const Base& base, const Listing& listing, const Effects& effects,
                         const Weights& weights, core::Time now);

// Would the listing be another if its content were touched at `now`, with no new evidence?
bool IsOutdated(const Base& base, const Listing& listing, const Decisions& decisions,
                core::Time now);

// The record of one listing as it stands: an upsert, or a removal where it has left the set.
// Whatever `record` held goes.
void FillRecord(const Base& base, const Listing& listing, const core::IndicatorNamespace& ids,
                internal::v1::IndicatorRecord& record);

// The node whose label is the identifier's: of an IP the latest day on which it linked. Null where
// it links nothing.
const LinkNode* LinkNodeOf(const Base& base, const Listing& listing);

// What has to be kept for ever of a listing whose evidence is gone: only of one that was above
// MONITOR.
bool IsRemembered(const Listing& listing);

}  // namespace ringfence::cluster
