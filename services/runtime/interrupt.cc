#include "services/runtime/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

namespace ringfence::runtime {
namespace {

// As a shell reports a process that a signal ended.
constexpr int kSignalledStatus = 128;

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  waiter_ = std::jthread([this](const std::stop_token& ending) { Wait(ending); });
}

Interrupt::~Interrupt() {
  waiter_.request_stop();
  waiter_.join();
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void Interrupt::Wait(const std::stop_token& ending) {
  const sigset_t signals = Signals();
  // Also how long the destructor waits at most.
  const timespec turn{.tv_sec = 0, .tv_nsec = 50'000'000};
  while (!ending.stop_requested()) {
    const int signal = sigtimedwait(&signals, nullptr, &turn);
    if (signal <= 0) continue;
    if (requested_.stop_requested()) _exit(kSignalledStatus + signal);
    requested_.request_stop();
  }
}

}  // namespace ringfence::runtime
