#include "services/publish/feedback.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "pipelines/core/id.h"
#include "pipelines/identifiers/normalise.h"
#include "services/publish/decision_book.h"
#include "services/publish/operators.h"

namespace ringfence::publish {
namespace {

using Kind = v1::SubmitFeedbackRequest::Kind;
using Request = v1::SubmitFeedbackRequest;
using v1::Override;

constexpr core::Time kAppealFor = 30 * core::kDay;
constexpr size_t kReferenceBytesMax = 200;
constexpr int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999

const char* WordOf(Kind kind) {
  switch (kind) {
    case Request::KIND_HIT:
      return "hit";
    case Request::KIND_FALSE_POSITIVE:
      return "false_positive";
    case Request::KIND_CONFIRMED_BY_CUSTODIAN:
      return "confirmed_by_custodian";
    case Request::KIND_CLOSED:
      return "closed";
    default:
      return "unknown";
  }
}

bool IsTime(const google::protobuf::Timestamp& time) {
  return time.seconds() >= 0 && time.seconds() <= kSecondsMax && time.nanos() >= 0 &&
         time.nanos() <= 999'999'999;
}

// The canonical value.
absl::StatusOr<std::string> Check(const Request& request) {
  if (!v1::IdentifierType_IsValid(request.type()) ||
      request.type() == v1::IDENTIFIER_TYPE_UNSPECIFIED)
    return absl::InvalidArgumentError("type: no known type");
  if (!Request::Kind_IsValid(request.kind()) || request.kind() == Request::KIND_UNSPECIFIED)
    return absl::InvalidArgumentError("kind: no known kind");
  if (request.has_from() && !IsTime(request.from()))
    return absl::InvalidArgumentError("from: no time");
  if (request.has_until() && !IsTime(request.until()))
    return absl::InvalidArgumentError("until: no time");
  if (request.has_from() && request.has_until() &&
      core::FromProto(request.from()) > core::FromProto(request.until()))
    return absl::InvalidArgumentError("until: before from");
  if (request.reference().size() > kReferenceBytesMax)
    return absl::InvalidArgumentError("reference: at most 200 bytes");
  if (request.type() == v1::IDENTIFIER_TYPE_GIFT_CARD)
    return absl::InvalidArgumentError("type: gift cards are never listed");
  identifiers::Normalised normalised = identifiers::Normalise(request.type(), request.value(), {});
  if (const auto* problem = std::get_if<identifiers::Problem>(&normalised))
    return absl::InvalidArgumentError("value: " + std::string(problem->code));
  return std::get<identifiers::Canonical>(std::move(normalised)).value;
}

// Keeps the value out of the set, or at MONITOR, by an operator's word.
bool IsStricter(Override::Effect effect) {
  switch (effect) {
    case Override::EFFECT_UNSPECIFIED:
    case Override::EFFECT_APPEAL:
    case Override::EFFECT_CONFIRMED:
    case Override::EFFECT_DISREGARD:
      return false;
    default:
      return true;
  }
}

}  // namespace

Feedback::Options Feedback::Into(Operators& operators, const DecisionBook& book) {
  Options options;
  options.find = [&book](v1::IdentifierType type,
                         const std::string& value) -> std::optional<Override> {
    const auto held = book.Find(core::IdentifierId(type, value));
    if (!held) return std::nullopt;
    return held->override();
  };
  options.count = [&book](const std::string& who) { return book.CountOf(who); };
  options.put = [&operators](const Override& override, const std::string& who) {
    return operators.Put(override, who).status();
  };
  return options;
}

absl::Status Feedback::Take(const Request& request, const Sender& sender) const {
  const absl::StatusOr<std::string> value = Check(request);
  if (!value.ok()) {
    Count(request, "refused");
    return value.status();
  }
  return TakeChecked(request, *value, sender);
}

absl::Status Feedback::TakeChecked(const Request& request, const std::string& value,
                                   const Sender& sender) const {
  if (request.kind() == Request::KIND_HIT) {
    metrics_.Add(runtime::Metric::kHits, {{"type", identifiers::TypeWord(request.type())}},
                 std::max<uint32_t>(1, request.count()));
    Count(request, "counted");
    return absl::OkStatus();
  }
  if (!sender.is_custodian(request.type(), value)) {
    if (request.kind() == Request::KIND_FALSE_POSITIVE) {
      Count(request, "counted");
      return absl::OkStatus();
    }
    Count(request, "denied");
    return absl::PermissionDeniedError("kind: for the custodian of the value alone");
  }
  if (!options_.put) {
    Count(request, "refused");
    return absl::UnimplementedError("this process takes no decisions");
  }
  const std::optional<Override> held = options_.find(request.type(), value);
  const std::optional<Override> decided = Decided(request, value, held);
  if (!decided) {
    Count(request, "nothing_to_do");
    return absl::OkStatus();
  }
  if (!held && options_.count && options_.count(sender.name) >= options_.overrides_max) {
    Count(request, "refused");
    return absl::ResourceExhaustedError(
        "value: so many of yours are decided already; of further "
        "ones ask an operator for a range");
  }
  const absl::Status status = options_.put(*decided, sender.name);
  Count(request, status.ok() ? "decided" : "failed");
  return status;
}

std::optional<Override> Feedback::Decided(const Request& request, const std::string& value,
                                          const std::optional<Override>& held) const {
  const core::Time now = options_.clock();
  const bool is_stricter = held && IsStricter(held->effect());
  Override override;
  if (held) override = *held;
  override.clear_set_by();
  override.clear_set_at();
  override.set_type(request.type());
  override.set_value(value);
  if (!request.reference().empty()) override.set_reference(request.reference());
  switch (request.kind()) {
    case Request::KIND_FALSE_POSITIVE:
      if (is_stricter) return std::nullopt;
      override.set_effect(Override::EFFECT_APPEAL);
      override.set_reason("false positive, says its custodian");
      *override.mutable_expires_at() = core::ToProto(now + kAppealFor);
      return override;
    case Request::KIND_CONFIRMED_BY_CUSTODIAN:
      if (is_stricter) return std::nullopt;
      override.set_effect(Override::EFFECT_CONFIRMED);
      override.set_reason("served fraud, says its custodian");
      override.clear_expires_at();
      return override;
    case Request::KIND_CLOSED:
      // What was confirmed, or under appeal, was so of what is void now.
      if (!is_stricter) {
        override.set_effect(Override::EFFECT_DISREGARD);
        override.set_reason("closed, says its custodian");
        override.clear_expires_at();
      }
      *override.mutable_disregard_before() = core::ToProto(now);
      return override;
    default:
      return std::nullopt;
  }
}

void Feedback::Count(const Request& request, const char* outcome) const {
  metrics_.Add(runtime::Metric::kFeedback,
               {{"kind", WordOf(request.kind())}, {"outcome", outcome}});
}

}  // namespace ringfence::publish
