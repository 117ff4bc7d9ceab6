#pragma once

#include <string_view>

#include "pipelines/cluster/base.h"
#include "pipelines/cluster/decisions.h"
#include "pipelines/core/time.h"

namespace ringfence::cluster {

// When a registrable domain stands for all its hosts: once three of them count, unless one is
// shared or spared. There may be very many: what they say is counted as it changes.

// The listing is that of the base, a registrable domain.
bool IsBaseItself(const Base& base, const Listing& listing);

// What the listing, as it stands with its `effects`, adds to the base's `hosts`.
HostCounts CountsOfHost(const Base& base, const Listing& listing);
// Brings `hosts` up to date with the listing, of which something changed.
void CountHost(Base& base, Listing& listing);

// The registrable domain that stands for all its hosts at `now`; empty where the base is none. What
// an operator spares below it, named by a report or not, is spared by what stands for the domain.
// Of the hosts what operators decided is that of the record which touched each last.
std::string_view StandsForAll(const Base& base, const Decisions& decisions, core::Time now);

}  // namespace ringfence::cluster
