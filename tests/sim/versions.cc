#include "tests/sim/versions.h"

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "pipelines/cluster/packed_messages.h"

namespace ringfence::sim {

absl::Status Versions::Check(const PartitionName& from, const PartitionName& to,
                             const internal::v1::Envelope& envelope) {
  const std::string sender = fmt::format(
      "{}/{}", from.mailbox == core::Mailbox::kDedupe ? "dedupe" : "cluster", from.number);
  for (const internal::v1::Evidence& evidence : envelope.evidence()) {
    absl::Status status =
        CheckOne(fmt::format("{} to {} evidence {:x}{:x} at {}", sender, to.number,
                             evidence.base_hi(), evidence.base_lo(), evidence.place()),
                 evidence);
    if (!status.ok()) return status;
  }
  for (const internal::v1::BlockEntry& entry : envelope.block_entries()) {
    absl::Status status = CheckOne(fmt::format("{} to {} entry {:x} {:x} at {}", sender, to.number,
                                               entry.block_lo(), entry.report_lo(), entry.place()),
                                   entry);
    if (!status.ok()) return status;
  }
  for (const internal::v1::BlockNews& news : envelope.block_news()) {
    absl::Status status = CheckOne(
        fmt::format("{} to {} news {:x} at {}", sender, to.number, news.block_lo(), news.place()),
        news);
    if (!status.ok()) return status;
  }
  for (const internal::v1::PeerFacts& facts : envelope.facts()) {
    absl::Status status = CheckOne(fmt::format("{} to {} facts {:x} {:x} at {}", sender, to.number,
                                               facts.from_lo(), facts.to_lo(), facts.place()),
                                   facts);
    if (!status.ok()) return status;
  }
  for (const internal::v1::NodeMessage& message : envelope.nodes()) {
    absl::Status status = CheckOne(
        fmt::format("{} to {} node {:x} {} {:x} {} at {}", sender, to.number, message.from_lo(),
                    message.from_day(), message.to_lo(), message.to_day(), message.place()),
        message);
    if (!status.ok()) return status;
  }
  for (const internal::v1::MarkNews& news : envelope.marks()) {
    absl::Status status = CheckOne(fmt::format("{} to {} mark {:x} {:x} at {}", sender, to.number,
                                               news.report_lo(), news.id_lo(), news.place()),
                                   news);
    if (!status.ok()) return status;
  }
  for (const internal::v1::CanaryNews& news : envelope.canaries()) {
    absl::Status status = CheckOne(
        fmt::format("{} to {} canary {:x} at {}", sender, to.number, news.id_lo(), news.place()),
        news);
    if (!status.ok()) return status;
  }
  // A partition goes through its reports once for a hold.
  for (const internal::v1::ReferralEntry& entry : envelope.referral_entries()) {
    absl::Status status =
        CheckOne(fmt::format("{} hold {} report {:x} {:x} done {} removed {}", sender,
                             absl::BytesToHexString(entry.hold_id()), entry.report_hi(),
                             entry.report_lo(), entry.done(), entry.removed()),
                 entry);
    if (!status.ok()) return status;
  }
  absl::Status status = CheckPacked<components::Message>(
      fmt::format("{} to {} node", sender, to.number), envelope.packed_nodes());
  if (!status.ok()) return status;
  return CheckPacked<ties::Message>(fmt::format("{} to {} tie", sender, to.number),
                                    envelope.packed_ties());
}

template <typename Message>
absl::Status Versions::CheckPacked(const std::string& way, const std::string& packed) {
  core::Unpacker in(packed);
  while (!in.empty()) {
    Message message;
    if (!cluster::Unpack(in, message)) return absl::InternalError(way + ": not what was packed");
    // Messages to one neighbour go out as one a batch, which asks for an answer if any of them did.
    message.hello = false;
    message.since = components::kPlaceMax;
    std::string content;
    cluster::Pack(message, content);
    absl::Status status =
        CheckOne(fmt::format("{} {:x} {} {:x} {} at {}", way, message.from.id.lo, message.from.day,
                             message.to.id.lo, message.to.day, message.place),
                 std::move(content));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Versions::CheckOne(std::string version, const google::protobuf::Message& message) {
  return CheckOne(std::move(version), message.ShortDebugString());
}

absl::Status Versions::CheckOne(std::string version, std::string content) {
  auto [held, is_new] = content_of_.try_emplace(std::move(version), content);
  if (is_new || held->second == content) return absl::OkStatus();
  return absl::InternalError(fmt::format("one version, two contents: {}\n    {}\n    {}",
                                         held->first, absl::CHexEscape(held->second),
                                         absl::CHexEscape(content)));
}

}  // namespace ringfence::sim
