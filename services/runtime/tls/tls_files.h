#pragma once

#include <string>

#include "absl/status/status.h"

namespace ringfence::runtime {

// Where a server's certificates are, all PEM. Certificate, with what leads to its issuer, and key
// may be one file, so that both are replaced at once.
struct TlsFiles {
  std::string certificate;
  std::string key;
  // Who signs callers' certificates.
  std::string ca;

  bool is_set() const { return !certificate.empty(); }
};

// kInvalidArgument names the file that cannot be read or used, or says that key and certificate do
// not belong together.
absl::Status CheckTlsFiles(const TlsFiles& files);

}  // namespace ringfence::runtime
