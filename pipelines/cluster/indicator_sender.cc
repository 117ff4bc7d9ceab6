#include "pipelines/cluster/indicator_sender.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <utility>

#include "pipelines/cluster/evidence.h"
#include "pipelines/cluster/listing.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::cluster {
namespace {

// Most records fit.
constexpr size_t kBlockBytes = size_t{16} << 10;

}  // namespace

void IndicatorSender::EndBatch(core::Output& output) {
  std::sort(bases_.begin(), bases_.end(),
            [](const Base* a, const Base* b) { return a->id < b->id; });
  bases_.erase(std::unique(bases_.begin(), bases_.end()), bases_.end());
  for (Base* base : bases_) {
    SortListings(base->unsent_listings);
    for (const core::Id& id : base->unsent_listings) EndBatch(*base, id, output);
    base->unsent_listings.clear();
  }
  bases_.clear();
}

void IndicatorSender::EndBatch(Base& base, const core::Id& id, core::Output& output) {
  const auto found = base.listings.find(id);
  Listing& listing = found->second;
  listing.is_unsent = false;
  if (listing.unsent != 0) Send(base, listing, output);
  if (EvidenceOf(base, listing).empty()) {
    Remember(listing);
    if (listing.spilled) base.erased_listings.push_back(id);
    base.listings.erase(found);
  } else if (base.listings_spilled && !std::exchange(listing.dirty, true)) {
    base.dirty_listings.push_back(id);
  }
}

void IndicatorSender::Send(Base& base, Listing& listing, core::Output& output) {
  char block[kBlockBytes];
  google::protobuf::Arena arena(block, sizeof block);
  auto& record = *google::protobuf::Arena::CreateMessage<internal::v1::IndicatorRecord>(&arena);
  FillRecord(base, listing, ids_, record);
  record.SerializeToString(&buffer_);
  output.Indicator(record.identifier_id(), buffer_);
  if (record.has_indicator()) purges_.Back(record.identifier_id());
  listing.sent = std::exchange(listing.unsent, 0);
}

void IndicatorSender::Remember(const Listing& listing) {
  if (!IsRemembered(listing)) return;
  internal::v1::StoredListing stored;
  stored.set_epoch(listing.epoch);
  stored.set_peak_action(listing.peak_action);
  stored.set_least_tlp(listing.least_tlp);
  state_.Put(EpochKey(listing.id), stored.SerializeAsString());
}

}  // namespace ringfence::cluster
