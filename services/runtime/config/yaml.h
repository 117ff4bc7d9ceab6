#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace ringfence::runtime {

// A node of a YAML document: a text, a map in the order of the file, or a list.
struct YamlNode {
  enum class Kind { kNull, kText, kMap, kList };
  Kind kind = Kind::kNull;
  // From 1 on.
  int line = 0;
  std::string text{};
  // It stood in quotes: never a number or a truth value.
  bool quoted = false;
  std::vector<std::pair<YamlNode, YamlNode>> map{};
  std::vector<YamlNode> list{};
};

// Reads one document. kInvalidArgument with the line where it is none, holds aliases, or is nested
// more than 16 deep.
absl::StatusOr<YamlNode> ParseYaml(const std::string& text);

}  // namespace ringfence::runtime
