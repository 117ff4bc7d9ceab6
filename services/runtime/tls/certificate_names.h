#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

struct x509_st;

namespace ringfence::runtime {

// All URIs among a certificate's subject alternative names, in their order.
std::vector<std::string> UriNamesOf(const x509_st& certificate);
// Of a certificate in DER; kInvalidArgument where it is none.
absl::StatusOr<std::vector<std::string>> UriNamesOf(std::string_view der);

}  // namespace ringfence::runtime
