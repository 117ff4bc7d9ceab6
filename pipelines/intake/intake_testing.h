#pragma once

// What the tests of this folder share: a report that is accepted whole, and short texts for
// results.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "pipelines/core/time.h"
#include "pipelines/intake/intake.h"
#include "pipelines/intake/rfc3339.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::intake {

inline core::Time At(std::string_view rfc3339) { return core::FromProto(*ParseRfc3339(rfc3339)); }

// 2026-03-01T12:00:00Z.
inline constexpr core::Time kArrival = 1772366400 * core::kSecond;

// The key of canonical-forms' vectors.
TokenKey VectorKey();

v1::Report Parse(std::string_view json);
// Accepted without problems: a callback number, two hours before kArrival.
v1::Report GoodReport();
v1::Identifier* AddIdentifier(v1::Report& report, v1::IdentifierType type, std::string_view value,
                              v1::IdentifierRole role, std::string_view scheme = "");
void AddHandle(v1::Report& report, v1::VictimHandle::Kind kind, std::string_view value);

// By an Intake of its own, of the partner "acme", at kArrival.
Intake::Result Read(const v1::Report& report);

// "identifiers[0].value phone.not_valid"
std::vector<std::string> Codes(const Intake::Result& result);
// "PHONE +12125550123 CALLBACK", with " via <url>" where there is one.
std::vector<std::string> Names(const Intake::Result& result);
// "1 k1:IObS9nOKvDmHWPFnke7TQQ"
std::vector<std::string> Tokens(const Intake::Result& result);

}  // namespace ringfence::intake
