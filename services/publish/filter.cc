#include "services/publish/filter.h"

#include <algorithm>

namespace ringfence::publish {
namespace {

constexpr uint32_t kScoreMax = 1'000;

// What says nothing of who may see it is for nobody.
v1::Tlp Effective(v1::Tlp tlp) { return tlp == v1::TLP_UNSPECIFIED ? v1::TLP_RED : tlp; }

uint32_t AllTypesBits() {
  uint32_t bits = 0;
  for (int type = v1::IdentifierType_MIN + 1; type <= v1::IdentifierType_MAX; ++type) {
    if (v1::IdentifierType_IsValid(type)) bits |= uint32_t{1} << type;
  }
  return bits;
}

}  // namespace

bool Filter::Wants(v1::IdentifierType type, const campaigns::Listed& listed) const {
  return WantsType(type) && listed.action >= min_action && listed.score >= min_score &&
         Effective(listed.tlp) <= max_tlp;
}

bool Filter::MayHaveWanted(v1::IdentifierType type, v1::Action peak_action,
                           v1::Tlp least_tlp) const {
  return WantsType(type) && peak_action >= min_action && Effective(least_tlp) <= max_tlp;
}

std::string Filter::Key() const {
  return std::to_string(types) + '/' + std::to_string(min_action) + '/' +
         std::to_string(min_score) + '/' + std::to_string(max_tlp) + (withholds ? "/withheld" : "");
}

absl::StatusOr<Filter> MakeFilter(const v1::Filter& filter, const Viewer& viewer) {
  Filter made;
  for (int type : filter.types()) {
    if (!v1::IdentifierType_IsValid(type) || type == v1::IDENTIFIER_TYPE_UNSPECIFIED)
      return absl::InvalidArgumentError("filter.types: no known type");
    made.types |= uint32_t{1} << type;
  }
  if (made.types == 0) made.types = AllTypesBits();
  made.types &= viewer.types;
  if (!v1::Action_IsValid(filter.min_action()))
    return absl::InvalidArgumentError("filter.min_action: no known action");
  if (filter.min_action() != v1::ACTION_UNSPECIFIED) made.min_action = filter.min_action();
  if (filter.min_score() > kScoreMax)
    return absl::InvalidArgumentError("filter.min_score: at most 1000");
  made.min_score = filter.min_score();
  if (!v1::Tlp_IsValid(filter.max_tlp()))
    return absl::InvalidArgumentError("filter.max_tlp: no known level");
  made.max_tlp = filter.max_tlp() == v1::TLP_UNSPECIFIED
                     ? viewer.clearance
                     : std::min(filter.max_tlp(), viewer.clearance);
  if (!viewer.is_analyst) made.min_action = std::max(made.min_action, v1::ACTION_CHALLENGE);
  made.withholds = !viewer.is_analyst;
  return made;
}

v1::SetDigest DigestOf(campaigns::ReadView& view, const Filter& filter) {
  campaigns::Cell whole;
  view.Cells([&](const campaigns::CellKey& key, const campaigns::Cell& cell) {
    const campaigns::Listed listed{.action = key.action, .tlp = key.tlp, .score = key.score};
    if (!filter.Wants(key.type, listed)) return;
    whole.count += cell.count;
    whole.sum.AddAll(cell.sum);
  });
  v1::SetDigest digest;
  digest.set_count(whole.count);
  digest.set_sum(whole.sum.Bytes());
  return digest;
}

}  // namespace ringfence::publish
