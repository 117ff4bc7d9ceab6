#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/core/time.h"
#include "services/publish/clearance.h"
#include "services/publish/filter.h"
#include "services/runtime/http/http_message.h"

namespace ringfence::publish {

// What is asked for in the query of a list: types=phone,domain&min_action=block&min_score=600&
// max_tlp=green. A parameter that is unknown, or said twice, is an error: a list that is wider than
// somebody meant blocks the wrong. kInvalidArgument names the parameter.
absl::StatusOr<v1::Filter> FilterOfQuery(const runtime::HttpRequest& request);

// application/problem+json (RFC 9457).
runtime::HttpResponse Problem(int status, std::string_view title);
// kInvalidArgument is 400, kUnauthenticated 401, kPermissionDenied 403, kNotFound 404, kOutOfRange
// 410, kUnavailable 503, else 500.
runtime::HttpResponse Problem(const absl::Status& status);

// A weak tag of what decides the content: the parts, each followed by a zero byte.
std::string TagOf(std::initializer_list<std::string_view> parts);

// "2026-03-01T12:00:00.000000Z", with microseconds.
std::string Rfc3339(core::Time time);
// "2026-03-01T12:00:00Z"; empty where it is not set.
std::string Rfc3339Seconds(const google::protobuf::Timestamp& time);

}  // namespace ringfence::publish
