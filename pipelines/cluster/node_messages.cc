#include "pipelines/cluster/node_messages.h"

namespace ringfence::cluster {

void ToProto(const components::Message& message, internal::v1::NodeMessage& proto) {
  proto.set_place(message.place);
  proto.set_from_hi(message.from.id.hi);
  proto.set_from_lo(message.from.id.lo);
  proto.set_from_day(message.from.day);
  proto.set_to_hi(message.to.id.hi);
  proto.set_to_lo(message.to.id.lo);
  proto.set_to_day(message.to.day);
  proto.set_detached(!message.labelled);
  proto.set_root_hi(message.root.id.hi);
  proto.set_root_lo(message.root.id.lo);
  proto.set_root_day(message.root.day);
  proto.set_distance(message.distance);
  proto.set_epoch(message.epoch);
  proto.set_confirmed(message.confirmed);
  proto.set_hello(message.hello);
}

components::Message FromProto(const internal::v1::NodeMessage& proto) {
  components::Message message;
  message.place = proto.place();
  message.from = {{proto.from_hi(), proto.from_lo()}, proto.from_day()};
  message.to = {{proto.to_hi(), proto.to_lo()}, proto.to_day()};
  message.labelled = !proto.detached();
  message.root = {{proto.root_hi(), proto.root_lo()}, proto.root_day()};
  message.distance = proto.distance();
  message.epoch = proto.epoch();
  message.confirmed = proto.confirmed();
  message.hello = proto.hello();
  return message;
}

}  // namespace ringfence::cluster
