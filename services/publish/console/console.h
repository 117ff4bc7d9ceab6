#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "pipelines/stix/objects.h"
#include "ringfence/v1/admin_service.pb.h"
#include "services/publish/clearance.h"
#include "services/publish/console/campaign_ties.h"
#include "services/publish/console/event_stream.h"
#include "services/publish/console/held_answers.h"
#include "services/publish/console/keeper.h"
#include "services/publish/console/partners.h"
#include "services/publish/console/places.h"
#include "services/publish/operators.h"
#include "services/publish/publisher.h"
#include "services/publish/referrals.h"
#include "services/runtime/http/http_message.h"
#include "services/runtime/identity/caller.h"

namespace ringfence::publish {

inline constexpr const char* kConsoleApi = "/api/v1/";

// Of answers that wait for others at most so many at a time, by kind, so that none takes the
// other's places: looks at the log and the stages' states, decisions that are written, packs. One
// more is 503. Together they are fewer than the threads that the server keeps from answers in
// pieces (runtime::HttpServer): lists, health and the rest of the console go on.
inline constexpr size_t kLooksMax = 3;
inline constexpr size_t kWritesMax = 3;
inline constexpr size_t kPacksMax = 1;

// The analysts' console: its pages below /console/, and below /api/v1/ what they read
// (ops/console-api.md, proto/ringfence/console/v1). Pages load nothing from elsewhere and may not:
// their security policy says so. Thread-safe.
class Console {
 public:
  struct Options {
    std::string deployment = "local";
    EventStreams::Options events;
    // What this process knows beside the set; null where it does not.
    TiesOf ties;
    std::function<absl::StatusOr<std::shared_ptr<const console::v1::Partners>>()> partners;
    std::function<v1::GetStatusResponse()> status;
    std::function<v1::ListConsumersResponse()> consumers;
    HeldAnswers::List list_held;
    // Must outlive the console.
    Operators* operators = nullptr;
    Referrals* referrals = nullptr;
  };

  // `publisher` must outlive it.
  Console(const Options& options, const Publisher& publisher);

  // Nothing where the path is none of the console's. That the caller may ask the gate has decided.
  // Whatever waits for the log or a state is done in the caller's thread, within the bounds above.
  std::optional<runtime::HttpResponse> Answer(const runtime::HttpRequest& request,
                                              const runtime::Caller& caller) const;

 private:
  // Null where the answer waits for nobody.
  Places* PlacesFor(const runtime::HttpRequest& request, std::string_view path) const;
  runtime::HttpResponse AnswerApi(const runtime::HttpRequest& request,
                                  const runtime::Caller& who) const;
  runtime::HttpResponse AnswerOverview(const Moment& moment, const Viewer& caller) const;
  runtime::HttpResponse AnswerSession(const Viewer& caller, bool is_operator) const;
  std::shared_ptr<const console::v1::CampaignGraph> Graph(const campaigns::Label& label,
                                                          const v1::Campaign& campaign,
                                                          const Viewer& caller,
                                                          const Moment& moment) const;
  runtime::HttpResponse AnswerCampaign(const runtime::HttpRequest& request, const Viewer& caller,
                                       const Moment& moment) const;

  const Options options_;
  const Publisher& publisher_;
  const stix::Objects stix_;
  mutable Keeper<v1::Tlp, console::v1::Overlap> overlap_{8};
  // By campaign and who asks.
  mutable Keeper<std::string, console::v1::CampaignGraph> graphs_{8};
  // Where many ask at once, one looks.
  mutable Keeper<int, v1::GetStatusResponse> status_{1};
  mutable std::atomic<uint64_t> status_asked_ = 0;
  mutable Places looks_{kLooksMax};
  mutable Places writes_{kWritesMax};
  mutable Places packs_{kPacksMax};
  mutable HeldAnswers held_;
  mutable EventStreams events_;
};

}  // namespace ringfence::publish
