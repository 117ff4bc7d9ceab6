#include "services/runtime/http/http_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

#include "absl/strings/numbers.h"
#include "services/runtime/http/gzip.h"
#include "services/runtime/logging.h"
#include "services/runtime/tls/certificate_names.h"
#include "services/runtime/tls/tls_context.h"

namespace ringfence::runtime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kKeepAliveRequestsMax = 1'000;
// So much of a body that is too large is read all the same: who still sends would not see the
// answer.
constexpr size_t kReadBeyondMax = size_t{4} << 20;
// What is smaller grows by being compressed, or nearly.
constexpr size_t kCompressBytesMin = 512;

std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

HttpRequest ToRequest(const httplib::Request& from) {
  HttpRequest request;
  request.method = from.method;
  request.path = from.path;
  request.query.insert(from.params.begin(), from.params.end());
  for (const auto& [name, value] : from.headers) request.headers.emplace(LowerCase(name), value);
  request.remote_address = from.remote_addr;
  if (from.ssl == nullptr) return request;
  request.is_encrypted = true;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(from.ssl),
                                                                X509_free);
  // The handshake has failed for every certificate that is not of the CA.
  if (!certificate || SSL_get_verify_result(from.ssl) != X509_V_OK) return request;
  request.has_certificate = true;
  request.certificate_uris = UriNamesOf(*certificate);
  return request;
}

// The library reads the bodies of these alone.
bool MayHaveBody(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

bool IsKnownMethod(std::string_view method) {
  return MayHaveBody(method) || method == "GET" || method == "HEAD" || method == "OPTIONS";
}

bool HasBody(const httplib::Request& request) {
  return request.has_header("Content-Length") || request.has_header("Transfer-Encoding");
}
bool HasContent(const httplib::Request& request) {
  return HasBody(request) && request.get_header_value("Content-Length") != "0";
}

// Releases before 0.15 have no bound for connections that wait.
template <typename Pool>
httplib::TaskQueue* MakePool(size_t threads, size_t waiting_max) {
  if constexpr (std::is_constructible_v<Pool, size_t, size_t>) {
    return new Pool(threads, waiting_max);
  } else {
    return new Pool(threads);
  }
}

// Two servers on one port would each answer half of the calls: no SO_REUSEPORT.
void SetSocketOptions(socket_t socket) {
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

// Answers in pieces at a time.
size_t PiecesMax(const HttpServer::Options& options) { return options.threads * 3 / 4; }

// Counts itself.
class InHand {
 public:
  explicit InHand(std::atomic<size_t>& count) : count_(count) { ++count_; }
  ~InHand() { --count_; }
  InHand(const InHand&) = delete;
  InHand& operator=(const InHand&) = delete;

 private:
  std::atomic<size_t>& count_;
};

}  // namespace

struct HttpServer::Impl {
  Impl(const Options& the_options, HttpHandler the_handler, Metrics& the_metrics)
      : options(the_options), handler(std::move(the_handler)), metrics(the_metrics) {}

  const Options options;
  const HttpHandler handler;
  Metrics& metrics;
  std::unique_ptr<TlsContext> tls;
  std::unique_ptr<httplib::Server> server;
  std::atomic<bool> stopping = false;
  // Requests that are being answered, each until its last piece is sent.
  std::atomic<size_t> in_hand = 0;
  // Those of them that are sent in pieces.
  std::atomic<size_t> in_pieces = 0;
  int port = 0;
  std::thread listener;

  void Answer(const httplib::Request& from, std::string body, httplib::Response& to);
  // With a request that has a body: reads it, whatever becomes of it, or the connection cannot be
  // used for another request.
  void Take(const httplib::Request& from, const httplib::ContentReader& reader,
            httplib::Response& to);
  void Give(const httplib::Request& from, const HttpRequest& request, HttpResponse response,
            std::shared_ptr<const InHand> in_hand_here, httplib::Response& to);
  void Send(HttpResponse response, bool use_gzip, std::shared_ptr<const InHand> in_hand_here,
            httplib::Response& to);
  // `response`, which is sent in pieces, with a place among these; 503 where there is none.
  HttpResponse WithPlace(HttpResponse response);
  // Says it, and ends the connection: what is left of the body is not read.
  void Break(int status, const char* why, httplib::Response& to);
  static void SendAndEnd(std::string body, const std::string& type, httplib::Response& to);
  // The same for a HEAD, without a body.
  static void EndHead(const httplib::Request& from, httplib::Response& to);
  // What the library answers by itself: it cannot read the request, and would take the rest of it
  // for the next one. A method that it has never heard of is such a one, too.
  httplib::Server::HandlerResponse EndBroken(const httplib::Request& from, httplib::Response& to);
};

void HttpServer::Impl::Break(int status, const char* why, httplib::Response& to) {
  metrics.Add(Metric::kHttpRequests, {{"route", "other"}, {"status", std::to_string(status)}});
  to.status = status;
  SendAndEnd("{\"title\":\"" + std::string(why) + "\",\"status\":" + std::to_string(status) + "}\n",
             "application/problem+json", to);
}

httplib::Server::HandlerResponse HttpServer::Impl::EndBroken(const httplib::Request& from,
                                                             httplib::Response& to) {
  if (to.status != 400 || !to.body.empty() || to.content_provider_)
    return httplib::Server::HandlerResponse::Unhandled;
  const bool is_method =
      !from.method.empty() &&
      from.method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == std::string::npos;
  if (is_method && !IsKnownMethod(from.method)) {
    to.set_header("Allow", "GET, HEAD");
    Break(405, "not with this method", to);
  } else {
    Break(400, "the request cannot be read", to);
  }
  return httplib::Server::HandlerResponse::Handled;
}

void HttpServer::Impl::EndHead(const httplib::Request& from, httplib::Response& to) {
  to.set_header("Connection", "close");
  // The library calls what ends a connection for bodies alone. It lent us its own request.
  const_cast<httplib::Request&>(from).method = "GET";
  to.set_content_provider(1, "text/plain",
                          [](size_t, size_t, httplib::DataSink&) { return false; });
}

void HttpServer::Impl::SendAndEnd(std::string body, const std::string& type,
                                  httplib::Response& to) {
  to.set_header("Connection", "close");
  // The library ends the connection after a body that fails, here once the whole of it was sent.
  to.set_chunked_content_provider(type.c_str(),
                                  [body = std::move(body)](size_t, httplib::DataSink& sink) {
                                    sink.write(body.data(), body.size());
                                    sink.done();
                                    return false;
                                  });
}

void HttpServer::Impl::Take(const httplib::Request& from, const httplib::ContentReader& reader,
                            httplib::Response& to) {
  const std::string length = from.get_header_value("Content-Length");
  uint64_t announced = 0;
  if (!length.empty() && !absl::SimpleAtoi(length, &announced))
    return Break(400, "Content-Length is no number", to);
  const size_t read_max = options.body_bytes_max + kReadBeyondMax;
  if (announced > read_max) return Break(413, "the body is too large", to);
  std::string body;
  const Clock::time_point until = Clock::now() + options.body_within;
  bool is_late = false;
  size_t bytes = 0;
  const bool is_read = !HasBody(from) || reader([&](const char* data, size_t size) {
    bytes += size;
    is_late = Clock::now() > until;
    if (is_late || bytes > read_max) return false;
    if (bytes <= options.body_bytes_max) body.append(data, size);
    return true;
  });
  if (is_late) return Break(408, "the body came too slowly", to);
  if (bytes > read_max) return Break(413, "the body is too large", to);
  if (!is_read) return Break(400, "the body cannot be read as its headers say", to);
  if (bytes <= options.body_bytes_max) return Answer(from, std::move(body), to);
  HttpResponse response;
  response.status = 413;
  response.content_type = "application/problem+json";
  response.body = "{\"title\":\"the body is too large\",\"status\":413}\n";
  Give(from, ToRequest(from), std::move(response), nullptr, to);
}

void HttpServer::Impl::Answer(const httplib::Request& from, std::string body,
                              httplib::Response& to) {
  HttpRequest request = ToRequest(from);
  request.body = std::move(body);
  auto in_hand_here = std::make_shared<const InHand>(in_hand);
  HttpResponse response;
  const bool is_get = from.method == "GET" || from.method == "HEAD";
  if (!is_get && !(from.method == "POST" && options.takes_posts)) {
    response.status = 405;
    response.headers.emplace_back("Allow", options.takes_posts ? "GET, HEAD, POST" : "GET, HEAD");
  } else if (from.version == "HTTP/1.0" && request.path != "/metrics") {
    // Its bodies end where the connection does: nobody could tell a part from the whole.
    response.status = 505;
    response.content_type = "text/plain";
    response.body = "HTTP/1.1 is needed\n";
  } else {
    response = handler(request);
    if (response.next) response = WithPlace(std::move(response));
  }
  // What the library does not read it would take for the next request.
  if (is_get && HasContent(from)) response.ends_connection = true;
  Give(from, request, std::move(response), std::move(in_hand_here), to);
}

HttpResponse HttpServer::Impl::WithPlace(HttpResponse response) {
  auto place = std::make_shared<const InHand>(in_pieces);
  if (in_pieces <= PiecesMax(options)) {
    response.held = std::make_shared<
        const std::pair<std::shared_ptr<const void>, std::shared_ptr<const InHand>>>(
        std::move(response.held), std::move(place));
    return response;
  }
  HttpResponse refusal;
  refusal.route = response.route;
  refusal.status = 503;
  refusal.content_type = "application/problem+json";
  refusal.headers = {{"Cache-Control", "no-store"}, {"Retry-After", "1"}};
  refusal.body = "{\"title\":\"too many answers are being sent\",\"status\":503}\n";
  return refusal;
}

void HttpServer::Impl::Give(const httplib::Request& from, const HttpRequest& request,
                            HttpResponse response, std::shared_ptr<const InHand> in_hand_here,
                            httplib::Response& to) {
  // The library would compress by itself, in a way of its own. The object is none of a const kind.
  const_cast<httplib::Request&>(from).headers.erase("Accept-Encoding");
  const_cast<httplib::Request&>(from).headers.erase("Range");
  const_cast<httplib::Request&>(from).ranges.clear();
  if (!response.etag.empty() && response.status == 200 && !response.ends_connection &&
      MatchesTag(request.Header("if-none-match").value_or(""), response.etag)) {
    response.status = 304;
  }
  metrics.Add(Metric::kHttpRequests,
              {{"route", response.route}, {"status", std::to_string(response.status)}});
  for (const auto& [name, value] : response.headers) to.set_header(name, value);
  if (!response.etag.empty()) to.set_header("ETag", response.etag);
  to.status = response.status;
  if (response.status == 304) return;
  // A compressed stream would hold back what is to be read now.
  const bool is_events = response.content_type == "text/event-stream";
  const bool can_use_gzip =
      !is_events && (response.next || response.body.size() >= kCompressBytesMin);
  if (can_use_gzip) to.set_header("Vary", "Accept-Encoding");
  Send(std::move(response),
       can_use_gzip && AllowsGzip(request.Header("accept-encoding").value_or("")),
       std::move(in_hand_here), to);
}

void HttpServer::Impl::Send(HttpResponse response, bool use_gzip,
                            std::shared_ptr<const InHand> in_hand_here, httplib::Response& to) {
  if (response.ends_connection && !response.next)
    return SendAndEnd(std::move(response.body), response.content_type, to);
  if (use_gzip) to.set_header("Content-Encoding", "gzip");
  if (!response.next) {
    if (use_gzip) {
      std::string compressed;
      Gzip().Add(response.body, true, compressed);
      response.body = std::move(compressed);
    }
    if (!response.body.empty()) to.set_content(response.body, response.content_type.c_str());
    return;
  }
  // Shared: the library copies the function.
  auto gzip = use_gzip ? std::make_shared<Gzip>() : nullptr;
  const Clock::time_point until = Clock::now() + options.send_within;
  to.set_chunked_content_provider(
      response.content_type.c_str(),
      [this, gzip, until, in_hand_here = std::move(in_hand_here), held = std::move(response.held),
       ends_connection = response.ends_connection,
       next = std::move(response.next)](size_t, httplib::DataSink& sink) {
        if (stopping || Clock::now() > until) return false;
        std::string piece;
        const absl::StatusOr<bool> more = next(piece);
        if (!more.ok()) {
          LogLine(LogLevel::kWarning, "answer was cut off",
                  {{"error", std::string(more.status().message())}});
          return false;
        }
        if (gzip) {
          std::string compressed;
          gzip->Add(piece, !*more, compressed);
          piece = std::move(compressed);
        }
        // An empty chunk would be the end.
        if (!piece.empty() && !sink.write(piece.data(), piece.size())) return false;
        if (!*more) sink.done();
        return *more || !ends_connection;
      });
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->stopping = true;
  impl_->server->stop();
  if (impl_->listener.joinable()) impl_->listener.join();
}

void HttpServer::CutOff() {
  impl_->stopping = true;
  while (impl_->in_hand > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

int HttpServer::port() const { return impl_->port; }

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const Options& options,
                                                              HttpHandler handler,
                                                              Metrics& metrics) {
  auto impl = std::make_unique<Impl>(options, std::move(handler), metrics);
  if (!options.tls.is_set()) {
    impl->server = std::make_unique<httplib::Server>();
  } else {
    absl::StatusOr<std::unique_ptr<TlsContext>> tls = TlsContext::Open(options.tls, metrics);
    if (!tls.ok()) return tls.status();
    impl->tls = *std::move(tls);
    impl->server = std::make_unique<httplib::SSLServer>(
        [context = impl->tls.get()](SSL_CTX& ssl) { return context->SetUp(ssl); });
  }
  httplib::Server& server = *impl->server;
  if (!server.is_valid()) return absl::InvalidArgumentError("TLS cannot be set up");
  server.new_task_queue = [threads = options.threads, waiting_max = options.waiting_max] {
    return MakePool<httplib::ThreadPool>(threads, waiting_max);
  };
  server.set_socket_options(SetSocketOptions);
  server.set_tcp_nodelay(true);
  server.set_read_timeout(options.read_within.count());
  server.set_write_timeout(options.write_within.count());
  server.set_keep_alive_timeout(options.keep_alive.count());
  server.set_keep_alive_max_count(kKeepAliveRequestsMax);
  // Checked here, where the rest of the connection is thought of.
  server.set_payload_max_length(std::numeric_limits<size_t>::max());
  server.set_pre_routing_handler(
      [self = impl.get()](const httplib::Request& from, httplib::Response& to) {
        if (MayHaveBody(from.method)) return httplib::Server::HandlerResponse::Unhandled;
        const bool is_get = from.method == "GET" || from.method == "HEAD";
        if (is_get || (from.method == "OPTIONS" && !HasContent(from))) {
          self->Answer(from, "", to);
        } else {
          to.set_header("Allow", "GET, HEAD");
          self->Break(405, "not with this method", to);
        }
        if (from.method == "HEAD" && HasContent(from)) self->EndHead(from, to);
        return httplib::Server::HandlerResponse::Handled;
      });
  server.set_error_handler(httplib::Server::HandlerWithResponse(
      [self = impl.get()](const httplib::Request& from, httplib::Response& to) {
        return self->EndBroken(from, to);
      }));
  const httplib::Server::HandlerWithContentReader take =
      [self = impl.get()](const httplib::Request& from, httplib::Response& to,
                          const httplib::ContentReader& reader) { self->Take(from, reader, to); };
  server.Post(".*", take).Put(".*", take).Patch(".*", take).Delete(".*", take);
  const std::string host = options.host.starts_with('[')
                               ? options.host.substr(1, options.host.size() - 2)
                               : options.host;
  if (options.port == 0) {
    impl->port = server.bind_to_any_port(host);
  } else if (server.bind_to_port(host, options.port)) {
    impl->port = options.port;
  }
  if (impl->port <= 0) {
    return absl::UnavailableError("cannot listen on " + options.host + ":" +
                                  std::to_string(options.port) + ": is another server there?");
  }
  impl->listener = std::thread([&server] { server.listen_after_bind(); });
  // The library's stop() does nothing before that.
  while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace ringfence::runtime
