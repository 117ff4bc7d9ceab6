// Keeps a file of blocked values in step with a Ringfence, by the client library.
//
//     follow 127.0.0.1:7733 /var/lib/blocked-domains domain
//
// The file holds one value a line, is replaced as a whole or not at all, and is empty while nobody
// can retract: better a fraud that is let through than an innocent who is cut off for good.
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "services/client/subscriber.h"

namespace {

using ringfence::client::ActionNow;
using ringfence::client::Handler;
using ringfence::client::Set;
using ringfence::client::Subscriber;
namespace v1 = ringfence::v1;

class BlockedFile : public Handler {
 public:
  explicit BlockedFile(std::string path) : path_(std::move(path)) {}

  void OnSet(const Set& set) override { Write(set); }
  void OnDelta(const v1::Delta&, const Set& set) override { Write(set); }
  void OnLease(bool holds) override {
    holds_ = holds;
    Replace(holds ? blocked_ : std::set<std::string>());
  }
  void OnRemark(const std::string& remark) override { std::cerr << "follow: " << remark << '\n'; }

 private:
  void Write(const Set& set) {
    blocked_.clear();
    const std::time_t now = std::time(nullptr);
    set.ForEach([&](const v1::Indicator& indicator) {
      if (ActionNow(indicator, now, /*lease_holds=*/true) == v1::ACTION_BLOCK)
        blocked_.insert(indicator.value());
      return true;
    });
    if (holds_) Replace(blocked_);
  }
  void Replace(const std::set<std::string>& values) const {
    const std::string next = path_ + ".new";
    {
      std::ofstream file(next);
      for (const std::string& value : values) file << value << '\n';
      if (!file.flush()) return OnWriteError();
    }
    if (std::rename(next.c_str(), path_.c_str()) != 0) OnWriteError();
  }
  void OnWriteError() const { std::cerr << "follow: " << path_ << " cannot be written\n"; }

  const std::string path_;
  std::set<std::string> blocked_;
  bool holds_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "follow HOST:PORT FILE [TYPE]   TYPE: phone, domain, url, ip, email\n";
    return 2;
  }
  // Signals come to the thread that waits for them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Subscriber::Options options;
  options.channels = {ringfence::client::Connect({.address = argv[1]})};
  options.consumer = "follow-example";
  options.file = std::string(argv[2]) + ".subscription";
  options.filter.set_min_action(v1::ACTION_BLOCK);
  if (argc > 3) {
    std::string name = "IDENTIFIER_TYPE_";
    for (const char* c = argv[3]; *c != '\0'; ++c)
      name += static_cast<char>(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    v1::IdentifierType type = v1::IDENTIFIER_TYPE_UNSPECIFIED;
    if (!v1::IdentifierType_Parse(name, &type)) {
      std::cerr << "follow: there is no such type\n";
      return 2;
    }
    options.filter.add_types(type);
  }
  BlockedFile file(argv[2]);
  Subscriber subscriber(options, file);
  std::stop_source stop;
  std::thread waiting([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    stop.request_stop();
  });
  const absl::Status status = subscriber.Run(stop.get_token());
  pthread_kill(waiting.native_handle(), SIGTERM);
  waiting.join();
  if (status.ok()) return 0;
  std::cerr << "follow: " << status.message() << '\n';
  return 3;
}
