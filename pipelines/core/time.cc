#include "pipelines/core/time.h"

namespace ringfence::core {

Time FromProto(const google::protobuf::Timestamp& timestamp) {
  constexpr int64_t kSecondsMax = kTimeMax / kSecond - 1;
  if (timestamp.seconds() > kSecondsMax) return kTimeMax;
  if (timestamp.seconds() < -kSecondsMax) return kTimeMin;
  return timestamp.seconds() * kSecond + timestamp.nanos();
}

google::protobuf::Timestamp ToProto(Time time) {
  google::protobuf::Timestamp timestamp;
  int64_t seconds = time / kSecond;
  int64_t nanos = time % kSecond;
  if (nanos < 0) {
    seconds -= 1;
    nanos += kSecond;
  }
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(nanos));
  return timestamp;
}

}  // namespace ringfence::core
