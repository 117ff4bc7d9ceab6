#pragma once

#include <cstdint>

#include "pipelines/campaigns/tables.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/internal/v1/state.pb.h"
#include "ringfence/v1/indicator.pb.h"

namespace ringfence::campaigns {

// What the members of one campaign add up to, kept as members come and go. Sums are exact: what is
// left when a member goes is what there was before it came. The latest `last_seen` is no sum; who
// removes the member that had it has to look for the next.
class Totals {
 public:
  Totals() = default;
  explicit Totals(internal::v1::StoredCampaign stored) : stored_(std::move(stored)) {}

  // `record` is an indicator's; it must not be (must be) among what was added. Amounts must be
  // plain decimals.
  void Add(const internal::v1::IndicatorRecord& record);
  void Remove(const internal::v1::IndicatorRecord& record);
  // What records add up to elsewhere, all at once; without bases, which are not added.
  void AddAll(const internal::v1::StoredCampaign& sums);
  void RemoveAll(const internal::v1::StoredCampaign& sums);
  // A base got its first member, lost its last.
  void AddBase() { stored_.set_bases(stored_.bases() + 1); }
  void RemoveBase() { stored_.set_bases(stored_.bases() - 1); }

  bool IsEmpty() const { return stored_.members() == 0; }
  // Members on two or more bases: one base alone is none.
  bool IsCampaign() const { return stored_.bases() >= 2; }
  v1::Tlp Tlp() const;
  core::Time last_seen() const { return stored_.last_seen(); }
  void set_last_seen(core::Time time) { stored_.set_last_seen(time); }
  // What campaigns are ordered by.
  uint64_t Rank(Order order) const;

  // All but campaign_id and first_seen. Repeated fields are sorted.
  v1::Campaign ToCampaign() const;
  const internal::v1::StoredCampaign& stored() const { return stored_; }

 private:
  internal::v1::StoredCampaign stored_;
};

}  // namespace ringfence::campaigns
