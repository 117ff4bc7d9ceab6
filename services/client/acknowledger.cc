#include "services/client/acknowledger.h"

#include <utility>

namespace ringfence::client {

Acknowledger::Acknowledger(Send send)
    : send_(std::move(send)), thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Acknowledger::~Acknowledger() {
  thread_.request_stop();
  thread_.join();
}

void Acknowledger::Put(const std::string& cursor) {
  const std::scoped_lock lock(mutex_);
  waiting_ = cursor;
  woken_.notify_all();
}

void Acknowledger::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (woken_.wait(lock, stop, [&] { return waiting_.has_value(); })) {
    if (stop.stop_requested()) return;
    const std::string cursor = *std::exchange(waiting_, std::nullopt);
    lock.unlock();
    send_(cursor, stop);
    lock.lock();
  }
}

}  // namespace ringfence::client
