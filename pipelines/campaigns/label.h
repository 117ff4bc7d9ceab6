#pragma once

#include <compare>
#include <cstdint>
#include <utility>

#include "pipelines/core/id.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::campaigns {

// What the members of a campaign have in common: the root of their component, a link node.
struct Label {
  core::Id root;
  int32_t day = 0;

  auto operator<=>(const Label&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const Label& label) {
    return H::combine(std::move(h), label.root, label.day);
  }
};

// The node that a labelled record's identifier stands on: its label where it is one by itself.
inline Label NodeOf(const internal::v1::IndicatorRecord& record) {
  return {core::Id::FromBytes(record.base_id()), record.node_day()};
}

// Of a labelled record that ReadView has read.
inline Label LabelOf(const internal::v1::IndicatorRecord& record) {
  return {{record.root_hi(), record.root_lo()}, record.root_day()};
}

// Only hosts, their URLs and IPs have a base in common; of any other type the base is the
// identifier itself, which stands on its node alone.
inline bool MaySeveralStandOn(const core::Id& base) {
  switch (core::TypeOf(base)) {
    case v1::IDENTIFIER_TYPE_DOMAIN:
    case v1::IDENTIFIER_TYPE_IP:
    case v1::IDENTIFIER_TYPE_URL:
      return true;
    default:
      return false;
  }
}

}  // namespace ringfence::campaigns
