#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/campaigns/label.h"
#include "pipelines/campaigns/read_model.h"
#include "pipelines/core/id.h"
#include "pipelines/core/label_key.h"
#include "pipelines/core/place.h"
#include "pipelines/core/record_format.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"

// For tests: records of `indicators` as cluster writes them. A label, which has a record of its
// own, stands in the identifier's until that is written.
namespace ringfence::campaigns {

// 2026-03-01T12:00:00Z.
inline constexpr core::Time kNow = 1772366400 * core::kSecond;

struct RecordSpec {
  v1::IdentifierType type = v1::IDENTIFIER_TYPE_PHONE;
  std::string value;
  core::Place place = 1;
  v1::Action action = v1::ACTION_BLOCK;
  uint32_t score = 800;
  v1::Tlp tlp = v1::TLP_GREEN;
  uint32_t epoch = 0;
  // 0 means `action`, TLP_UNSPECIFIED means `tlp`.
  v1::Action peak_action = v1::ACTION_UNSPECIFIED;
  v1::Tlp least_tlp = v1::TLP_UNSPECIFIED;
  core::Time first_seen = kNow - core::kDay;
  core::Time last_seen = kNow;
  // The value that is the root of the component, of the same type; empty: it links nothing.
  std::string root = {};
  // The value that it stands on, of the same type; empty: itself.
  std::string base = {};
  std::string partner = {};
  uint32_t incidents = 1;
};

inline std::string IndicatorIdOf(const RecordSpec& spec) {
  static const core::IndicatorNamespace ids("local");
  return ids.IndicatorId(spec.type, spec.value, spec.epoch);
}

inline internal::v1::IndicatorRecord KeyedRecord(const RecordSpec& spec) {
  internal::v1::IndicatorRecord record;
  record.set_format(core::kRecordFormat);
  record.set_place(spec.place);
  record.set_epoch(spec.epoch);
  record.set_identifier_id(core::IdentifierId(spec.type, spec.value).Bytes());
  record.set_base_id(
      core::IdentifierId(spec.type, spec.base.empty() ? spec.value : spec.base).Bytes());
  record.set_peak_action(spec.peak_action == v1::ACTION_UNSPECIFIED ? spec.action
                                                                    : spec.peak_action);
  record.set_least_tlp(spec.least_tlp == v1::TLP_UNSPECIFIED ? spec.tlp : spec.least_tlp);
  return record;
}

inline internal::v1::IndicatorRecord Upsert(const RecordSpec& spec) {
  internal::v1::IndicatorRecord record = KeyedRecord(spec);
  v1::Indicator& indicator = *record.mutable_indicator();
  indicator.set_indicator_id(IndicatorIdOf(spec));
  indicator.set_type(spec.type);
  indicator.set_value(spec.value);
  indicator.set_action(spec.action);
  indicator.set_score(spec.score);
  indicator.set_tlp(spec.tlp);
  indicator.set_revision(spec.place);
  *indicator.mutable_first_seen() = core::ToProto(spec.first_seen);
  *indicator.mutable_last_seen() = core::ToProto(spec.last_seen);
  *indicator.mutable_listed_at() = core::ToProto(kNow - core::kHour);
  *indicator.mutable_action_since() = core::ToProto(kNow - core::kHour);
  if (!spec.root.empty()) {
    const core::Id root = core::IdentifierId(spec.type, spec.root);
    record.set_labelled(true);
    record.set_root_hi(root.hi);
    record.set_root_lo(root.lo);
  }
  if (!spec.partner.empty()) {
    record.mutable_share()->set_incidents(spec.incidents);
    record.mutable_share()->set_reports(spec.incidents);
    internal::v1::PartnerCount& count = *record.mutable_share()->add_partners();
    count.set_partner(spec.partner);
    count.set_incidents(spec.incidents);
  }
  return record;
}

inline internal::v1::IndicatorRecord Removal(const RecordSpec& spec, const std::string& reason,
                                             core::Time removed_at = kNow) {
  internal::v1::IndicatorRecord record = KeyedRecord(spec);
  record.clear_base_id();
  internal::v1::Removed& removed = *record.mutable_removed();
  removed.set_indicator_id(IndicatorIdOf(spec));
  removed.set_type(spec.type);
  removed.set_value(spec.value);
  removed.set_reason(reason);
  removed.set_revision(spec.place);
  removed.set_removed_at(removed_at);
  return record;
}

inline internal::v1::IndicatorRecord Mark(core::Time time) {
  internal::v1::IndicatorRecord record;
  record.set_format(core::kRecordFormat);
  record.set_mark(time);
  return record;
}

inline internal::v1::IndicatorRecord LabelRecord(const Label& node, const Label& label,
                                                 core::Place place) {
  internal::v1::IndicatorRecord record;
  record.set_format(core::kRecordFormat);
  record.set_place(place);
  if (node == label) {
    record.mutable_label()->set_own_since(kNow);
  } else {
    record.mutable_label()->set_root_hi(label.root.hi);
    record.mutable_label()->set_root_lo(label.root.lo);
    record.mutable_label()->set_root_day(label.day);
  }
  return record;
}

struct Written {
  std::string key;
  std::string value;
};
// The record as it is written, behind that of its label if it has one.
inline std::vector<Written> AsWritten(internal::v1::IndicatorRecord record) {
  std::vector<Written> written;
  if (record.labelled()) {
    const Label node = NodeOf(record);
    written.push_back({core::LabelKeyOf(node.root, node.day),
                       LabelRecord(node, LabelOf(record), record.place()).SerializeAsString()});
    record.clear_root_hi();
    record.clear_root_lo();
    record.clear_root_day();
  }
  std::string key = record.mark() != 0 ? std::string(1, '\0') : record.identifier_id();
  written.push_back({std::move(key), record.SerializeAsString()});
  return written;
}
// Applies it at `offset` and behind, which goes on.
inline absl::StatusOr<Changes> ApplyWritten(ReadModel& model, int32_t partition, int64_t& offset,
                                            const internal::v1::IndicatorRecord& record) {
  Changes changes;
  for (const Written& written : AsWritten(record)) {
    absl::StatusOr<Changes> more = model.Apply(partition, offset++, written.key, written.value);
    if (!more.ok()) return more.status();
    changes.insert(changes.end(), more->begin(), more->end());
  }
  return changes;
}

inline core::Id IdOf(const RecordSpec& spec) { return core::IdentifierId(spec.type, spec.value); }

}  // namespace ringfence::campaigns
