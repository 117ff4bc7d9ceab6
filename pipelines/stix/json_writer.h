#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ringfence::stix {

// Writes JSON (RFC 8259) in the order of the calls, without white space. Who calls keeps objects,
// arrays and names balanced. Bytes that are no UTF-8 come out as U+FFFD.
class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Name(std::string_view name);
  JsonWriter& String(std::string_view text);
  JsonWriter& Number(uint64_t number);
  JsonWriter& Bool(bool value);
  // JSON as it is.
  JsonWriter& Raw(std::string_view json);

  JsonWriter& Member(std::string_view name, std::string_view text) {
    return Name(name).String(text);
  }

  std::string Take() { return std::move(text_); }

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  void Separate();
  void Quote(std::string_view text);

  std::string text_;
};

}  // namespace ringfence::stix
