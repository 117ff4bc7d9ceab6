#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ringfence::runtime {

// Gives the value of an environment variable, or null.
using Environment = const char* (*)(const char* name);

// Fills `message` from YAML: a map for each message, a list for what is repeated, a text for the
// rest; of an enumeration its EnumWord. What a field may be and what it is if it is not there says
// its `setting` (config.proto). Adds to `problems` what is wrong, "PATH:LINE: name: why", where the
// name is a path like "identities[2].name", and to `lines` where each that is known stands. False
// where the text is no YAML, which is said too. `path` is for messages only.
bool ReadMessage(const std::string& path, const std::string& text, Environment environment,
                 google::protobuf::Message& message, std::map<std::string, int>& lines,
                 std::vector<std::string>& problems);

// Of TLP_AMBER_STRICT: "amber_strict"; without what its enumeration puts before each name.
std::string EnumWord(const google::protobuf::EnumValueDescriptor& value);

// kUnavailable where the file cannot be read or is larger than 1 MiB.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

}  // namespace ringfence::runtime
