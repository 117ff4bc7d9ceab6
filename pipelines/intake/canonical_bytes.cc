#include "pipelines/intake/canonical_bytes.h"

#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/unknown_field_set.h"
#include "pipelines/core/id.h"

namespace ringfence::intake {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string ContentHash(const v1::Report& report) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    report.SerializeToCodedStream(&coded);
  }
  core::Sha256Digest digest = core::Sha256(bytes);
  return std::string(digest.begin(), digest.end());
}

uint64_t CountUnknownFields(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  auto count = static_cast<uint64_t>(reflection.GetUnknownFields(message).field_count());
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      count += CountUnknownFields(reflection.GetMessage(message, field));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      count += CountUnknownFields(reflection.GetRepeatedMessage(message, field, i));
    }
  }
  return count;
}

}  // namespace ringfence::intake
