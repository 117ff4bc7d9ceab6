#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/core/stage.h"

namespace ringfence::core {

// For tests: keeps what a stage sends.
class FakeOutput : public Output {
 public:
  FakeOutput(uint32_t dedupe_partitions, uint32_t cluster_partitions)
      : dedupe_partitions_(dedupe_partitions), cluster_partitions_(cluster_partitions) {}

  internal::v1::Envelope& To(Mailbox mailbox, uint32_t partition) override {
    internal::v1::Envelope& envelope = envelopes[{mailbox, partition}];
    envelope.set_format(kEnvelopeFormat);
    return envelope;
  }
  uint32_t Partitions(Mailbox mailbox) const override {
    return mailbox == Mailbox::kDedupe ? dedupe_partitions_ : cluster_partitions_;
  }
  void Indicator(std::string_view key, std::string_view value) override {
    indicators.emplace_back(key, value);
  }

  std::map<std::pair<Mailbox, uint32_t>, internal::v1::Envelope> envelopes;
  std::vector<std::pair<std::string, std::string>> indicators;

 private:
  uint32_t dedupe_partitions_;
  uint32_t cluster_partitions_;
};

}  // namespace ringfence::core
