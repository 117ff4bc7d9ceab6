#include "pipelines/intake/json_message.h"

#include <simdjson.h>

#include <bitset>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/timestamp.pb.h"
#include "pipelines/intake/rfc3339.h"

namespace ringfence::intake {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;
using simdjson::dom::element;

constexpr std::string_view kNoProblem;
constexpr std::string_view kWrongType = "json.wrong_type";
constexpr std::string_view kOutOfRange = "json.out_of_range";

// The text's own problem, or none.
std::string_view CodeOf(simdjson::error_code error) {
  switch (error) {
    case simdjson::SUCCESS:
      return kNoProblem;
    case simdjson::DEPTH_ERROR:
      return "json.too_deep";
    case simdjson::UTF8_ERROR:
      return "json.not_utf8";
    default:
      return "json.malformed";
  }
}

// A value of type T, or the code of why not.
template <typename T>
struct Read {
  T value{};
  std::string_view problem;
};

template <typename T>
Read<T> Fail(std::string_view code) {
  return {T{}, code};
}

std::optional<std::string_view> TextOf(element json) {
  std::string_view text;
  if (json.get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

// A double that is a whole number within T.
template <typename T>
Read<T> ReadWhole(double number) {
  // 2^63 and 2^64 are doubles, the greatest integers below are not.
  double limit = std::ldexp(1.0, std::numeric_limits<T>::digits);
  double least = std::is_signed_v<T> ? -limit : 0.0;
  if (!(number >= least && number < limit)) return Fail<T>(kOutOfRange);
  if (std::trunc(number) != number) return Fail<T>(kWrongType);
  return {static_cast<T>(number), kNoProblem};
}

template <typename T>
Read<T> ReadWholeText(std::string_view text) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return {value, kNoProblem};
  return Fail<T>(error == std::errc::result_out_of_range ? kOutOfRange : kWrongType);
}

template <typename T>
requires std::is_integral_v<T> Read<T> ReadNumber(element json) {
  if (std::optional<std::string_view> text = TextOf(json)) return ReadWholeText<T>(*text);
  int64_t with_sign = 0;
  if (json.get(with_sign) == simdjson::SUCCESS) {
    if (!std::in_range<T>(with_sign)) return Fail<T>(kOutOfRange);
    return {static_cast<T>(with_sign), kNoProblem};
  }
  uint64_t without_sign = 0;
  if (json.get(without_sign) == simdjson::SUCCESS) {
    if (!std::in_range<T>(without_sign)) return Fail<T>(kOutOfRange);
    return {static_cast<T>(without_sign), kNoProblem};
  }
  double number = 0;
  if (json.get(number) != simdjson::SUCCESS) return Fail<T>(kWrongType);
  return ReadWhole<T>(number);
}

template <typename T>
requires std::is_floating_point_v<T> Read<T> ReadNumber(element json) {
  double number = 0;
  if (std::optional<std::string_view> text = TextOf(json)) {
    // "NaN", "Infinity" and "-Infinity" are among what from_chars reads.
    auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || end != text->data() + text->size()) return Fail<T>(kWrongType);
  } else if (json.get(number) != simdjson::SUCCESS) {
    return Fail<T>(kWrongType);
  }
  if (std::isfinite(number) && std::abs(number) > std::numeric_limits<T>::max()) {
    return Fail<T>(kOutOfRange);
  }
  return {static_cast<T>(number), kNoProblem};
}

Read<bool> ReadBool(element json) {
  bool value = false;
  if (json.get(value) != simdjson::SUCCESS) return Fail<bool>(kWrongType);
  return {value, kNoProblem};
}

Read<std::string> ReadString(element json, bool is_bytes) {
  std::optional<std::string_view> text = TextOf(json);
  if (!text) return Fail<std::string>(kWrongType);
  if (!is_bytes) return {std::string(*text), kNoProblem};
  std::string bytes;
  absl::string_view encoded(text->data(), text->size());
  if (!absl::Base64Unescape(encoded, &bytes) && !absl::WebSafeBase64Unescape(encoded, &bytes)) {
    return Fail<std::string>(kWrongType);
  }
  return {std::move(bytes), kNoProblem};
}

// Numbers are kept whether known or not, as binary protobuf keeps them.
Read<int> ReadEnum(element json, const FieldDescriptor& field) {
  std::optional<std::string_view> name = TextOf(json);
  if (!name) return ReadNumber<int32_t>(json);
  const EnumValueDescriptor* value = field.enum_type()->FindValueByName(std::string(*name));
  if (value == nullptr) return Fail<int>("json.unknown_enum");
  return {value->number(), kNoProblem};
}

// Sets a singular field, or adds to a list, by the setter of the field's type.
template <typename T, typename Set, typename Add>
void Store(const Reflection& reflection, Message& message, const FieldDescriptor& field, T&& value,
           Set set, Add add) {
  if (field.is_repeated()) {
    (reflection.*add)(&message, &field, std::forward<T>(value));
  } else {
    (reflection.*set)(&message, &field, std::forward<T>(value));
  }
}

}  // namespace

class JsonMessageParser::Impl {
 public:
  Impl() {
    // Without memory for it every text is refused, not read without the limit.
    allocated_ = parser_.allocate(kUsualBytes, kDepthMax) == simdjson::SUCCESS;
  }

  JsonReading Parse(std::string_view json, Message& message) {
    reading_ = {};
    message.Clear();
    element root;
    std::string_view code = "json.malformed";
    if (allocated_) code = CodeOf(parser_.parse(json.data(), json.size()).get(root));
    simdjson::dom::object object;
    if (code.empty() && root.get(object) != simdjson::SUCCESS) code = "json.not_an_object";
    if (!code.empty()) {
      reading_.problems.push_back({"", nullptr, code});
    } else {
      ReadObject(object, message);
    }
    return std::move(reading_);
  }

 private:
  using FieldsByName = absl::flat_hash_map<std::string, const FieldDescriptor*>;
  // One step of the path to what is being read; index -1 where it is no element of a list.
  struct Step {
    const FieldDescriptor* field;
    int index;
  };
  static constexpr size_t kTrackedFields = 64;

  const FieldsByName& FieldsOf(const Descriptor* type) {
    auto [entry, is_new] = fields_.try_emplace(type);
    if (is_new) {
      for (int i = 0; i < type->field_count(); ++i) {
        entry->second.emplace(type->field(i)->json_name(), type->field(i));
        entry->second.emplace(type->field(i)->name(), type->field(i));
      }
    }
    return entry->second;
  }

  void ReadObject(simdjson::dom::object object, Message& message) {
    const Descriptor* type = message.GetDescriptor();
    std::bitset<kTrackedFields> seen;
    for (simdjson::dom::key_value_pair member : object) {
      // Looked up for each member: reading the one before may have moved the tables.
      const FieldsByName& fields = FieldsOf(type);
      auto found = fields.find(absl::string_view(member.key.data(), member.key.size()));
      if (found == fields.end()) {
        ++reading_.unknown_fields;
        continue;
      }
      if (member.value.is_null()) continue;
      const FieldDescriptor& field = *found->second;
      path_.push_back({&field, -1});
      ReplaceEarlier(field, message, seen);
      if (field.is_repeated()) {
        ReadList(member.value, field, message);
      } else {
        ReadValue(member.value, field, message);
      }
      path_.pop_back();
    }
  }

  // Takes back what an earlier member of the same object has set in place of this field.
  void ReplaceEarlier(const FieldDescriptor& field, Message& message,
                      std::bitset<kTrackedFields>& seen) {
    const Reflection& reflection = *message.GetReflection();
    const auto* choice = field.real_containing_oneof();
    size_t index = static_cast<size_t>(field.index());
    bool repeats = index < kTrackedFields && seen.test(index);
    if (repeats || (choice != nullptr && reflection.HasOneof(message, choice))) {
      Complain("json.duplicate_field");
      reflection.ClearField(&message, &field);
    }
    if (index < kTrackedFields) seen.set(index);
  }

  void ReadList(element json, const FieldDescriptor& field, Message& message) {
    simdjson::dom::array list;
    if (json.get(list) != simdjson::SUCCESS) {
      Complain(kWrongType);
      return;
    }
    for (element value : list) {
      ++path_.back().index;
      ReadValue(value, field, message);
    }
  }

  // Into the field, or as a further element of the list that it is.
  void ReadValue(element json, const FieldDescriptor& field, Message& message) {
    const Reflection& to = *message.GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Keep(ReadNumber<int32_t>(json), to, message, field, &Reflection::SetInt32,
                    &Reflection::AddInt32);
      case FieldDescriptor::CPPTYPE_INT64:
        return Keep(ReadNumber<int64_t>(json), to, message, field, &Reflection::SetInt64,
                    &Reflection::AddInt64);
      case FieldDescriptor::CPPTYPE_UINT32:
        return Keep(ReadNumber<uint32_t>(json), to, message, field, &Reflection::SetUInt32,
                    &Reflection::AddUInt32);
      case FieldDescriptor::CPPTYPE_UINT64:
        return Keep(ReadNumber<uint64_t>(json), to, message, field, &Reflection::SetUInt64,
                    &Reflection::AddUInt64);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Keep(ReadNumber<double>(json), to, message, field, &Reflection::SetDouble,
                    &Reflection::AddDouble);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Keep(ReadNumber<float>(json), to, message, field, &Reflection::SetFloat,
                    &Reflection::AddFloat);
      case FieldDescriptor::CPPTYPE_BOOL:
        return Keep(ReadBool(json), to, message, field, &Reflection::SetBool, &Reflection::AddBool);
      case FieldDescriptor::CPPTYPE_ENUM:
        return Keep(ReadEnum(json, field), to, message, field, &Reflection::SetEnumValue,
                    &Reflection::AddEnumValue);
      case FieldDescriptor::CPPTYPE_STRING:
        return Keep(ReadString(json, field.type() == FieldDescriptor::TYPE_BYTES), to, message,
                    field, &Reflection::SetString, &Reflection::AddString);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return ReadMessage(json, field, message);
    }
  }

  // Of a list's element that cannot be read an empty one is kept, for the others' numbers.
  template <typename T, typename Set, typename Add>
  void Keep(Read<T> read, const Reflection& reflection, Message& message,
            const FieldDescriptor& field, Set set, Add add) {
    if (!read.problem.empty()) {
      Complain(read.problem);
      if (!field.is_repeated()) return;
    }
    Store(reflection, message, field, std::move(read.value), set, add);
  }

  void ReadMessage(element json, const FieldDescriptor& field, Message& message) {
    const Reflection& reflection = *message.GetReflection();
    bool is_timestamp = field.message_type() == Timestamp::descriptor();
    std::optional<Timestamp> timestamp;
    simdjson::dom::object object;
    if (is_timestamp) {
      std::optional<std::string_view> text = TextOf(json);
      if (text) timestamp = ParseRfc3339(*text);
      if (!timestamp) Complain(text ? "json.bad_timestamp" : kWrongType);
    } else if (json.get(object) != simdjson::SUCCESS) {
      Complain(kWrongType);
    }
    bool readable = is_timestamp ? timestamp.has_value() : json.is_object();
    if (!readable && !field.is_repeated()) return;
    Message* part = field.is_repeated() ? reflection.AddMessage(&message, &field)
                                        : reflection.MutableMessage(&message, &field);
    if (!readable) return;
    if (is_timestamp) {
      part->CopyFrom(*timestamp);
    } else {
      ReadObject(object, *part);
    }
  }

  void Complain(std::string_view code) {
    std::string path;
    for (const Step& step : path_) {
      if (!path.empty()) path.push_back('.');
      path.append(step.field->name());
      if (step.index >= 0) path.append("[").append(std::to_string(step.index)).append("]");
    }
    reading_.problems.push_back({std::move(path), path_.back().field, code});
  }

  simdjson::dom::parser parser_;
  bool allocated_ = false;
  absl::flat_hash_map<const Descriptor*, FieldsByName> fields_;
  std::vector<Step> path_;
  JsonReading reading_;
};

JsonMessageParser::JsonMessageParser() : impl_(std::make_unique<Impl>()) {}
JsonMessageParser::~JsonMessageParser() = default;

JsonReading JsonMessageParser::Parse(std::string_view json, Message& message) {
  return impl_->Parse(json, message);
}

}  // namespace ringfence::intake
