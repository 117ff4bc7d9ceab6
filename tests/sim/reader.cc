#include "tests/sim/reader.h"

#include <algorithm>

#include "fmt/format.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/campaigns/read_view.h"
#include "pipelines/campaigns/tables.h"
#include "pipelines/core/id.h"
#include "pipelines/core/label_key.h"
#include "pipelines/core/referral_key.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::sim {
namespace {

using internal::v1::IndicatorRecord;

constexpr std::string_view kMarkKey("\0", 1);

absl::Status Check(const IndicatorRecord& record, std::string_view key) {
  static const core::IndicatorNamespace kNamespace("local");
  auto contradiction = [&](std::string_view what) {
    return absl::InternalError(fmt::format("{}: {}", what, record.ShortDebugString()));
  };
  if (record.identifier_id() != key) return contradiction("under another identifier's key");
  if (record.has_removed()) {
    if (record.removed().revision() > record.place()) {
      return contradiction("a removal's revision above its place");
    }
    return absl::OkStatus();
  }
  const v1::Indicator& indicator = record.indicator();
  if (core::IdentifierId(indicator.type(), indicator.value()).Bytes() != key) {
    return contradiction("identifier_id is another's");
  }
  if (indicator.indicator_id() !=
      kNamespace.IndicatorId(indicator.type(), indicator.value(), record.epoch())) {
    return contradiction("indicator_id is not of its epoch");
  }
  if (indicator.revision() == 0 || indicator.revision() > record.place()) {
    return contradiction("revision is none, or above its place");
  }
  if (record.peak_action() < indicator.action()) return contradiction("peak below the action");
  if (record.least_tlp() > indicator.tlp()) return contradiction("least TLP above its TLP");
  return absl::OkStatus();
}

absl::Status CheckLabel(const IndicatorRecord& record) {
  const internal::v1::NodeLabel& label = record.label();
  const bool has_root = label.root_hi() != 0 || label.root_lo() != 0;
  if (record.has_label() && record.place() != 0 && has_root == (label.own_since() == 0)) {
    return absl::OkStatus();
  }
  return absl::InternalError("no label: " + record.ShortDebugString());
}

}  // namespace

absl::Status Reader::ReadReferral(uint32_t partition, std::string_view key,
                                  std::string_view value) {
  // One report of one hold always has the same bytes.
  if (!value.empty()) {
    auto [seen, is_new] = seen_.try_emplace({partition, std::string(key), 0}, std::string(value));
    if (!is_new && seen->second != value) {
      IndicatorRecord before;
      IndicatorRecord record;
      before.ParseFromString(seen->second);
      record.ParseFromArray(value.data(), static_cast<int>(value.size()));
      return absl::InternalError(fmt::format("a report was frozen in two ways:\n  {}\n  {}",
                                             before.ShortDebugString(), record.ShortDebugString()));
    }
  }
  return Apply(partition, key, value, 0);
}

absl::Status Reader::Apply(uint32_t partition, std::string_view key, std::string_view value,
                           core::Time append_time) {
  const int64_t offset = offsets_[partition]++;
  return model_.Apply(static_cast<int32_t>(partition), offset, key, value, append_time).status();
}

std::optional<std::vector<internal::v1::ReferralEntry>> Reader::FrozenReports(
    std::string_view hold_id, uint32_t partitions) {
  model_.EndBatch();
  const campaigns::CampaignNames names{campaigns::NamingKey{}};
  return campaigns::ReadView(state_, names).FrozenReports(hold_id, partitions);
}

bool Reader::KnowsOf(std::string_view hold_id) {
  model_.EndBatch();
  bool knows = false;
  const std::string from = campaigns::ReferralPrefix(hold_id);
  state_.Scan(from, from + std::string(17, '\xff'), [&](std::string_view, std::string_view) {
    knows = true;
    return false;
  });
  return knows;
}

absl::Status Reader::Read(uint32_t partition, std::string_view key, std::string_view value,
                          core::Time append_time) {
  if (core::IsReferralKey(key)) return ReadReferral(partition, key, value);
  if (value.empty()) return Apply(partition, key, value, append_time);
  IndicatorRecord record;
  if (!record.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return absl::DataLossError("indicators: a record that is none");
  }
  if (key == kMarkKey) {
    core::Time& mark = marks_.try_emplace(partition, core::kTimeMin).first->second;
    mark = std::max(mark, core::Time{record.mark()});
  } else {
    const absl::Status status = core::IsLabelKey(key) ? CheckLabel(record) : Check(record, key);
    if (!status.ok()) return status;
    auto [seen, is_new] =
        seen_.try_emplace({partition, std::string(key), record.place()}, std::string(value));
    if (!is_new && seen->second != value) {
      IndicatorRecord before;
      before.ParseFromString(seen->second);
      return absl::InternalError(fmt::format("indicators: one place, two contents:\n  {}\n  {}",
                                             before.ShortDebugString(), record.ShortDebugString()));
    }
  }
  return Apply(partition, key, value, append_time);
}

size_t Reader::HeldOfWhatIsGone() {
  model_.EndBatch();
  size_t held = 0;
  for (const campaigns::Table table : {campaigns::Table::kRemovals, campaigns::Table::kLabelEnds}) {
    const std::string from = campaigns::TablePrefix(table);
    state_.Scan(from, campaigns::PrefixEnd(from), [&](std::string_view, std::string_view) {
      ++held;
      return true;
    });
  }
  return held;
}

oracle::Published Reader::Published() {
  model_.EndBatch();
  const campaigns::CampaignNames names{campaigns::NamingKey{}};
  campaigns::ReadView view(state_, names);
  oracle::Published published;
  for (const v1::Indicator& indicator : view.AllIndicators()) {
    published.indicators.push_back(oracle::WithoutPast(indicator));
  }
  published.campaigns = view.AllCampaigns();
  return published;
}

core::Time Reader::MarkOf(uint32_t partition) const {
  auto mark = marks_.find(partition);
  return mark == marks_.end() ? core::kTimeMin : mark->second;
}

}  // namespace ringfence::sim
