#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringfence::identifiers {

// A Bitcoin Cash address by the CashAddr specification, without its prefix "bitcoincash:", in lower
// case. Empty optional: it is none, or its checksum does not hold.
std::optional<std::string> CanonicalCashAddress(std::string_view text);

}  // namespace ringfence::identifiers
