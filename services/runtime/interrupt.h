#pragma once

#include <stop_token>
#include <thread>

namespace ringfence::runtime {

// Turns SIGINT and SIGTERM into a request to stop, so that a command can finish what it has begun.
// A second one ends the process at once. To be made in `main`'s thread before any other thread, so
// that all inherit its signal mask; at most one lives at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();

  std::stop_token token() const { return requested_.get_token(); }

 private:
  void Wait(const std::stop_token& ending);

  std::stop_source requested_;
  std::jthread waiter_;
};

}  // namespace ringfence::runtime
