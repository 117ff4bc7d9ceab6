#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "pipelines/campaigns/read_view.h"
#include "ringfence/console/v1/console.pb.h"

namespace ringfence::publish {

// At most so many organisations, those with most campaigns, and so many campaigns, the largest.
inline constexpr size_t kOverlapOrganisationsMax = 40;
inline constexpr size_t kOverlapCampaignsMax = 200'000;

// How much organisations have in common, over the campaigns with TLP at most `clearance`. Looks at
// each campaign.
console::v1::Overlap OverlapOf(campaigns::ReadView& view, v1::Tlp clearance);

// Keeps the latest answer, for looking at all campaigns takes its time: it is made anew where it is
// older than a second and than twenty times what making it took. Thread-safe.
class OverlapKeeper {
 public:
  // `changes`: of the view's moment. May give an answer from before.
  std::shared_ptr<const console::v1::Overlap> Get(campaigns::ReadView& view, uint64_t changes,
                                                  v1::Tlp clearance) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Kept {
    std::shared_ptr<const console::v1::Overlap> overlap;
    uint64_t changes = 0;
    std::chrono::steady_clock::time_point due;
    // Somebody is about it: others get what there is.
    bool is_being_made = false;
  };

  absl::Mutex mutex_;
  std::map<v1::Tlp, Kept> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::publish
