#include "tests/sim/versions.h"

#include "fmt/format.h"

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
    absl::Status status = CheckOne(fmt::format("{} to {} news {:x} {:x} at {}", sender, to.number,
                                               news.block_lo(), news.report_lo(), news.place()),
                                   news);
    if (!status.ok()) return status;
  }
  for (const internal::v1::PeerFacts& facts : envelope.facts()) {
    absl::Status status = CheckOne(fmt::format("{} to {} facts {:x} {:x} at {}", sender, to.number,
                                               facts.from_lo(), facts.to_lo(), facts.place()),
                                   facts);
    if (!status.ok()) return status;
  }
  for (internal::v1::NodeMessage message : envelope.nodes()) {
    // Messages to one neighbour go out as one a batch, which asks for an answer if any of them did.
    message.clear_hello();
    absl::Status status = CheckOne(
        fmt::format("{} to {} node {:x} {} {:x} {} at {}", sender, to.number, message.from_lo(),
                    message.from_day(), message.to_lo(), message.to_day(), message.place()),
        message);
    if (!status.ok()) return status;
  }
  for (internal::v1::TieMessage message : envelope.ties()) {
    message.clear_hello();
    absl::Status status = CheckOne(
        fmt::format("{} to {} tie {:x} {} {:x} {} at {}", sender, to.number, message.from_lo(),
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
  return absl::OkStatus();
}

absl::Status Versions::CheckOne(std::string version, const google::protobuf::Message& message) {
  auto [held, is_new] = content_of_.try_emplace(std::move(version), message.ShortDebugString());
  if (is_new || held->second == message.ShortDebugString()) return absl::OkStatus();
  return absl::InternalError(fmt::format("one version, two contents: {}\n    {}\n    {}",
                                         held->first, held->second, message.ShortDebugString()));
}

}  // namespace ringfence::sim
