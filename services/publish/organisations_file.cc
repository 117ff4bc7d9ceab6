#include "services/publish/organisations_file.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pipelines/identifiers/policy.h"
#include "services/runtime/config/yaml.h"

namespace ringfence::publish {
namespace {

using internal::v1::Organisations;
using runtime::YamlNode;

constexpr size_t kOrganisationsMax = 10'000;

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  absl::StatusOr<Organisations> Read(const YamlNode& root) {
    const bool sound = root.kind == YamlNode::Kind::kMap && root.map.size() == 1 &&
                       root.map.front().first.text == "organisations" &&
                       root.map.front().second.kind == YamlNode::Kind::kList;
    if (!sound) return Wrong(root, "a list of organisations is expected, as `organisations:`");
    const std::vector<YamlNode>& list = root.map.front().second.list;
    if (list.size() > kOrganisationsMax) return Wrong(root, "more than 10,000 organisations");
    list_.set_listed(true);
    for (const YamlNode& node : list) {
      if (absl::Status status = ReadOne(node); !status.ok()) return status;
    }
    return std::move(list_);
  }

 private:
  absl::Status Wrong(const YamlNode& at, const std::string& why) const {
    return absl::InvalidArgumentError(absl::StrCat(path_, ":", at.line, ": ", why));
  }

  absl::Status ReadOne(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kMap)
      return Wrong(node, "an organisation has name and partners");
    std::string name;
    double weight = identifiers::kDefaultWeight;
    const YamlNode* partners = nullptr;
    for (const auto& [key, value] : node.map) {
      if (key.text == "name") {
        name = value.text;
        if (!IsName(name)) return Wrong(value, "name: a-z, 0-9 and '-', up to 40");
      } else if (key.text == "weight") {
        const char* const end = value.text.data() + value.text.size();
        const auto [read, error] = std::from_chars(value.text.data(), end, weight);
        const bool sound = error == std::errc() && read == end && weight >= 0 &&
                           weight <= identifiers::kDefaultWeight;
        if (!sound) return Wrong(value, "weight: 0 to 0.5");
      } else if (key.text == "partners") {
        partners = &value;
      } else {
        return Wrong(key, key.text + ": there is no such setting");
      }
    }
    if (name.empty()) return Wrong(node, "name: required");
    if (!names_.insert(name).second) return Wrong(node, "name: there is another of that name");
    Organisations::Weight& added = *list_.add_weights();
    added.set_organisation(name);
    added.set_weight(weight);
    if (partners == nullptr || partners->kind != YamlNode::Kind::kList) {
      return Wrong(node, "partners: a list is required");
    }
    for (const YamlNode& partner : partners->list) {
      if (!IsName(partner.text)) return Wrong(partner, "partners: a-z, 0-9 and '-', up to 40");
      if (!partners_.insert(partner.text).second) {
        return Wrong(partner, "partners: one belongs to one organisation only");
      }
      Organisations::Member& member = *list_.add_members();
      member.set_partner(partner.text);
      member.set_organisation(name);
    }
    return absl::OkStatus();
  }

  const std::string& path_;
  Organisations list_;
  std::set<std::string> names_;
  std::set<std::string> partners_;
};

}  // namespace

absl::StatusOr<Organisations> ParseOrganisations(const std::string& path, const std::string& text) {
  const absl::StatusOr<YamlNode> root = runtime::ParseYaml(text);
  if (!root.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", root.status().message()));
  }
  return Reader(path).Read(*root);
}

absl::StatusOr<Organisations> ReadOrganisations(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::UnavailableError(path + ": cannot be read");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return ParseOrganisations(path, text);
}

}  // namespace ringfence::publish
