#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "pipelines/core/time.h"
#include "pipelines/identifiers/policy.h"
#include "ringfence/internal/v1/policy.pb.h"
#include "ringfence/v1/indicator.pb.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::identifiers {

// The numbers of the policy that a deployment may change (policy.proto, ops/policy.md). The default
// is the compiled table's.
struct PolicyValues {
  PolicyValues();

  uint32_t challenge_score = kChallengeScore;
  uint32_t block_score = kBlockScore;
  uint32_t challenge_organisations = 2;
  uint32_t challenge_incidents = 2;
  uint32_t block_organisations = 3;
  uint32_t block_incidents_each = 2;
  uint32_t urls_for_block = kUrlsForBlock;
  core::Time phone_block_span = kPhoneBlockSpan;
  // By type number.
  std::array<core::Time, 18> spans = {};
  std::array<v1::Action, 18> ceilings = {};

  core::Time SpanOf(v1::IdentifierType type) const { return spans.at(static_cast<size_t>(type)); }
  v1::Action CeilingOf(v1::IdentifierType type) const {
    return ceilings.at(static_cast<size_t>(type));
  }
  // Of all types and of BLOCK: what decides until when a sighting counts.
  bool SameSpans(const PolicyValues& other) const {
    return spans == other.spans && phone_block_span == other.phone_block_span;
  }
  bool operator==(const PolicyValues&) const = default;
};

// Whatever `policy` holds, as a message from elsewhere may: what is not set or out of its range is
// the default, and no ceiling is above the compiled one.
PolicyValues ValuesOf(const internal::v1::Policy& policy);

// A number of a section of the policy; `otherwise` where it is not set or out of its setting's
// range.
uint32_t NumberOf(const google::protobuf::Message& section, std::string_view setting,
                  uint32_t otherwise);

// What settings say together, beyond what each may be; empty where they are sound, else the
// setting's name and why it is wrong.
std::string WhyUnsound(const internal::v1::Policy& policy);

}  // namespace ringfence::identifiers
