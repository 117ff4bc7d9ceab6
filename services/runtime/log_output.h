#pragma once

#include <array>
#include <cstddef>
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
  // An envelope that has this much is closed before more is added; so one is larger by what was
  // added last at most.
  static constexpr size_t kEnvelopeMessagesMax = 2'000;
  static constexpr size_t kEnvelopeBytesMax = 256 * 1024;

  explicit LogOutput(const Options& options) : options_(options) {}

  internal::v1::Envelope& To(core::Mailbox mailbox, uint32_t partition) override;
  uint32_t Partitions(core::Mailbox mailbox) const override;
  void Indicator(std::string_view key, std::string_view value) override;

  // All that was collected since the last call, envelopes closed.
  std::vector<AppendRecord> Take();

 private:
  using Target = std::pair<core::Mailbox, uint32_t>;
  struct Filling {
    internal::v1::Envelope envelope;
    // Messages of each kind whose bytes are in `bytes`.
    std::array<int, 9> measured{};
    size_t bytes = 0;
  };
  static bool IsFull(Filling& filling);
  void Close(const Target& target, Filling& filling);

  const Options options_;
  std::map<Target, Filling> filling_;
  std::vector<AppendRecord> records_;
};

// The topic of a mailbox.
std::string MailboxTopic(core::Mailbox mailbox);

}  // namespace ringfence::runtime
