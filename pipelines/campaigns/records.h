#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "pipelines/campaigns/label.h"
#include "pipelines/campaigns/tables.h"
#include "pipelines/core/place.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::campaigns {

// Records of `indicators`, as they come from the log.

// The place of a record, without reading the rest of it; 0 where it has none (a mark, or bytes that
// are no record).
core::Place PlaceOf(std::string_view record);

// kFailedPrecondition where another release wrote it in an unknown format.
absl::Status CheckFormat(const internal::v1::IndicatorRecord& record);
// As CheckFormat, and kDataLoss where it is damaged or stands under another's key. For any record
// but those of referrals.
absl::Status CheckRecord(std::string_view key, const internal::v1::IndicatorRecord& record);

// What the record says of its identifier; where it stands is left open.
Row MakeRow(const internal::v1::IndicatorRecord& record);
// As LabelOf gives it.
void SetLabel(const Label& label, internal::v1::IndicatorRecord& record);

}  // namespace ringfence::campaigns
