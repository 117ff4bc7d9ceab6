#pragma once

#include <optional>
#include <string_view>

#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::core {

// What a partition's owner asks itself about a record of `indicators` that somebody else wrote.
// Nothing where the record is neither an identifier's, nor a label, nor frozen for a referral.
std::optional<internal::v1::Recheck> RecheckOf(std::string_view key, std::string_view value);

// The record has no value: somebody took the key out of the topic.
inline bool IsPurged(const internal::v1::Recheck& recheck) {
  return recheck.removed() && recheck.place() == 0;
}

}  // namespace ringfence::core
