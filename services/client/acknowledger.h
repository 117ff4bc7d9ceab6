#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace ringfence::client {

// Sends acknowledgements in a thread of its own, one at a time and of several only the last, so
// that whoever applies changes never waits for the server. One that fails is made up for by the
// next. Ends without sending what waits.
class Acknowledger {
 public:
  // `send` returns when it is done or `stop` is requested.
  using Send = std::function<void(const std::string& cursor, const std::stop_token& stop)>;
  explicit Acknowledger(Send send);
  ~Acknowledger();

  void Put(const std::string& cursor);

 private:
  void Run(const std::stop_token& stop);

  const Send send_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::optional<std::string> waiting_;
  std::jthread thread_;
};

}  // namespace ringfence::client
