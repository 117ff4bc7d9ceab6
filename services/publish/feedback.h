#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/core/time.h"
#include "ringfence/v1/admin_service.pb.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "services/runtime/metrics.h"

namespace ringfence::publish {

class DecisionBook;
class Operators;

// Takes what consumers, owners and custodians know of an indicator. What a custodian says of a
// value of its own is done at once, as an override in its name:
//
//   KIND_FALSE_POSITIVE          EFFECT_APPEAL for 30 days
//   KIND_CONFIRMED_BY_CUSTODIAN  EFFECT_CONFIRMED; ends an appeal
//   KIND_CLOSED                  disregard_before = now, beside whatever effect there is
//
// An operator's override of the same value is never made less: where one hides the value or keeps
// it at MONITOR, an appeal or a confirmation changes nothing, and says so. Hits are counted, by
// type, and never evidence; a false positive of anybody else is counted, and nothing else.
//
// Thread-safe, as what it calls is.
class Feedback {
 public:
  struct Sender {
    // Under which overrides stand.
    std::string name;
    // Does it answer for this canonical value?
    std::function<bool(v1::IdentifierType type, const std::string& value)> is_custodian;
  };
  struct Options {
    // Nanoseconds since the Unix epoch.
    std::function<core::Time()> clock;
    // The override that holds of one identifier, and a new one in its place. Both empty where this
    // process takes no decisions: custodians are UNIMPLEMENTED then.
    std::function<std::optional<v1::Override>(v1::IdentifierType type, const std::string& value)>
        find;
    std::function<absl::Status(const v1::Override& override, const std::string& who)> put;
    // How many overrides are somebody's, and how many may be: of further identifiers none is made.
    std::function<size_t(const std::string& who)> count = nullptr;
    size_t overrides_max = 10'000;
  };

  // What custodians say is decided by `operators`, beside what stands in `book`. Both must outlive
  // who uses the options.
  static Options Into(Operators& operators, const DecisionBook& book);

  // `metrics` must outlive it.
  Feedback(Options options, runtime::Metrics& metrics)
      : options_(std::move(options)), metrics_(metrics) {}

  // kInvalidArgument names the field; kPermissionDenied where somebody else than its custodian
  // confirms or closes a value; kResourceExhausted where too many are under an override of the
  // sender's already. Durable when it returns, where it does anything.
  absl::Status Take(const v1::SubmitFeedbackRequest& request, const Sender& sender) const;

 private:
  absl::Status TakeChecked(const v1::SubmitFeedbackRequest& request, const std::string& value,
                           const Sender& sender) const;
  // What a custodian's word makes of the override that holds; nothing where it changes nothing.
  std::optional<v1::Override> Decided(const v1::SubmitFeedbackRequest& request,
                                      const std::string& value,
                                      const std::optional<v1::Override>& held) const;
  void Count(const v1::SubmitFeedbackRequest& request, const char* outcome) const;

  const Options options_;
  runtime::Metrics& metrics_;
};

}  // namespace ringfence::publish
