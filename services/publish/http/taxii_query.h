#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "pipelines/stix/objects.h"
#include "services/publish/http/dated_objects.h"
#include "services/runtime/http/http_message.h"

namespace ringfence::publish {

// What a TAXII client asks of a collection (TAXII 2.1, 3.4): added_after, limit, next, match[id],
// match[type], match[version], match[spec_version].
struct TaxiiQuery {
  static constexpr size_t kLimitMax = 1'000;

  DatePlace after{-1, -1, -1};
  size_t limit = kLimitMax;
  // Empty: all.
  std::set<std::string> ids;
  std::set<std::string> types;
  // Moments; empty: the present version, which is the only one that is kept.
  std::set<core::Time> versions;
  // No other is there.
  bool wants_stix_21 = true;

  bool Matches(const DatePlace& place, const stix::Object& object) const;
};

// kInvalidArgument names the parameter.
absl::StatusOr<TaxiiQuery> ParseTaxiiQuery(const runtime::HttpRequest& request);

// A `next` that leads on behind `place`.
std::string NextOf(const DatePlace& place);

// The version of an object as a manifest says it: of what has none, its date.
std::string VersionOf(const DatePlace& place, const stix::Object& object);
// "2026-03-01T12:00:00.000000Z"
std::string DateAdded(const DatePlace& place);

// Does an Accept header take TAXII 2.1?
bool AcceptsTaxii(std::string_view accept);

}  // namespace ringfence::publish
