#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "pipelines/core/time.h"
#include "services/publish/clearance.h"
#include "services/publish/cursor.h"
#include "services/publish/filter.h"
#include "services/publish/lease.h"
#include "services/publish/publisher.h"
#include "services/runtime/http/http_message.h"

namespace ringfence::publish {

// What all lists need. Its members must outlive who has it.
struct ListSource {
  const Publisher& publisher;
  const Cursors& cursors;
  std::function<core::Time()> clock;
  std::chrono::seconds valid_for = kValidFor;
};

// The set as it is now, streamed, in the forms that others read:
//
//   /v1/indicators.jsonl  one Indicator a line, in protobuf's JSON mapping
//   /v1/indicators.csv    the fields that a table has
//   /v1/ips.txt           addresses (IPv4) and networks (IPv6 /64), one a line
//   /v1/hosts.txt         a hosts file that sends blocked domains nowhere
//   /v1/rpz.zone          a response policy zone that answers NXDOMAIN for them
//
// The first two take the whole filter, and have Subscribe's defaults. The others hold nothing that
// is only monitored; rpz and hosts begin at BLOCK, ips at CHALLENGE (the most that an address
// gets). Nothing where the path is none of these.
std::optional<runtime::HttpResponse> AnswerSetList(const ListSource& source,
                                                   const runtime::HttpRequest& request,
                                                   const Viewer& caller);

// The filter of a list on which nothing is that is only monitored. `types` empty: the caller may
// say which.
absl::StatusOr<Filter> FilterOfBlockList(const runtime::HttpRequest& request, const Viewer& caller,
                                         std::initializer_list<v1::IdentifierType> types,
                                         v1::Action least);

// Cache-Control and Expires: how long what is given out now may be used without asking again.
void AddLease(const ListSource& source, const Moment& moment, runtime::HttpResponse& response);
// Cursor, digest, time and lease of a list that shows `moment` through `filter`.
void AddSetHeaders(const ListSource& source, const Moment& moment, const Filter& filter,
                   const v1::SetDigest& digest, runtime::HttpResponse& response);

}  // namespace ringfence::publish
