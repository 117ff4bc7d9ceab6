#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "pipelines/campaigns/read_view.h"
#include "pipelines/campaigns/tables.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "services/publish/clearance.h"

namespace ringfence::publish {

// What of the set a viewer gets: v1::Filter with its defaults and the viewer's limits filled in.
struct Filter {
  // A bit for each type's number.
  uint32_t types = 0;
  v1::Action min_action = v1::ACTION_CHALLENGE;
  uint32_t min_score = 0;
  v1::Tlp max_tlp = v1::TLP_UNSPECIFIED;
  // Small counts are left out of what is shown.
  bool withholds = false;

  bool WantsType(v1::IdentifierType type) const { return (types >> type & 1) != 0; }
  bool Wants(v1::IdentifierType type, const campaigns::Listed& listed) const;
  // Can an indicator have come through, at some time, of which only the highest action and the
  // least strict TLP are known? Who cannot have heard of it must not hear of its end either.
  bool MayHaveWanted(v1::IdentifierType type, v1::Action peak_action, v1::Tlp least_tlp) const;

  // As who asked may see it.
  v1::Indicator Shown(v1::Indicator indicator) const {
    if (withholds) WithholdSmallCounts(indicator);
    return indicator;
  }

  // Equal for equal filters, and for no others.
  std::string Key() const;
};

// Who is no analyst gets nothing below CHALLENGE, whatever is asked for. kInvalidArgument names the
// field, as "filter.<field>".
absl::StatusOr<Filter> MakeFilter(const v1::Filter& filter, const Viewer& viewer);

// Over what of the view comes through the filter.
v1::SetDigest DigestOf(campaigns::ReadView& view, const Filter& filter);

}  // namespace ringfence::publish
