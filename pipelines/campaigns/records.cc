#include "pipelines/campaigns/records.h"

#include <google/protobuf/io/coded_stream.h>

#include <string>

#include "pipelines/core/decimal.h"
#include "pipelines/core/label_key.h"
#include "pipelines/core/record_format.h"

namespace ringfence::campaigns {

using internal::v1::IndicatorRecord;

namespace {

constexpr size_t kIdBytes = 16;

}  // namespace

// Fields are written in the order of their numbers: the place is among the first bytes.
core::Place PlaceOf(std::string_view record) {
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(record.data()),
                                               static_cast<int>(record.size()));
  while (const uint32_t tag = input.ReadTag()) {
    // Field number and wire type; type 0 is a varint.
    const uint32_t field = tag >> 3;
    uint64_t value = 0;
    if ((tag & 7) != 0 || field > IndicatorRecord::kPlaceFieldNumber) break;
    if (!input.ReadVarint64(&value)) break;
    if (field == IndicatorRecord::kPlaceFieldNumber) return value;
  }
  return 0;
}

absl::Status CheckFormat(const IndicatorRecord& record) {
  if (record.format() == core::kRecordFormat) return absl::OkStatus();
  return absl::FailedPreconditionError("a record of indicators has format " +
                                       std::to_string(record.format()) + ", this release reads " +
                                       std::to_string(core::kRecordFormat));
}

absl::Status CheckRecord(std::string_view key, const IndicatorRecord& record) {
  if (absl::Status status = CheckFormat(record); !status.ok()) return status;
  if (core::IsLabelKey(key)) {
    if (record.has_label()) return absl::OkStatus();
    return absl::DataLossError("a record of indicators under a label's key is no label");
  }
  if (record.mark() != 0) return absl::OkStatus();
  if (record.identifier_id() != key)
    return absl::DataLossError("a record of indicators stands under another key");
  if (record.identifier_id().size() != kIdBytes || record.has_indicator() == record.has_removed()) {
    return absl::DataLossError("a record of indicators is neither an indicator nor a removal");
  }
  if (record.has_indicator() && record.base_id().size() != kIdBytes)
    return absl::DataLossError("an indicator has no base");
  if (record.labelled() && !MaySeveralStandOn(NodeOf(record).root) &&
      NodeOf(record) != Label{core::Id::FromBytes(key), 0})
    return absl::DataLossError("an indicator stands on a node that is another's alone");
  for (const v1::AmountTotal& loss : record.share().losses()) {
    if (!core::Decimal::ParseSum(loss.amount()))
      return absl::DataLossError("an amount of an indicator is no decimal");
  }
  return absl::OkStatus();
}

Row MakeRow(const IndicatorRecord& record) {
  Row row;
  row.place = record.place();
  row.removed = record.has_removed();
  row.listed.epoch = record.epoch();
  if (record.has_indicator()) {
    row.listed.action = record.indicator().action();
    row.listed.tlp = record.indicator().tlp();
    row.listed.score = record.indicator().score();
  }
  row.peak_action = record.peak_action();
  row.least_tlp = record.least_tlp();
  return row;
}

void SetLabel(const Label& label, IndicatorRecord& record) {
  record.set_root_hi(label.root.hi);
  record.set_root_lo(label.root.lo);
  record.set_root_day(label.day);
}

}  // namespace ringfence::campaigns
