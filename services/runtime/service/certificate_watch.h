#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "services/runtime/metrics.h"

namespace ringfence::runtime {

// When the first of the certificates in a PEM file expires, in seconds since the Unix epoch.
// kUnavailable where it cannot be read, kInvalidArgument where no certificate is in it.
absl::StatusOr<int64_t> CertificateExpiry(const std::string& path);

// Says in a metric when the certificates of a process expire; looks at their files each minute, for
// they are replaced while it runs. A file that cannot be read has no series: whoever uses it says
// what is wrong with it.
class CertificateWatch {
 public:
  struct File {
    // The label; of a fixed set.
    std::string name;
    // Empty: it is not watched.
    std::string path;
  };

  // `metrics` must outlive it. Looks once before it returns.
  CertificateWatch(std::vector<File> files, Metrics& metrics);
  ~CertificateWatch();

 private:
  void Look();

  const std::vector<File> files_;
  Metrics& metrics_;
  std::jthread thread_;
};

}  // namespace ringfence::runtime
