#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "ringfence/internal/v1/identities.pb.h"

namespace ringfence::runtime {

using internal::v1::Role;

class Roles {
 public:
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) bits_ |= uint32_t{1} << role;
  }
  constexpr bool Has(Role role) const { return (bits_ >> role & 1) != 0; }
  constexpr Roles operator|(Roles other) const {
    other.bits_ |= bits_;
    return other;
  }

 private:
  uint32_t bits_ = 0;
};

inline constexpr Roles kNobody{};
// Who has an identity.
inline constexpr Roles kEverybody{internal::v1::ROLE_PARTNER,  internal::v1::ROLE_CONSUMER,
                                  internal::v1::ROLE_ANALYST,  internal::v1::ROLE_CUSTODIAN,
                                  internal::v1::ROLE_OPERATOR, internal::v1::ROLE_MONITOR};

// The one table of who may call what. What has no row in it nobody may call: a new RPC or route
// needs one (roles_test.cc holds the table against the services). On a port without TLS, which is
// on loopback alone, whoever calls has every role.

struct RpcRow {
  // "/ringfence.v1.ReportService/SubmitReports"; "/package.Service/*" is every method of it.
  std::string_view method;
  Roles roles;
};

struct RouteRow {
  // GET is HEAD too.
  std::string_view method;
  // "/v1/reports"; "/taxii2/*" is all that begins with "/taxii2/".
  std::string_view path;
  Roles roles;
  // Anyone at all, with or without an identity.
  bool is_public = false;
};

std::span<const RpcRow> RpcRows();
std::span<const RouteRow> RouteRows();

// The row that fits best: a whole name before a beginning, a longer one before a shorter. Null:
// there is none.
const RpcRow* FindRpc(std::string_view method);
const RouteRow* FindRoute(std::string_view method, std::string_view path);
// Is there a row for the path, with whatever method? With which, as the header Allow lists them.
bool HasRoute(std::string_view path);
std::string AllowedMethods(std::string_view path);

// "partner", "analyst": for messages, audit and labels.
const char* RoleWord(Role role);

}  // namespace ringfence::runtime
