#include "services/publish/override_check.h"

#include <utility>
#include <variant>

#include "pipelines/core/id.h"
#include "pipelines/identifiers/normalise.h"
#include "pipelines/identifiers/policy.h"
#include "pipelines/identifiers/ranges.h"
#include "pipelines/identifiers/text.h"

namespace ringfence::publish {
namespace {

using identifiers::Normalised;

constexpr size_t kReasonBytesMax = 1'000;
constexpr size_t kReferenceBytesMax = 200;
// Within what a mailbox takes: the year 2223.
constexpr int64_t kSecondsMax = 8'000'000'000;

absl::Status Wrong(const std::string& field, const std::string& why) {
  return absl::InvalidArgumentError(field + ": " + why);
}

absl::Status CheckType(const std::string& field, v1::IdentifierType type) {
  if (type == v1::IDENTIFIER_TYPE_UNSPECIFIED || !v1::IdentifierType_IsValid(type)) {
    return Wrong(field, "required");
  }
  if (!identifiers::PolicyOf(type).listed) return Wrong(field, "never listed, nor linked");
  return absl::OkStatus();
}

bool HasRanges(v1::IdentifierType type) {
  return type == v1::IDENTIFIER_TYPE_IP || type == v1::IDENTIFIER_TYPE_PHONE;
}

absl::Status CheckScope(v1::Scope scope, v1::IdentifierType type) {
  const bool fits = scope == v1::SCOPE_UNSPECIFIED ||
                    (scope == v1::SCOPE_SUBTREE && type == v1::IDENTIFIER_TYPE_DOMAIN) ||
                    (scope == v1::SCOPE_PREFIX && HasRanges(type));
  if (fits) return absl::OkStatus();
  return Wrong("override.scope",
               "SCOPE_SUBTREE is for domains, SCOPE_PREFIX for IP addresses and phone numbers");
}

absl::Status CheckTime(const std::string& field, const google::protobuf::Timestamp& time) {
  const bool sound = time.seconds() > 0 && time.seconds() < kSecondsMax && time.nanos() >= 0 &&
                     time.nanos() < 1'000'000'000;
  return sound ? absl::OkStatus() : Wrong(field, "out of range");
}

absl::StatusOr<identifiers::Canonical> CanonicalOf(const std::string& field,
                                                   v1::IdentifierType type,
                                                   const std::string& value, bool range) {
  if (value.empty()) return Wrong(field, "required");
  Normalised normalised =
      range ? identifiers::NormaliseRange(type, value) : identifiers::Normalise(type, value, {});
  if (auto* canonical = std::get_if<identifiers::Canonical>(&normalised))
    return std::move(*canonical);
  const std::string& code = std::get<identifiers::Problem>(normalised).code;
  // Only its scheme, which an override does not have, vouches for its form.
  if (code == "wallet.unknown_format") {
    if (auto cleaned = identifiers::CleanText(value)) {
      identifiers::Canonical as_given;
      as_given.value = *std::move(cleaned);
      return as_given;
    }
  }
  return Wrong(field, code);
}

absl::Status CheckTimes(const v1::Override& override, core::Time now) {
  if (override.has_expires_at()) {
    const std::string field = "override.expires_at";
    if (absl::Status status = CheckTime(field, override.expires_at()); !status.ok()) return status;
    if (core::FromProto(override.expires_at()) <= now) return Wrong(field, "not in the future");
  }
  if (override.has_disregard_before()) {
    return CheckTime("override.disregard_before", override.disregard_before());
  }
  if (override.effect() != v1::Override::EFFECT_DISREGARD) return absl::OkStatus();
  return Wrong("override.disregard_before", "required with EFFECT_DISREGARD");
}

}  // namespace

absl::Status CheckReason(const std::string& field, const std::string& reason) {
  if (reason.empty()) return Wrong(field, "required");
  if (reason.size() > kReasonBytesMax) return Wrong(field, "longer than 1,000 bytes");
  return absl::OkStatus();
}

absl::StatusOr<std::string> CanonicalValue(v1::IdentifierType type, const std::string& value) {
  if (absl::Status status = CheckType("type", type); !status.ok()) return status;
  const auto exact = CanonicalOf("value", type, value, false);
  if (exact.ok()) return exact->value;
  if (!HasRanges(type)) return exact.status();
  const auto range = CanonicalOf("value", type, value, true);
  return range.ok() ? absl::StatusOr<std::string>(range->value) : exact.status();
}

absl::StatusOr<internal::v1::DecisionRecord> CheckOverride(const v1::Override& override,
                                                           const std::string& who, core::Time now) {
  const v1::IdentifierType type = override.type();
  if (absl::Status status = CheckType("override.type", type); !status.ok()) return status;
  if (!v1::Scope_IsValid(override.scope())) return Wrong("override.scope", "unknown");
  if (absl::Status status = CheckScope(override.scope(), type); !status.ok()) return status;
  const bool range = override.scope() == v1::SCOPE_PREFIX;
  const auto canonical = CanonicalOf("override.value", type, override.value(), range);
  if (!canonical.ok()) return canonical.status();
  if (override.effect() == v1::Override::EFFECT_UNSPECIFIED ||
      !v1::Override::Effect_IsValid(override.effect())) {
    return Wrong("override.effect", "required");
  }
  if (absl::Status status = CheckReason("override.reason", override.reason()); !status.ok()) {
    return status;
  }
  if (override.reference().size() > kReferenceBytesMax) {
    return Wrong("override.reference", "longer than 200 bytes");
  }
  if (absl::Status status = CheckTimes(override, now); !status.ok()) return status;

  internal::v1::DecisionRecord record;
  v1::Override& kept = *record.mutable_override();
  kept = override;
  kept.set_value(canonical->value);
  kept.set_set_by(who);
  *kept.mutable_set_at() = core::ToProto(now);
  internal::v1::OverrideNews& news = *record.mutable_override_news();
  news.set_type(type);
  news.set_value(canonical->value);
  news.set_scope(override.scope());
  news.set_effect(override.effect());
  if (override.has_expires_at()) news.set_expires_at(core::FromProto(override.expires_at()));
  if (override.has_disregard_before()) {
    news.set_disregard_before(core::FromProto(override.disregard_before()));
  }
  if (range) return record;
  const core::Id base = canonical->base_type == v1::IDENTIFIER_TYPE_UNSPECIFIED
                            ? core::IdentifierId(type, canonical->value)
                            : core::IdentifierId(canonical->base_type, canonical->base_value);
  news.set_base_hi(base.hi);
  news.set_base_lo(base.lo);
  return record;
}

}  // namespace ringfence::publish
