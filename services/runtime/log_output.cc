#include "services/runtime/log_output.h"

namespace ringfence::runtime {
namespace {

// The least that one of them takes, nearly.
constexpr size_t kPackedMessageBytes = 48;

template <typename Message>
size_t BytesOfNew(const google::protobuf::RepeatedPtrField<Message>& messages, int& measured) {
  size_t bytes = 0;
  for (; measured < messages.size(); ++measured) bytes += messages.Get(measured).ByteSizeLong();
  return bytes;
}

}  // namespace

std::string MailboxTopic(core::Mailbox mailbox) {
  return std::string(mailbox == core::Mailbox::kDedupe ? kDedupeTopic : kClusterTopic);
}

internal::v1::Envelope& LogOutput::To(core::Mailbox mailbox, uint32_t partition) {
  const Target target{mailbox, partition};
  Filling& filling = filling_[target];
  if (IsFull(filling)) Close(target, filling);
  if (filling.envelope.format() == 0) {
    filling.envelope.set_format(core::kEnvelopeFormat);
    filling.envelope.set_source_partition(options_.source_partition);
  }
  return filling.envelope;
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
  for (auto& [target, filling] : filling_) {
    if (filling.envelope.format() != 0) Close(target, filling);
  }
  return std::exchange(records_, {});
}

bool LogOutput::IsFull(Filling& filling) {
  const internal::v1::Envelope& envelope = filling.envelope;
  filling.bytes += BytesOfNew(envelope.revisions(), filling.measured[0]) +
                   BytesOfNew(envelope.evidence(), filling.measured[1]) +
                   BytesOfNew(envelope.nodes(), filling.measured[2]) +
                   BytesOfNew(envelope.continues(), filling.measured[3]) +
                   BytesOfNew(envelope.marks(), filling.measured[4]) +
                   BytesOfNew(envelope.block_entries(), filling.measured[5]) +
                   BytesOfNew(envelope.block_news(), filling.measured[6]) +
                   BytesOfNew(envelope.facts(), filling.measured[7]) +
                   BytesOfNew(envelope.referral_entries(), filling.measured[8]);
  const size_t packed = envelope.packed_nodes().size() + envelope.packed_ties().size();
  size_t messages = packed / kPackedMessageBytes;
  for (const int measured : filling.measured) messages += static_cast<size_t>(measured);
  return messages >= kEnvelopeMessagesMax || filling.bytes + packed >= kEnvelopeBytesMax;
}

void LogOutput::Close(const Target& target, Filling& filling) {
  records_.push_back({{MailboxTopic(target.first), static_cast<int32_t>(target.second)},
                      "",
                      filling.envelope.SerializeAsString()});
  filling.envelope.Clear();
  filling.measured.fill(0);
  filling.bytes = 0;
}

}  // namespace ringfence::runtime
