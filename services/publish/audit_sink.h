#pragma once

#include <string>

#include "absl/status/status.h"
#include "pipelines/core/time.h"

namespace ringfence::publish {

// One act of an operator. Holds no identifier's value and nothing of a victim's.
struct AuditEntry {
  core::Time at = 0;
  // The caller, as `OperatorOf` says.
  std::string who;
  // A stable word: "override.put", "override.delete", "partner.retract",
  // "referral.create", "referral.again", "hold.lift".
  std::string what;
  // What it was done to: an identifier id in hexadecimal digits, a partner's name, a campaign's id.
  std::string subject;
  // The reason given, and the case or ticket; may be empty.
  std::string why;
  std::string reference;
};

// Where acts are written down. Thread-safe; owned by who starts the services.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  // Called once an act is known to be well-formed, before it is done: an error refuses it.
  virtual absl::Status Record(const AuditEntry& entry) = 0;
};

}  // namespace ringfence::publish
