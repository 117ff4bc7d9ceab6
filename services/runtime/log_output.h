#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/core/stage.h"
#include "services/runtime/log/log.h"

namespace ringfence::runtime {

// Collects what a stage sends as records for the log: full envelopes, and `indicators` of the
// stage's own partition. Owned by one thread.
class LogOutput : public core::Output {
 public:
  struct Options {
    uint32_t source_partition = 0;
    uint32_t dedupe_partitions = 1;
    uint32_t cluster_partitions = 1;
  };
  // An envelope is closed once it has this many messages; with the largest messages it then is
  // below a few MiB.
  static constexpr int kEnvelopeMessagesMax = 1'000;

  explicit LogOutput(const Options& options) : options_(options) {}

  internal::v1::Envelope& To(core::Mailbox mailbox, uint32_t partition) override;
  uint32_t Partitions(core::Mailbox mailbox) const override;
  void Indicator(std::string_view key, std::string_view value) override;

  // All that was collected, envelopes closed; begins anew.
  std::vector<AppendRecord> Take();

 private:
  using Target = std::pair<core::Mailbox, uint32_t>;
  void Close(const Target& target, internal::v1::Envelope& envelope);

  const Options options_;
  std::map<Target, internal::v1::Envelope> filling_;
  std::vector<AppendRecord> records_;
};

// The topic of a mailbox.
std::string MailboxTopic(core::Mailbox mailbox);

}  // namespace ringfence::runtime
