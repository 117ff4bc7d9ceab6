#include "services/runtime/log_output.h"

namespace ringfence::runtime {
namespace {

int Messages(const internal::v1::Envelope& envelope) {
  return envelope.revisions_size() + envelope.evidence_size() + envelope.nodes_size() +
         envelope.continues_size();
}

}  // namespace

std::string MailboxTopic(core::Mailbox mailbox) {
  return std::string(mailbox == core::Mailbox::kDedupe ? kDedupeTopic : kClusterTopic);
}

internal::v1::Envelope& LogOutput::To(core::Mailbox mailbox, uint32_t partition) {
  const Target target{mailbox, partition};
  internal::v1::Envelope& envelope = filling_[target];
  if (Messages(envelope) >= kEnvelopeMessagesMax) Close(target, envelope);
  if (envelope.format() == 0) {
    envelope.set_format(core::kEnvelopeFormat);
    envelope.set_source_partition(options_.source_partition);
  }
  return envelope;
}

uint32_t LogOutput::Partitions(core::Mailbox mailbox) const {
  return mailbox == core::Mailbox::kDedupe ? options_.dedupe_partitions
                                           : options_.cluster_partitions;
}

void LogOutput::Indicator(std::string_view key, std::string_view value) {
  records_.push_back(
      {{std::string(kIndicatorsTopic), static_cast<int32_t>(options_.source_partition)},
       std::string(key),
       std::string(value)});
}

std::vector<AppendRecord> LogOutput::Take() {
  for (auto& [target, envelope] : filling_) {
    if (envelope.format() != 0) Close(target, envelope);
  }
  return std::exchange(records_, {});
}

void LogOutput::Close(const Target& target, internal::v1::Envelope& envelope) {
  records_.push_back({{MailboxTopic(target.first), static_cast<int32_t>(target.second)},
                      "",
                      envelope.SerializeAsString()});
  envelope.Clear();
}

}  // namespace ringfence::runtime
