#include "services/runtime/config/message_reader.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "ringfence/internal/v1/config.pb.h"
#include "services/runtime/config/config.h"
#include "services/runtime/config/yaml.h"

namespace ringfence::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using internal::v1::Setting;

constexpr uintmax_t kFileBytesMax = 1 << 20;

const Setting& SettingOf(const FieldDescriptor& field) {
  return field.options().GetExtension(internal::v1::setting);
}

bool IsName(const std::string& text) {
  if (text.empty() || text.size() > 100 || std::isalnum(static_cast<unsigned char>(text[0])) == 0)
    return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  });
}

bool IsText(const std::string& text) {
  return !text.empty() && text.size() <= 255 &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

bool AreServers(const std::string& text) {
  for (const auto one : absl::StrSplit(text, ',')) {
    const absl::StatusOr<Address> address = ParseAddress(std::string(one));
    if (!address.ok() || address->port == 0) return false;
  }
  return true;
}

// Why `text` is none of its kind; empty where it is one.
std::string WhyNot(const Setting& setting, const std::string& text) {
  if (setting.words_size() > 0) {
    std::string words;
    for (const std::string& word : setting.words()) {
      if (text == word) return "";
      words += (words.empty() ? "" : ", ") + word;
    }
    return "one of " + words + " is wanted";
  }
  switch (setting.kind()) {
    case internal::v1::KIND_NAME:
      return IsName(text) ? "" : "a name is wanted: letters, digits, '.', '_' and '-'";
    case internal::v1::KIND_ADDRESS:
      return ParseAddress(text).ok() ? "" : "HOST:PORT is wanted, like 127.0.0.1:7733";
    case internal::v1::KIND_SERVERS:
      return AreServers(text) ? "" : "HOST:PORT[,HOST:PORT...] is wanted";
    case internal::v1::KIND_TEXT:
      return IsText(text) ? "" : "a text of 1 to 255 printable characters is wanted";
    default:
      return !text.empty() && text.size() <= 4'000 ? "" : "a path is wanted";
  }
}

// Fills the messages out of the tree.
class Reader {
 public:
  Reader(std::string path, std::vector<std::string>& problems, std::map<std::string, int>& lines)
      : path_(std::move(path)), problems_(problems), lines_(lines) {}

  // What was given as a number, 0 perhaps: it must not be taken for absent.
  const std::set<std::string>& given() const { return given_; }

  void Read(const YamlNode& node, const std::string& prefix, Message& message) {
    // A section whose settings are all commented out.
    if (node.kind == YamlNode::Kind::kNull) return;
    if (node.kind != YamlNode::Kind::kMap) {
      Problem(node.line, prefix.empty() ? "the file" : prefix, "settings are wanted, NAME: VALUE");
      return;
    }
    std::set<std::string> seen;
    for (const auto& [key, value] : node.map) {
      const std::string name = prefix.empty() ? key.text : prefix + "." + key.text;
      const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(key.text);
      if (field == nullptr) {
        Problem(key.line, name, "there is no such setting; there are " + Names(message));
      } else if (!seen.insert(key.text).second) {
        Problem(key.line, name, "is there twice");
      } else {
        lines_[name] = key.line;
        ReadField(value, name, *field, message);
      }
    }
  }

 private:
  void Problem(int line, const std::string& name, const std::string& why) {
    problems_.push_back(path_ + ":" + std::to_string(line) + ": " + name + ": " + why);
  }

  static std::string Names(const Message& message) {
    std::string names;
    const Descriptor& descriptor = *message.GetDescriptor();
    for (int i = 0; i < descriptor.field_count(); ++i) {
      names += (i == 0 ? "" : ", ") + descriptor.field(i)->name();
    }
    return names;
  }

  void ReadField(const YamlNode& node, const std::string& name, const FieldDescriptor& field,
                 Message& message) {
    if (field.is_repeated()) return ReadList(node, name, field, message);
    const Reflection& reflection = *message.GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Read(node, name, *reflection.MutableMessage(&message, &field));
      return;
    }
    if (node.kind != YamlNode::Kind::kText) {
      Problem(node.line, name, "one value is wanted");
      return;
    }
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string why = WhyNot(SettingOf(field), node.text);
        if (!why.empty()) return Problem(node.line, name, why);
        return reflection.SetString(&message, &field, node.text);
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const EnumValueDescriptor* value = ReadEnum(node, name, field);
        if (value != nullptr) reflection.SetEnum(&message, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        if (node.quoted || (node.text != "true" && node.text != "false"))
          return Problem(node.line, name, "true or false is wanted");
        return reflection.SetBool(&message, &field, node.text == "true");
      default:
        return ReadNumber(node, name, field, message);
    }
  }

  // Of texts, enumerations and messages.
  void ReadList(const YamlNode& node, const std::string& name, const FieldDescriptor& field,
                Message& message) {
    if (node.kind == YamlNode::Kind::kNull) return;
    if (node.kind != YamlNode::Kind::kList) return Problem(node.line, name, "a list is wanted");
    const Reflection& reflection = *message.GetReflection();
    for (size_t i = 0; i < node.list.size(); ++i) {
      const YamlNode& one = node.list[i];
      const std::string one_name = name + "[" + std::to_string(i) + "]";
      lines_[one_name] = one.line;
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        if (one.kind != YamlNode::Kind::kMap) {
          Problem(one.line, one_name, "settings are wanted, NAME: VALUE");
          continue;
        }
        Read(one, one_name, *reflection.AddMessage(&message, &field));
      } else if (one.kind != YamlNode::Kind::kText) {
        Problem(one.line, one_name, "one value is wanted");
      } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
        const EnumValueDescriptor* value = ReadEnum(one, one_name, field);
        if (value != nullptr) reflection.AddEnum(&message, &field, value);
      } else if (const std::string why = WhyNot(SettingOf(field), one.text); !why.empty()) {
        Problem(one.line, one_name, why);
      } else {
        reflection.AddString(&message, &field, one.text);
      }
    }
  }

  // Null, after the problem was said, where it is none of the enumeration's words.
  const EnumValueDescriptor* ReadEnum(const YamlNode& node, const std::string& name,
                                      const FieldDescriptor& field) {
    const EnumDescriptor& descriptor = *field.enum_type();
    std::string words;
    for (int i = 0; i < descriptor.value_count(); ++i) {
      const EnumValueDescriptor& value = *descriptor.value(i);
      // The first says that nothing was said.
      if (value.number() == 0) continue;
      const std::string word = EnumWord(value);
      if (node.text == word) return &value;
      words += (words.empty() ? "" : ", ") + word;
    }
    Problem(node.line, name, "one of " + words + " is wanted");
    return nullptr;
  }

  void ReadNumber(const YamlNode& node, const std::string& name, const FieldDescriptor& field,
                  Message& message) {
    const Setting& setting = SettingOf(field);
    int64_t number = 0;
    const bool digits =
        !node.text.empty() && node.text.find_first_not_of("0123456789") == std::string::npos;
    if (node.quoted || !digits || !absl::SimpleAtoi(node.text, &number) || number < setting.min() ||
        number > setting.max()) {
      return Problem(node.line, name,
                     "a whole number from " + std::to_string(setting.min()) + " to " +
                         std::to_string(setting.max()) + " is wanted");
    }
    given_.insert(name);
    const Reflection& reflection = *message.GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
      reflection.SetUInt32(&message, &field, static_cast<uint32_t>(number));
    } else {
      reflection.SetUInt64(&message, &field, static_cast<uint64_t>(number));
    }
  }

  const std::string path_;
  std::vector<std::string>& problems_;
  std::map<std::string, int>& lines_;
  std::set<std::string> given_;
};

void SetDefault(const FieldDescriptor& field, Message& message) {
  const Setting& setting = SettingOf(field);
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(&message, &field, setting.default_text());
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.SetUInt32(&message, &field,
                                  static_cast<uint32_t>(setting.default_number()));
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.SetUInt64(&message, &field,
                                  static_cast<uint64_t>(setting.default_number()));
    default:
      return;
  }
}

// Environment first, then defaults. The log's sections stay absent where they are: which one is
// there says which log it is.
void Complete(const std::set<std::string>& given, const std::string& prefix,
              Environment environment, Message& message, std::vector<std::string>& problems) {
  const Descriptor& descriptor = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    const std::string name = prefix.empty() ? field.name() : prefix + "." + field.name();
    if (field.is_repeated()) {
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      for (int j = 0; j < reflection.FieldSize(message, &field); ++j) {
        Complete(given, name + "[" + std::to_string(j) + "]", environment,
                 *reflection.MutableRepeatedMessage(&message, &field, j), problems);
      }
      continue;
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const bool choice = prefix == "log";
      if (choice && !reflection.HasField(message, &field)) continue;
      Complete(given, name, environment, *reflection.MutableMessage(&message, &field), problems);
      continue;
    }
    const std::string& variable = SettingOf(field).environment();
    const char* value = variable.empty() ? nullptr : environment(variable.c_str());
    if (value != nullptr && *value != '\0') {
      if (const std::string why = WhyNot(SettingOf(field), value); !why.empty())
        problems.push_back(variable + ": " + name + ": " + why);
      reflection.SetString(&message, &field, value);
    } else if (!reflection.HasField(message, &field) && !given.contains(name)) {
      SetDefault(field, message);
    }
  }
}

}  // namespace

std::string EnumWord(const EnumValueDescriptor& value) {
  // The first is TYPE_UNSPECIFIED: what stands before its last word stands before all.
  const std::string& first = value.type()->value(0)->name();
  const std::string_view prefix = std::string_view(first).substr(0, first.rfind('_') + 1);
  std::string word = value.name();
  if (word.starts_with(prefix)) word.erase(0, prefix.size());
  absl::AsciiStrToLower(&word);
  return word;
}

bool ReadMessage(const std::string& path, const std::string& text, Environment environment,
                 Message& message, std::map<std::string, int>& lines,
                 std::vector<std::string>& problems) {
  const absl::StatusOr<YamlNode> root = ParseYaml(text);
  if (!root.ok()) {
    problems.push_back(path + ": " + std::string(root.status().message()));
    return false;
  }
  Reader reader(path, problems, lines);
  reader.Read(*root, "", message);
  Complete(reader.given(), "", environment, message, problems);
  return true;
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  std::error_code error;
  const uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error) return absl::UnavailableError(path + ": " + error.message());
  if (bytes > kFileBytesMax) return absl::UnavailableError(path + ": larger than 1 MiB");
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) return absl::UnavailableError(path + ": cannot be read");
  return text;
}

}  // namespace ringfence::runtime
