#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/runtime/http/http_message.h"
#include "services/runtime/metrics.h"
#include "services/runtime/tls/tls_files.h"

namespace ringfence::runtime {

// HTTP/1.1 in front of one handler: streams bodies of any size, compresses them with gzip where the
// client takes it, answers conditional requests. GET and HEAD, and POST where it is asked for;
// anything else is 405. Events (text/event-stream) go out as they come, uncompressed.
class HttpServer {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    // 0 takes a free one.
    int port = 0;
    // Not set: no TLS.
    TlsFiles tls;
    // Bodies are read whole before the handler is called; larger ones, before or after their
    // Content-Encoding is undone, are 413, slower ones 408.
    bool takes_posts = false;
    size_t body_bytes_max = size_t{1} << 20;
    std::chrono::seconds body_within{30};
    // As many connections are served at a time; `waiting_max` more wait. Of these at most three in
    // four have an answer in pieces, which lasts as long as its reader wants: one more is 503. So
    // whoever reads slowly leaves room for who asks whether the process is healthy.
    size_t threads = 32;
    size_t waiting_max = 64;
    std::chrono::seconds read_within{10};
    // A client that takes nothing for so long is cut off, and one that takes longer than
    // `send_within` for the whole.
    std::chrono::seconds write_within{30};
    std::chrono::seconds send_within{600};
    std::chrono::seconds keep_alive{5};
  };

  // `metrics` must outlive it. `handler` is called from several threads until `this` goes.
  // kUnavailable where it cannot listen there, kInvalidArgument where certificates cannot be
  // used.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const Options& options,
                                                           HttpHandler handler, Metrics& metrics);
  // Cuts off what is being sent.
  ~HttpServer();

  int port() const;

  // Cuts off what is being sent in pieces, now and from now on, and waits until no request holds
  // anything of the handler's: what NextPiece reads from may go then. At most Options::write_within
  // for who takes nothing.
  void CutOff();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace ringfence::runtime
