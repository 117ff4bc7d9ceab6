#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "pipelines/core/id.h"
#include "pipelines/core/place.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::cluster {

// What an organisation's word weighs: what the list of organisations says, halved for each canary
// that a live report of it names. Kept from what all partitions are told. Not thread-safe.
class Weights {
 public:
  struct Weight {
    double value = 0;
    // Of how many canaries it was halved for.
    uint32_t canaries = 0;
    bool operator==(const Weight&) const = default;
  };
  Weight Of(const std::string& organisation) const;

  // Older than what is held: false, and nothing happens.
  bool Put(const internal::v1::Organisations& organisations);
  bool Put(const internal::v1::CanaryNews& news);

 private:
  core::Place place_ = 0;
  bool listed_ = false;
  absl::flat_hash_map<std::string, double> listed_weights_;
  struct Canary {
    core::Place place = 0;
    std::vector<std::string> organisations;
  };
  absl::flat_hash_map<core::Id, Canary> canaries_;
  absl::flat_hash_map<std::string, uint32_t> canaries_named_;
};

}  // namespace ringfence::cluster
