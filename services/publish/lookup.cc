#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "pipelines/core/id.h"
#include "pipelines/identifiers/normalise.h"
#include "services/publish/canonical.h"
#include "services/publish/filter.h"
#include "services/publish/queries.h"

namespace ringfence::publish {
namespace {

std::optional<v1::Indicator> Wanted(std::optional<v1::Indicator> indicator, const Filter& filter) {
  if (!indicator) return std::nullopt;
  const campaigns::Listed listed{
      .action = indicator->action(), .tlp = indicator->tlp(), .score = indicator->score()};
  return filter.Wants(indicator->type(), listed) ? std::move(indicator) : std::nullopt;
}

std::optional<v1::Indicator> Find(v1::IdentifierType type, const std::string& value,
                                  const Filter& filter, campaigns::ReadView& view) {
  std::optional<v1::Indicator> own = Wanted(view.Lookup(core::IdentifierId(type, value)), filter);
  if (own || type != v1::IDENTIFIER_TYPE_DOMAIN) return own;
  const std::string domain = identifiers::RegistrableDomain(value);
  if (domain.empty() || domain == value) return std::nullopt;
  std::optional<v1::Indicator> above =
      Wanted(view.Lookup(core::IdentifierId(type, domain)), filter);
  return above && above->scope() == v1::SCOPE_SUBTREE ? std::move(above) : std::nullopt;
}

}  // namespace

uint64_t CostOf(const v1::LookupRequest& request) {
  return static_cast<uint64_t>(std::max(1, request.identifiers_size()));
}

absl::StatusOr<v1::LookupResponse> Lookup(const v1::LookupRequest& request, const Viewer& viewer,
                                          campaigns::ReadView& view) {
  if (request.identifiers_size() > kLookupIdentifiersMax)
    return absl::InvalidArgumentError("identifiers: at most 500");
  const absl::StatusOr<Filter> filter = MakeFilter(request.filter(), viewer);
  if (!filter.ok()) return filter.status();
  v1::LookupResponse response;
  for (const v1::Identifier& identifier : request.identifiers()) {
    v1::LookupResult& result = *response.add_results();
    identifiers::Normalised normalised = CanonicalOf(identifier);
    if (const auto* problem = std::get_if<identifiers::Problem>(&normalised)) {
      result.set_problem_code(problem->code);
      continue;
    }
    const std::string& value = std::get<identifiers::Canonical>(normalised).value;
    result.set_canonical_value(value);
    if (std::optional<v1::Indicator> found = Find(identifier.type(), value, *filter, view))
      *result.mutable_indicator() = filter->Shown(*std::move(found));
  }
  return response;
}

}  // namespace ringfence::publish
