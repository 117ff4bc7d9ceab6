#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message.h"

namespace ringfence::intake {

// A field of a JSON text that could not be read.
struct JsonProblem {
  // In the names of the .proto file: "identifiers[2].role".
  std::string path;
  // nullptr where the text as a whole could not be read; the message is empty then.
  const google::protobuf::FieldDescriptor* field = nullptr;
  std::string_view code;
};

struct JsonReading {
  std::vector<JsonProblem> problems;
  // Members of objects that no field is called like. What they hold is not looked into.
  uint64_t unknown_fields = 0;
};

// Reads protobuf's JSON mapping (protobuf.dev, "ProtoJSON Format") into a message of any type whose
// fields are scalars, enums, messages, google.protobuf.Timestamp, or lists of these; there are no
// maps and none of the other well-known types. Driven by descriptors: a new field needs no code
// here.
//
// Unlike protobuf's own parser it is made for partners' mistakes: a field that cannot be read is
// left unset and named, and reading goes on. An element of a list that cannot be read is there,
// empty, so that the others keep their numbers. Codes: "json.wrong_type", "json.unknown_enum" (a
// name), "json.out_of_range", "json.bad_timestamp", "json.bad_string", "json.duplicate_field" (the
// last one holds); of the text as a whole "json.malformed", "json.not_utf8", "json.too_deep",
// "json.not_an_object".
//
// Keeps buffers from call to call. Owned by one thread.
class JsonMessageParser {
 public:
  // Of objects and lists in each other; what unknown fields hold counts too.
  static constexpr size_t kDepthMax = 32;
  // The buffers are made for texts of this many bytes and grow with longer ones.
  static constexpr size_t kUsualBytes = 64 * 1024;

  JsonMessageParser();
  ~JsonMessageParser();

  // Clears `message` and fills it from `json`.
  JsonReading Parse(std::string_view json, google::protobuf::Message& message);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringfence::intake
