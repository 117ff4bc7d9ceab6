#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "pipelines/cluster/base.h"
#include "pipelines/cluster/base_store.h"
#include "pipelines/cluster/decisions.h"
#include "pipelines/core/place.h"
#include "pipelines/core/review.h"
#include "pipelines/core/stage.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// What the stage does about operators' decisions: an override of one identifier takes effect in the
// record that brings it; one of a range, a list of organisations and a canary's news are looked
// through the bases for, so many a record.
class Deciding {
 public:
  // The stage, as far as it is needed.
  class Host {
   public:
    virtual ~Host() = default;
    virtual void BringUpToDate(Base& base) = 0;
    virtual void Touch(Base& base) = 0;
    // What the base's nodes count, or are declared to be, may be another at the end of the record.
    virtual void Recount(Base& base) = 0;
    // There is another policy.
    virtual void OnPolicy() = 0;
    // The rule which ties count is another one than the node was last looked at with.
    virtual void Reconsider(LinkNode& link) = 0;
    virtual core::Place NextPlace() = 0;
    virtual void GoOnLater(internal::v1::Continue::Work work, const core::Id& base) = 0;
  };

  // All must outlive it. `max`: bases looked through, and reports told, at once.
  Deciding(core::State& state, BaseStore& store, Host& host, uint32_t partition, size_t max)
      : store_(store),
        host_(host),
        partition_(partition),
        max_(max),
        decisions_(state),
        review_(state) {}

  const Decisions& decisions() const { return decisions_; }

  // `output` must live until the next call. Ranges that expire by `now` lose their effect.
  void BeginRecord(core::Time now, core::Output& output);
  // What the record brings.
  void Apply(const internal::v1::Envelope& messages);
  // Before its messages to itself; evidence of the base that has just been applied.
  void OnEvidence(Base& base, const internal::v1::Evidence& evidence);
  void GoOnReviewing();
  void GoOnMarking(const core::Id& base);
  // Overrides of the base have expired.
  void OnExpiry(Base& base);
  // Once the record's listings are finished, of those that it touched.
  void TellOfCanaries(Base& base);

 private:
  void ApplyOverride(const internal::v1::OverrideNews& news);
  void TellReports(Base& base, bool from_the_start);
  void SendMarks(std::vector<internal::v1::MarkNews> marks);
  void BeginReview(uint64_t types);
  void ReviewBase(Base& base);

  BaseStore& store_;
  Host& host_;
  const uint32_t partition_;
  const size_t max_;
  Decisions decisions_;
  core::Review review_;
  core::Time now_ = core::kTimeMin;
  core::Output* output_ = nullptr;
};

}  // namespace ringfence::cluster
