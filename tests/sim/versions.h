#pragma once

#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "tests/sim/simulated_log.h"

namespace ringfence::sim {

// Holds the stages to "one version always has the same bytes": whatever owner sends a message, and
// however often, what it says at one place is the same.
class Versions {
 public:
  // `envelope` as sent by an owner of partition `from`.
  absl::Status Check(const PartitionName& from, const PartitionName& to,
                     const internal::v1::Envelope& envelope);

 private:
  // Of one node to another; `way` says whose.
  template <typename Message>
  absl::Status CheckPacked(const std::string& way, const std::string& packed);
  absl::Status CheckOne(std::string version, const google::protobuf::Message& message);
  absl::Status CheckOne(std::string version, std::string content);

  std::unordered_map<std::string, std::string> content_of_;
};

}  // namespace ringfence::sim
