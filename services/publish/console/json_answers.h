#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/json_util.h"
#include "services/publish/http/answers.h"
#include "services/runtime/http/http_message.h"

namespace ringfence::publish {

// In protobuf's JSON mapping; "{}" for a message of a type that it does not know, of which the API
// has none.
std::string JsonOf(const google::protobuf::Message& message);
// With an entity tag; the browser asks each time whether it still holds.
runtime::HttpResponse Json(const google::protobuf::Message& message);

template <typename Message>
runtime::HttpResponse Json(const absl::StatusOr<Message>& message) {
  return message.ok() ? Json(*message) : Problem(message.status());
}

// A page of another site can make a browser send forms here, but not JSON, and not under our name:
// kPermissionDenied, kInvalidArgument.
absl::Status CheckOrigin(const runtime::HttpRequest& request);

// The body of a POST. An unknown field is an error: it was meant to say something.
template <typename Message>
absl::StatusOr<Message> Parse(const runtime::HttpRequest& request) {
  if (absl::Status status = CheckOrigin(request); !status.ok()) return status;
  Message message;
  if (!google::protobuf::util::JsonStringToMessage(request.body, &message).ok())
    return absl::InvalidArgumentError("body: not the JSON that is expected here");
  return message;
}

}  // namespace ringfence::publish
