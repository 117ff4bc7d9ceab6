#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "services/client/channel.h"
#include "services/client/set.h"

// Ringfence's client: keeps a set of indicators in step with a server's.
//
//   class Firewall : public ringfence::client::Handler { ... };
//   Firewall firewall;
//   ringfence::client::Subscriber::Options options;
//   options.channels = {ringfence::client::Connect({.address = "indicators.example:7733",
//                                                   .ca = "ca.pem", .cert = "edge-7.pem"})};
//   options.consumer = "edge-7";
//   options.file = "/var/lib/firewall/ringfence.set";
//   absl::Status status = ringfence::client::Subscriber(options, firewall).Run(stop);
namespace ringfence::client {

// What an application does with the set. Called by one thread at a time, and must not block for
// longer than it may lag behind.
class Handler {
 public:
  virtual ~Handler() = default;

  // `set` takes the place of all that was there: at the start what the file held, if there is any;
  // then each snapshot that was received whole and whose digest is right. Never half of one.
  virtual void OnSet(const Set& set) = 0;
  // What changed; `set` has it already. Removals first.
  virtual void OnDelta(const v1::Delta& delta, const Set& set) = 0;
  // False: the lease has run out; until it is true again, what is held is a hint and no reason to
  // block (ActionNow). It does not hold before the first call.
  virtual void OnLease(bool holds) = 0;
  // Something that is worth a line in a log: reconnections, a set that had to be taken anew. Never
  // an indicator's value.
  virtual void OnRemark(const std::string& remark) { (void)remark; }
};

// Subscribes, and stays subscribed: with the cursor after an interruption, to the next server where
// one is away, after pauses that grow to five seconds and are spread at random; without a cursor
// where its set turned out not to be the server's. Acknowledges what it has applied, so that the
// operator sees how long a revocation takes.
//
// With a file, cursor and set survive a restart: both are written together, and a crash in the
// middle goes back to an earlier cursor.
class Subscriber {
 public:
  struct Options {
    // Tried in turn; a cursor is good on every replica of a deployment.
    std::vector<std::shared_ptr<grpc::Channel>> channels;
    // 1-64 characters; each subscriber its own.
    std::string consumer;
    v1::Filter filter;
    // Where cursor and set are kept; empty: nowhere, and each start takes the whole set.
    std::string file;
    // Ends as soon as the set is known to be whole.
    bool once = false;
    bool acknowledge = true;
    // Without one, ids and revisions are all that a Set has: a tenth of the memory.
    bool keep_indicators = true;
  };

  // `handler` must outlive it.
  Subscriber(Options options, Handler& handler);
  ~Subscriber();

  // Until `stop` (OK), `once` is reached (OK), or an error that does not pass: kInvalidArgument,
  // kUnauthenticated and their like from the server; kDataLoss where the file holds something else
  // or the server's sets are wrong again and again; kUnavailable where the file cannot be written,
  // or no server has given a whole set for half a minute since the start. May be called again.
  absl::Status Run(const std::stop_token& stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringfence::client
