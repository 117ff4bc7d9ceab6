#include "services/publish/operators.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "services/publish/override_check.h"
#include "services/publish/policy_file.h"
#include "services/runtime/logging.h"

namespace ringfence::publish {
namespace {

using core::Id;

constexpr uint32_t kPageDefault = 100;
constexpr uint32_t kPageMax = 1'000;

bool IsPartner(const std::string& name) {
  return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// Of Id::Hex.
std::optional<Id> ParseHex(std::string_view hex) {
  Id id;
  if (hex.size() != 32) return std::nullopt;
  const auto read = [](std::string_view half, uint64_t& number) {
    const auto [end, error] = std::from_chars(half.data(), half.data() + half.size(), number, 16);
    return error == std::errc() && end == half.data() + half.size();
  };
  if (!read(hex.substr(0, 16), id.hi) || !read(hex.substr(16), id.lo)) return std::nullopt;
  return id;
}

absl::StatusOr<core::Time> TimeOf(const std::string& field, bool is_set,
                                  const google::protobuf::Timestamp& time, core::Time otherwise) {
  if (!is_set) return otherwise;
  if (time.nanos() < 0 || time.nanos() >= 1'000'000'000 || time.seconds() < 0) {
    return absl::InvalidArgumentError(field + ": out of range");
  }
  return core::FromProto(time);
}

}  // namespace

absl::Status Operators::WriteDown(const std::string& who, const std::string& what,
                                  const std::string& subject, const std::string& why,
                                  const std::string& reference) {
  if (options_.audit == nullptr) return absl::OkStatus();
  return options_.audit->Record({options_.clock(), who, what, subject, why, reference});
}

absl::StatusOr<v1::Override> Operators::Put(const v1::Override& override, const std::string& who) {
  auto record = CheckOverride(override, who, options_.clock());
  if (!record.ok()) return record.status();
  v1::Override kept = record->override();
  const std::string id = core::IdentifierId(kept.type(), kept.value()).Hex();
  absl::Status status = WriteDown(who, "override.put", id, kept.reason(), kept.reference());
  if (status.ok()) status = book_.Put(*std::move(record));
  if (!status.ok()) return status;
  return kept;
}

absl::Status Operators::Delete(const v1::DeleteOverrideRequest& request, const std::string& who) {
  const absl::StatusOr<std::string> value = CanonicalValue(request.type(), request.value());
  if (!value.ok()) return value.status();
  if (absl::Status status = CheckReason("reason", request.reason()); !status.ok()) return status;
  const Id id = core::IdentifierId(request.type(), *value);
  std::optional<internal::v1::DecisionRecord> held = book_.Find(id);
  if (!held) return absl::NotFoundError("there is no such override");
  absl::Status status = WriteDown(who, "override.delete", id.Hex(), request.reason(), "");
  if (!status.ok()) return status;
  internal::v1::DecisionRecord removal;
  internal::v1::OverrideNews& news = *removal.mutable_override_news();
  news = held->override_news();
  news.set_removed(true);
  news.clear_effect();
  news.clear_expires_at();
  news.clear_disregard_before();
  removal.set_by(who);
  removal.set_reason(request.reason());
  return book_.Put(std::move(removal));
}

absl::StatusOr<v1::ListOverridesResponse> Operators::List(
    const v1::ListOverridesRequest& request) const {
  std::optional<Id> after;
  if (!request.page_token().empty()) {
    after = ParseHex(request.page_token());
    if (!after) return absl::InvalidArgumentError("page_token: not one that was given out");
  }
  const uint32_t size =
      request.page_size() == 0 ? kPageDefault : std::min(request.page_size(), kPageMax);
  v1::ListOverridesResponse response;
  // One more, to know whether there is one.
  std::vector<v1::Override> overrides = book_.List(after, size + 1);
  const bool more = overrides.size() > size;
  if (more) overrides.pop_back();
  for (v1::Override& override : overrides) *response.add_overrides() = std::move(override);
  if (more) {
    const v1::Override& last = *response.overrides().rbegin();
    response.set_next_page_token(core::IdentifierId(last.type(), last.value()).Hex());
  }
  return response;
}

template <typename Request>
absl::StatusOr<Operators::Span> Operators::CheckSpan(const Request& request) const {
  if (!IsPartner(request.partner())) {
    return absl::InvalidArgumentError("partner: a-z, 0-9 and '-', up to 40");
  }
  core::Time now = options_.clock();
  if (options_.last_arrival) now = std::max(now, options_.last_arrival(request.partner()));
  const auto from =
      TimeOf("received_from", request.has_received_from(), request.received_from(), 0);
  if (!from.ok()) return from.status();
  auto until =
      TimeOf("received_until", request.has_received_until(), request.received_until(), now + 1);
  if (!until.ok()) return until.status();
  // What arrives later has not arrived yet.
  *until = std::min(*until, now + 1);
  if (*from >= *until) {
    return absl::InvalidArgumentError(
        "received_until: not after received_from, or the span has "
        "not begun yet");
  }
  if (absl::Status status = CheckReason("reason", request.reason()); !status.ok()) return status;
  return Span{*from, *until};
}

absl::StatusOr<v1::RetractPartnerResponse> Operators::Retract(
    const v1::RetractPartnerRequest& request, const std::string& who) {
  const absl::StatusOr<Span> span = CheckSpan(request);
  if (!span.ok()) return span.status();
  if (absl::Status known = CheckPartner(request.partner()); !known.ok()) return known;
  absl::Status status = WriteDown(who, "partner.retract", request.partner(), request.reason(), "");
  if (!status.ok()) return status;
  internal::v1::DecisionRecord record;
  record.mutable_partner_retraction()->set_partner(request.partner());
  record.mutable_partner_retraction()->set_from(span->from);
  record.mutable_partner_retraction()->set_until(span->until);
  record.set_by(who);
  record.set_reason(request.reason());
  std::optional<absl::Status> retracted;
  const auto retract = [&] {
    if (!retracted) retracted = book_.Retract(record);
    return *retracted;
  };
  const absl::StatusOr<uint64_t> reports =
      options_.count_reports(request.partner(), span->from, span->until, retract);
  // Also where the count did not come so far.
  if (status = retract(); !status.ok()) return status;
  v1::RetractPartnerResponse response;
  if (reports.ok()) {
    response.set_reports(*reports);
  } else {
    runtime::LogLine(
        runtime::LogLevel::kWarning, "withdrawn reports were not counted",
        {{"partner", request.partner()}, {"error", std::string(reports.status().message())}});
  }
  return response;
}

absl::StatusOr<v1::DecideHeldResponse> Operators::DecideHeld(const v1::DecideHeldRequest& request,
                                                             const std::string& who) {
  const absl::StatusOr<Span> span = CheckSpan(request);
  if (!span.ok()) return span.status();
  if (absl::Status known = CheckPartner(request.partner()); !known.ok()) return known;
  absl::Status status = WriteDown(who, request.drop() ? "held.drop" : "held.release",
                                  request.partner(), request.reason(), "");
  if (!status.ok()) return status;
  internal::v1::DecisionRecord record;
  internal::v1::HeldDecision& decision = *record.mutable_held_decision();
  decision.set_partner(request.partner());
  decision.set_from(span->from);
  decision.set_until(span->until);
  decision.set_drop(request.drop());
  record.set_by(who);
  record.set_reason(request.reason());
  std::optional<absl::Status> decided;
  const auto decide = [&] {
    if (!decided) decided = book_.DecideHeld(record);
    return *decided;
  };
  absl::StatusOr<uint64_t> reports = uint64_t{0};
  if (options_.count_held) {
    reports =
        options_.count_held(request.partner(), span->from, span->until, request.drop(), decide);
  }
  // Also where the count did not come so far.
  if (status = decide(); !status.ok()) return status;
  v1::DecideHeldResponse response;
  if (reports.ok()) {
    response.set_reports(*reports);
  } else {
    runtime::LogLine(
        runtime::LogLevel::kWarning, "held reports that were decided about were not counted",
        {{"partner", request.partner()}, {"error", std::string(reports.status().message())}});
  }
  return response;
}

v1::GetPolicyResponse Operators::Policy() const {
  v1::GetPolicyResponse response;
  response.set_yaml(FormatPolicy(book_.policy()));
  return response;
}

}  // namespace ringfence::publish
