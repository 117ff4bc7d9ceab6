#include "services/publish/workers.h"

#include <utility>

#include "services/runtime/thread_name.h"

namespace ringfence::publish {

Workers::Workers(int threads, size_t calls_max) : calls_max_(calls_max) {
  for (int i = 0; i < threads; ++i)
    threads_.emplace_back([this] {
      runtime::NameThread("serving");
      Work();
    });
}

Workers::~Workers() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  threads_.clear();
}

bool Workers::SubmitCall(std::function<void()> call) {
  absl::MutexLock lock(&mutex_);
  if (stopping_ || calls_.size() >= calls_max_) return false;
  calls_.push_back(std::move(call));
  return true;
}

void Workers::SubmitStream(std::function<void()> work) {
  absl::MutexLock lock(&mutex_);
  streams_.push_back(std::move(work));
}

std::deque<std::function<void()>>& Workers::Next() {
  call_was_last_ = !calls_.empty() && (streams_.empty() || !call_was_last_);
  return call_was_last_ ? calls_ : streams_;
}

void Workers::Work() {
  for (;;) {
    std::function<void()> work;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &Workers::HasWork));
      std::deque<std::function<void()>>& from = Next();
      if (from.empty()) return;
      work = std::move(from.front());
      from.pop_front();
    }
    work();
  }
}

}  // namespace ringfence::publish
