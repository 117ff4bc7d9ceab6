#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ringfence/v1/admin_service.pb.h"
#include "services/publish/audit_sink.h"
#include "services/publish/decision_book.h"
#include "services/runtime/clock.h"

namespace ringfence::publish {

// What operators do: each act is checked, written down, then put into the book. Thread-safe.
//
// kInvalidArgument begins with the name of the field that is wrong.
class Operators {
 public:
  // Of how many reports of a partner that arrived in [from, until) `decide`, which drops or
  // releases them, makes another thing (dedupe::CountHeld). To be called as `retract` is below.
  using CountHeld = std::function<absl::StatusOr<uint64_t>(
      const std::string& partner, core::Time from, core::Time until, bool drop,
      const std::function<absl::Status()>& decide)>;
  // How many reports of a partner that arrived in [from, until) stood before `retract`, which
  // withdraws them. To be called once it is known what stood, and before what takes long, which is
  // not done where that fails.
  using CountReports = std::function<absl::StatusOr<uint64_t>(
      const std::string& partner, core::Time from, core::Time until,
      const std::function<absl::Status()>& retract)>;
  struct Options {
    runtime::Clock clock;
    CountReports count_reports;
    // Null where this process does not know.
    CountHeld count_held;
    // Refuses names of which no report ever came. Null where this process does not know.
    std::function<absl::Status(const std::string& partner)> check_partner = nullptr;
    // When the last report came from the partner by the log's time, which is ahead of the clock
    // where that was set back: what has arrived is meant whole. Null: the clock says what has.
    std::function<core::Time(const std::string& partner)> last_arrival = nullptr;
    // May be null: acts are not written down.
    AuditSink* audit = nullptr;
  };
  // `book` and the audit sink must outlive it.
  Operators(Options options, DecisionBook& book) : options_(std::move(options)), book_(book) {}

  // Also what others of this process decide on somebody's word: a custodian's feedback.
  absl::StatusOr<v1::Override> Put(const v1::Override& override, const std::string& who);
  // kNotFound where there is no such override.
  absl::Status Delete(const v1::DeleteOverrideRequest& request, const std::string& who);
  absl::StatusOr<v1::ListOverridesResponse> List(const v1::ListOverridesRequest& request) const;
  // Says 0 where the reports were withdrawn and could not be counted.
  absl::StatusOr<v1::RetractPartnerResponse> Retract(const v1::RetractPartnerRequest& request,
                                                     const std::string& who);
  // Likewise.
  absl::StatusOr<v1::DecideHeldResponse> DecideHeld(const v1::DecideHeldRequest& request,
                                                    const std::string& who);
  v1::GetPolicyResponse Policy() const;

 private:
  struct Span {
    core::Time from = 0;
    core::Time until = 0;
  };
  // Partner, span of arrival and reason of a request.
  template <typename Request>
  absl::StatusOr<Span> CheckSpan(const Request& request) const;
  absl::Status CheckPartner(const std::string& partner) const {
    return options_.check_partner ? options_.check_partner(partner) : absl::OkStatus();
  }
  absl::Status WriteDown(const std::string& who, const std::string& what,
                         const std::string& subject, const std::string& why,
                         const std::string& reference);

  const Options options_;
  DecisionBook& book_;
};

}  // namespace ringfence::publish
