#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "ringfence/v1/report.pb.h"
#include "services/runtime/identity/roles.h"

namespace ringfence::runtime {

// Who calls, as Gate has decided it, and what it may see. Cheap to copy.
struct Caller {
  // It is on this machine, on a port without TLS: it has every role, sees all but TLP:RED, and is
  // the partner that it says.
  bool is_local = false;
  // "spiffe://fraud.example/partner/harbour-bank"; "local" where it is.
  std::string name;
  // ROLE_UNSPECIFIED where it is local.
  Role role = internal::v1::ROLE_UNSPECIFIED;
  std::string organisation;
  // Of who may send reports; a local caller that has not said it has none.
  std::string partner;
  // The strictest level that it is given; TLP_UNSPECIFIED: nothing.
  v1::Tlp max_tlp = v1::TLP_UNSPECIFIED;
  // A bit for the number of each type that it is given.
  uint32_t types = 0;
  // What the file says of it: ranges, quotas; as it was when the call was decided. Null where it is
  // local.
  std::shared_ptr<const internal::v1::Identity> identity;

  bool Is(Role asked) const { return is_local || role == asked; }
  // Sees what is only monitored, exact counts, campaigns.
  bool IsAnalyst() const {
    return Is(internal::v1::ROLE_ANALYST) || role == internal::v1::ROLE_OPERATOR;
  }
  bool MaySee(v1::IdentifierType type) const { return (types >> type & 1) != 0; }
  // Is this canonical value in one of its ranges? Of who is local every value is, of who is no
  // custodian none.
  bool IsCustodianOf(v1::IdentifierType type, std::string_view value) const;
};

// The name under which the caller's own reports are known: its partner, else its organisation. What
// it calls itself (`consumer`) counts only where there are no identities.
std::string ReceiverName(const Caller& caller, const std::string& consumer);

// Every type.
uint32_t AllTypes();

// Ok where a range of this type can be of this form; else says what is wanted.
absl::Status CheckRange(v1::IdentifierType type, std::string_view range);
// Is the canonical value in the range (IdentityRange in identities.proto)? `range` is checked.
bool IsInRange(v1::IdentifierType type, std::string_view value, std::string_view range);

}  // namespace ringfence::runtime
