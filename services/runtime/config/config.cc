#include "services/runtime/config/config.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <map>

#include "services/runtime/config/config_rules.h"
#include "services/runtime/config/message_reader.h"

namespace ringfence::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void Format(const Message& message, int depth, std::string& text) {
  const Descriptor& descriptor = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    const std::string head = std::string(static_cast<size_t>(2 * depth), ' ') + field.name() + ":";
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (!reflection.HasField(message, &field)) break;
        text += head + "\n";
        Format(reflection.GetMessage(message, &field), depth + 1, text);
        break;
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string value = reflection.GetString(message, &field);
        if (value.empty()) break;
        // In single quotes a quote is doubled, and nothing else means anything.
        for (size_t at = 0; (at = value.find('\'', at)) != std::string::npos; at += 2)
          value.insert(at, "'");
        text += head + " '" + value + "'\n";
        break;
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        text += head + (reflection.GetBool(message, &field) ? " true\n" : " false\n");
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        text += head + " " + std::to_string(reflection.GetUInt32(message, &field)) + "\n";
        break;
      default:
        text += head + " " + std::to_string(reflection.GetUInt64(message, &field)) + "\n";
    }
  }
}

}  // namespace

const char* ServiceWord(Service service) {
  switch (service) {
    case Service::kIntake:
      return "intake";
    case Service::kDedupe:
      return "dedupe";
    case Service::kCluster:
      return "cluster";
    case Service::kPublish:
      return "publish";
    case Service::kGateway:
      return "gateway";
  }
  return "";
}

ReadConfig ParseConfig(const std::string& path, const std::string& text, Service service,
                       Environment environment) {
  ReadConfig read;
  std::map<std::string, int> lines;
  if (!ReadMessage(path, text, environment, read.config, lines, read.problems)) return read;
  for (const Breach& breach : BrokenRules(read.config, service)) {
    const auto line = lines.find(breach.setting);
    read.problems.push_back(path + (line == lines.end() ? "" : ":" + std::to_string(line->second)) +
                            ": " + breach.setting + ": " + breach.why);
  }
  return read;
}

absl::StatusOr<ReadConfig> ReadConfigFile(const std::string& path, Service service,
                                          Environment environment) {
  const absl::StatusOr<std::string> text = ReadSmallFile(path);
  if (!text.ok()) return text.status();
  return ParseConfig(path, *text, service, environment);
}

std::string FormatConfig(const Config& config) {
  std::string text;
  Format(config, 0, text);
  return text;
}

}  // namespace ringfence::runtime
