#include "services/gateway/receivers.h"

#include <algorithm>
#include <utility>

#include "services/runtime/thread_name.h"

namespace ringfence::gateway {

Receivers::Receivers(const Options& options, runtime::Log& log, runtime::Metrics& metrics)
    : options_(options), log_(log), metrics_(metrics) {
  for (int i = 0; i < options.threads; ++i)
    threads_.emplace_back([this] {
      runtime::NameThread("gateway");
      Run();
    });
}

Receivers::~Receivers() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  threads_.clear();
}

bool Receivers::Submit(const std::string& partner, size_t bytes, Work work) {
  absl::MutexLock lock(&mutex_);
  if (stopping_ || waiting_ >= options_.waiting_max) return false;
  if (waiting_ > 0 && waiting_bytes_ + bytes > options_.waiting_bytes_max) return false;
  const auto found = queues_.find(partner);
  const size_t own = found == queues_.end() ? 0 : found->second.waiting.size();
  if (own >= std::max<size_t>(1, options_.waiting_max / 2)) return false;
  ++waiting_;
  waiting_bytes_ += bytes;
  queues_[partner].waiting.push_back({bytes, std::move(work)});
  return true;
}

std::map<std::string, Receivers::Queue>::iterator Receivers::Next() {
  const int own_max = std::max(1, options_.threads / 2);
  auto queue = queues_.upper_bound(last_);
  for (size_t i = 0; i < queues_.size(); ++i, ++queue) {
    if (queue == queues_.end()) queue = queues_.begin();
    if (!queue->second.waiting.empty() && queue->second.running < own_max) return queue;
  }
  return queues_.end();
}

bool Receivers::HasWork() { return (stopping_ && waiting_ == 0) || Next() != queues_.end(); }

void Receivers::Run() {
  Receiver receiver(options_.receiver, log_, metrics_);
  for (;;) {
    std::string partner;
    Waiting next;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &Receivers::HasWork));
      const auto queue = Next();
      if (queue == queues_.end()) return;
      last_ = partner = queue->first;
      next = std::move(queue->second.waiting.front());
      queue->second.waiting.pop_front();
      ++queue->second.running;
      --waiting_;
      waiting_bytes_ -= next.bytes;
    }
    next.work(receiver);
    absl::MutexLock lock(&mutex_);
    Queue& queue = queues_[partner];
    if (--queue.running == 0 && queue.waiting.empty()) queues_.erase(partner);
  }
}

}  // namespace ringfence::gateway
