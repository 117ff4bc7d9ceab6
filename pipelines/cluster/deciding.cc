#include "pipelines/cluster/deciding.h"

#include <optional>
#include <utility>

#include "absl/container/btree_set.h"
#include "pipelines/cluster/evidence.h"
#include "pipelines/cluster/listing.h"
#include "pipelines/cluster/marks.h"

namespace ringfence::cluster {
namespace {

using core::Id;
using core::Mailbox;
using internal::v1::Continue;

constexpr Id kLastId{~uint64_t{0}, ~uint64_t{0}};

std::vector<std::string> OrganisationsOf(const Listing& listing) {
  absl::btree_set<std::string> names;
  for (const auto& [role, evidence] : listing.statistics.by_role()) {
    evidence.organisations.ForEach([&](const std::string& name, uint32_t) { names.insert(name); });
  }
  return {names.begin(), names.end()};
}

}  // namespace

void Deciding::BeginRecord(core::Time now, core::Output& output) {
  now_ = now;
  output_ = &output;
  BeginReview(decisions_.Advance(now));
}

void Deciding::Apply(const internal::v1::Envelope& messages) {
  for (const auto& news : messages.policies()) {
    const uint64_t types = decisions_.Put(news);
    if (types != 0) host_.OnPolicy();
    BeginReview(types);
  }
  for (const auto& news : messages.overrides()) ApplyOverride(news);
  for (const auto& list : messages.organisations()) BeginReview(decisions_.Put(list));
  for (const auto& news : messages.canaries()) BeginReview(decisions_.Put(news));
}

void Deciding::ApplyOverride(const internal::v1::OverrideNews& news) {
  BeginReview(decisions_.Put(news, now_));
  const Id id{news.base_hi(), news.base_lo()};
  const uint32_t partitions = output_->Partitions(Mailbox::kCluster);
  if (id.IsZero() || core::PartitionOf(id, partitions) != partition_) return;
  Base& base = store_.Load(id);
  host_.BringUpToDate(base);
  if (cluster::ApplyOverride(base, news, now_)) {
    host_.Recount(base);
    OnExpiry(base);
  }
  host_.Touch(base);
}

void Deciding::OnExpiry(Base& base) {
  base.overrides_changed = false;
  TellReports(base, /*from_the_start=*/true);
}

void Deciding::OnEvidence(Base& base, const internal::v1::Evidence& evidence) {
  if (decisions_.Concern(base)) host_.Recount(base);
  SendMarks(MarksFor(base, evidence, decisions_, now_));
}

void Deciding::TellReports(Base& base, bool from_the_start) {
  if (from_the_start) base.mark_from = Id();
  std::vector<internal::v1::MarkNews> marks;
  const bool more = CollectMarks(base, decisions_, now_, max_, marks);
  SendMarks(std::move(marks));
  if (!more && base.marking) {
    // The message that is on its way finds nothing left to do.
    base.mark_from = kLastId;
    host_.Touch(base);
  }
  if (!more) return;
  host_.Touch(base);
  if (!std::exchange(base.marking, true)) host_.GoOnLater(Continue::WORK_MARK, base.id);
}

void Deciding::GoOnMarking(const Id& id) {
  Base* base = store_.Find(id);
  // Of a message that came twice the second finds all done.
  if (base == nullptr || !base->marking) return;
  host_.BringUpToDate(*base);
  host_.Touch(*base);
  base->marking = false;
  TellReports(*base, /*from_the_start=*/false);
}

void Deciding::SendMarks(std::vector<internal::v1::MarkNews> marks) {
  const uint32_t partitions = output_->Partitions(Mailbox::kDedupe);
  for (internal::v1::MarkNews& news : marks) {
    news.set_place(host_.NextPlace());
    const Id report{news.report_hi(), news.report_lo()};
    *output_->To(Mailbox::kDedupe, core::PartitionOf(report, partitions)).add_marks() =
        std::move(news);
  }
}

void Deciding::BeginReview(uint64_t types) {
  if (review_.Begin(types)) host_.GoOnLater(Continue::WORK_REVIEW, Id());
}

void Deciding::GoOnReviewing() {
  if (!review_.running()) return;
  const std::vector<Id> ids = store_.Next(review_, max_);
  for (const Id& id : ids) ReviewBase(*store_.Find(id));
  std::optional<Id> last;
  if (ids.size() == max_) last = ids.back();
  if (review_.GoOn(last)) host_.GoOnLater(Continue::WORK_REVIEW, Id());
}

void Deciding::ReviewBase(Base& base) {
  host_.BringUpToDate(base);
  for (auto& [id, listing] : base.listings) {
    if (listing.content_touched || !IsOutdated(base, listing, decisions_, now_)) continue;
    TouchListing(base, listing);
    host_.Touch(base);
  }
  if (IsScopeOutdated(base, decisions_, now_)) host_.Touch(base);
  for (auto& [day, link] : base.nodes) {
    if (std::exchange(link.rules_place, decisions_.rules_place()) == decisions_.rules_place()) {
      continue;
    }
    host_.Reconsider(link);
    host_.Touch(base);
  }
  host_.Recount(base);
  TellReports(base, /*from_the_start=*/true);
}

void Deciding::TellOfCanaries(Base& base) {
  SortListings(base.touched_listings);
  for (const Id& id : base.touched_listings) {
    Listing& listing = base.listings.at(id);
    std::vector<std::string> organisations;
    if ((listing.effects & Effects::kCanary) != 0) organisations = OrganisationsOf(listing);
    if (organisations == listing.canary_organisations) continue;
    internal::v1::CanaryNews news;
    news.set_place(host_.NextPlace());
    news.set_id_hi(id.hi);
    news.set_id_lo(id.lo);
    for (const std::string& organisation : organisations) news.add_organisations(organisation);
    for (uint32_t to = 0; to < output_->Partitions(Mailbox::kCluster); ++to) {
      *output_->To(Mailbox::kCluster, to).add_canaries() = news;
    }
    listing.canary_organisations = std::move(organisations);
  }
}

}  // namespace ringfence::cluster
