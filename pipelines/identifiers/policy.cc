#include "pipelines/identifiers/policy.h"

#include <array>
#include <cstdlib>

namespace ringfence::identifiers {
namespace {

using core::kDay;
using enum v1::Action;
using enum v1::IdentifierType;

constexpr std::string_view kNoRule = "";
constexpr std::string_view kIpRule = "ceiling.ip";
constexpr std::string_view kSenderRule = "ceiling.sender_id";

constexpr std::array<TypePolicy, 17> kPolicies = {{
    // type, listed, links, joins, span, ceiling, rule, bearer order
    {IDENTIFIER_TYPE_PHONE, true, true, true, 90 * kDay, ACTION_BLOCK, kNoRule, 7},
    {IDENTIFIER_TYPE_SENDER_ID, true, false, true, 90 * kDay, ACTION_MONITOR, kSenderRule, 99},
    {IDENTIFIER_TYPE_IP, true, true, false, 3 * kDay, ACTION_CHALLENGE, kIpRule, 13},
    {IDENTIFIER_TYPE_DOMAIN, true, true, true, 180 * kDay, ACTION_BLOCK, kNoRule, 11},
    {IDENTIFIER_TYPE_URL, true, true, true, 180 * kDay, ACTION_BLOCK, kNoRule, 12},
    {IDENTIFIER_TYPE_EMAIL, true, true, true, 180 * kDay, ACTION_BLOCK, kNoRule, 8},
    {IDENTIFIER_TYPE_REMOTE_ACCESS_ID, true, true, true, 30 * kDay, ACTION_BLOCK, kNoRule, 9},
    {IDENTIFIER_TYPE_IBAN, true, true, true, 365 * kDay, ACTION_CHALLENGE, kCustodianRule, 2},
    {IDENTIFIER_TYPE_BANK_ACCOUNT, true, true, true, 365 * kDay, ACTION_CHALLENGE, kCustodianRule,
     3},
    {IDENTIFIER_TYPE_UPI, true, true, true, 180 * kDay, ACTION_CHALLENGE, kCustodianRule, 4},
    {IDENTIFIER_TYPE_WALLET, true, true, true, 365 * kDay, ACTION_BLOCK, kNoRule, 1},
    {IDENTIFIER_TYPE_PAYMENT_REFERENCE, false, false, true, 0, ACTION_UNSPECIFIED, kNoRule, 99},
    {IDENTIFIER_TYPE_GIFT_CARD, false, false, true, 0, ACTION_UNSPECIFIED, kNoRule, 99},
    {IDENTIFIER_TYPE_PAYMENT_CARD, false, false, true, 0, ACTION_UNSPECIFIED, kNoRule, 99},
    {IDENTIFIER_TYPE_SOCIAL_HANDLE, true, true, true, 90 * kDay, ACTION_BLOCK, kNoRule, 6},
    {IDENTIFIER_TYPE_APP, true, true, true, 180 * kDay, ACTION_BLOCK, kNoRule, 10},
    {IDENTIFIER_TYPE_PAYMENT_HANDLE, true, true, true, 180 * kDay, ACTION_CHALLENGE, kCustodianRule,
     5},
}};

}  // namespace

const TypePolicy& PolicyOf(v1::IdentifierType type) {
  if (type < 1 || static_cast<size_t>(type) > kPolicies.size()) std::abort();
  return kPolicies[static_cast<size_t>(type) - 1];
}

std::span<const TypePolicy> AllTypes() { return kPolicies; }

bool IsSpoofable(v1::IdentifierType type, v1::IdentifierRole role, bool attested) {
  if (type == IDENTIFIER_TYPE_SENDER_ID) return true;
  if (role == v1::IDENTIFIER_ROLE_CALLER_ID) return !attested;
  if (type != IDENTIFIER_TYPE_PHONE && type != IDENTIFIER_TYPE_EMAIL) return false;
  return role == v1::IDENTIFIER_ROLE_MESSAGE_SENDER || role == v1::IDENTIFIER_ROLE_UNSPECIFIED;
}

bool IsVictimSide(v1::IdentifierType type, v1::IdentifierRole role) {
  return role == v1::IDENTIFIER_ROLE_VICTIM_SIDE || (type == IDENTIFIER_TYPE_REMOTE_ACCESS_ID &&
                                                     role != v1::IDENTIFIER_ROLE_REMOTE_CONTROLLER);
}

bool BasisCounts(v1::Basis basis) {
  return basis != v1::BASIS_THIRD_PARTY_FEED && basis != v1::BASIS_FEED_HIT;
}

bool Links(v1::IdentifierType type, v1::IdentifierRole role, bool attested,
           internal::v1::Standing standing) {
  return PolicyOf(type).links && standing == internal::v1::STANDING_NORMAL &&
         !IsSpoofable(type, role, attested) && !IsVictimSide(type, role);
}

bool IsListed(v1::IdentifierType type, std::string_view canonical_value) {
  if (!PolicyOf(type).listed) return false;
  if (type != IDENTIFIER_TYPE_REMOTE_ACCESS_ID) return true;
  return !canonical_value.starts_with("goto:") && !canonical_value.starts_with("quickassist:");
}

}  // namespace ringfence::identifiers
