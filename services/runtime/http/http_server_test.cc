#include "services/runtime/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ringfence::runtime {
namespace {

using testing::HasSubstr;

class TcpConnection {
 public:
  explicit TcpConnection(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~TcpConnection() { ::close(socket_); }
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  void Write(std::string_view text) const {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  std::string ReadSome(size_t bytes) const {
    std::string text(bytes, '\0');
    text.resize(static_cast<size_t>(
        std::max<ssize_t>(0, ::recv(socket_, text.data(), bytes, MSG_WAITALL))));
    return text;
  }

 private:
  const int socket_;
};

class HttpServers : public testing::Test {
 protected:
  void Start(HttpHandler handler, HttpServer::Options options = {}) {
    auto started = HttpServer::Start(options, std::move(handler), metrics_);
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    client_ = std::make_unique<httplib::Client>("127.0.0.1", server_->port());
    client_->set_keep_alive(true);
  }
  // `pieces` of 64 KiB each; an error after them if `cut`.
  static HttpResponse Large(int pieces, bool cut = false) {
    HttpResponse response;
    response.content_type = "text/plain";
    response.etag = "W/\"large\"";
    response.next = [left = pieces, cut](std::string& piece) mutable -> absl::StatusOr<bool> {
      if (left == 0 && cut) return absl::AbortedError("cut");
      if (left == 0) return false;
      piece.append(size_t{64} << 10, static_cast<char>('a' + --left % 26));
      return left > 0 || cut;
    };
    return response;
  }

  Metrics metrics_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<httplib::Client> client_;
};

TEST_F(HttpServers, HandlersSeePathQueryHeadersAndWhoAsks) {
  HttpRequest seen;
  Start([&](const HttpRequest& request) {
    seen = request;
    HttpResponse response;
    response.status = 418;
    response.content_type = "text/plain";
    response.body = "short";
    response.route = "tea";
    response.headers.emplace_back("X-Of-Ours", "1");
    return response;
  });
  const auto answer = client_->Get("/a%20b/c?x=1&x=2&y=%2B1", {{"X-Asks", "me"}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 418);
  EXPECT_EQ(answer->body, "short");
  EXPECT_EQ(answer->get_header_value("X-Of-Ours"), "1");
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.path, "/a b/c");
  EXPECT_EQ(seen.query.count("x"), 2U);
  EXPECT_EQ(seen.Query("y"), "+1");
  EXPECT_EQ(seen.Header("x-asks"), "me");
  EXPECT_EQ(seen.remote_address, "127.0.0.1");
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_http_requests_total{route=\"tea\",status=\"418\"} 1\n"));
}

TEST_F(HttpServers, StreamLargeBodiesWholeCompressedOrNot) {
  Start([](const HttpRequest&) { return Large(100); });
  const auto plain = client_->Get("/", {{"Accept-Encoding", "identity"}});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->body.size(), size_t{100} << 16);
  EXPECT_EQ(plain->get_header_value("Content-Encoding"), "");
  EXPECT_EQ(plain->get_header_value("Vary"), "Accept-Encoding");
  const auto compressed = client_->Get("/", {{"Accept-Encoding", "br, gzip"}});
  ASSERT_TRUE(compressed);
  EXPECT_EQ(compressed->get_header_value("Content-Encoding"), "gzip");
  EXPECT_EQ(compressed->body, plain->body);
  client_->set_decompress(false);
  const auto raw = client_->Get("/", {{"Accept-Encoding", "gzip"}});
  EXPECT_LT(raw->body.size(), size_t{1} << 17);
}

TEST_F(HttpServers, APartIsNeverTakenForTheWhole) {
  Start([](const HttpRequest&) { return Large(3, /*cut=*/true); });
  for (const char* encoding : {"identity", "gzip"}) {
    httplib::Client client("127.0.0.1", server_->port());
    EXPECT_FALSE(client.Get("/", {{"Accept-Encoding", encoding}})) << encoding;
  }
}

TEST_F(HttpServers, AnswerConditionalRequestsWithoutTheBody) {
  int pieces = 0;
  Start([&](const HttpRequest&) {
    HttpResponse response = Large(1);
    response.headers.emplace_back("Cache-Control", "max-age=1");
    response.next = [&](std::string& piece) -> absl::StatusOr<bool> {
      ++pieces;
      piece = "body";
      return false;
    };
    return response;
  });
  const auto same = client_->Get("/", {{"If-None-Match", "\"x\", W/\"large\""}});
  ASSERT_TRUE(same);
  EXPECT_EQ(same->status, 304);
  EXPECT_EQ(same->body, "");
  EXPECT_EQ(same->get_header_value("ETag"), "W/\"large\"");
  EXPECT_EQ(same->get_header_value("Cache-Control"), "max-age=1");
  EXPECT_EQ(pieces, 0);
  EXPECT_EQ(client_->Get("/", {{"If-None-Match", "\"other\""}})->body, "body");
  const auto head = client_->Head("/");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
}

TEST_F(HttpServers, RefuseWhatTheyDoNotDo) {
  Start([](const HttpRequest&) { return HttpResponse{}; });
  EXPECT_EQ(client_->Delete("/")->status, 405);
  EXPECT_EQ(client_->Get("/" + std::string(10'000, 'x'))->status, 414);
  EXPECT_EQ(client_->Post("/", std::string(size_t{2} << 20, 'x'), "text/plain")->status, 413);
  Metrics metrics;
  HttpServer::Options same;
  same.port = server_->port();
  EXPECT_EQ(HttpServer::Start(
                same, [](const HttpRequest&) { return HttpResponse{}; }, metrics)
                .status()
                .code(),
            absl::StatusCode::kUnavailable);
  HttpServer::Options secret;
  secret.tls = {"/dev/null", "/dev/null", "/dev/null"};
  EXPECT_EQ(HttpServer::Start(
                secret, [](const HttpRequest&) { return HttpResponse{}; }, metrics)
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(HttpServers, EndThoughAClientReadsWithoutEnd) {
  Start([](const HttpRequest&) {
    HttpResponse response;
    response.content_type = "text/plain";
    response.next = [](std::string& piece) -> absl::StatusOr<bool> {
      piece = "more";
      return true;
    };
    return response;
  });
  bool completed = true;
  std::thread reader([&] { completed = static_cast<bool>(client_->Get("/")); });
  while (metrics_.Text().find("ringfence_http_requests_total") == std::string::npos ||
         metrics_.Text().find("route=\"other\"") == std::string::npos) {
    std::this_thread::yield();
  }
  server_.reset();
  reader.join();
  EXPECT_FALSE(completed);
}

TEST_F(HttpServers, CutOffReturnsOnceNobodyHoldsWhatPiecesAreReadFrom) {
  auto source = std::make_shared<std::string>("more");
  Start([&](const HttpRequest&) {
    HttpResponse response;
    response.content_type = "text/event-stream";
    response.next = [source](std::string& piece) -> absl::StatusOr<bool> {
      piece = *source;
      return true;
    };
    return response;
  });
  std::atomic<bool> has_come = false;
  std::thread reader(
      [&] { client_->Get("/", [&](const char*, size_t) { return has_come = true; }); });
  while (!has_come) std::this_thread::yield();
  server_->CutOff();
  EXPECT_EQ(source.use_count(), 1);
  reader.join();
}

TEST_F(HttpServers, WhoReadsNothingLeavesRoomForOthersAndIsCutOff) {
  HttpServer::Options options;
  options.threads = 4;
  options.write_within = std::chrono::seconds(2);
  Start(
      [](const HttpRequest& request) {
        if (request.path == "/large") return Large(1'000);
        HttpResponse response;
        response.content_type = "text/plain";
        response.body = "ok";
        return response;
      },
      options);
  std::vector<std::unique_ptr<TcpConnection>> stuck;
  for (int i = 0; i < 3; ++i) {
    stuck.push_back(std::make_unique<TcpConnection>(server_->port()));
    stuck.back()->Write("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // Its answer has begun.
    EXPECT_EQ(stuck.back()->ReadSome(8), "HTTP/1.1");
  }
  const auto refused = client_->Get("/large");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->get_header_value("Retry-After"), "1");
  EXPECT_EQ(client_->Get("/small")->body, "ok");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int status = 0;
  while (status != 200 && std::chrono::steady_clock::now() < until) {
    const auto answer = client_->Get("/large");
    ASSERT_TRUE(answer);
    status = answer->status;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(status, 200);
}

TEST_F(HttpServers, EventsComeUncompressedAndAtOnce) {
  Start([](const HttpRequest&) {
    HttpResponse response;
    response.content_type = "text/event-stream";
    response.next = [first = true](std::string& piece) mutable -> absl::StatusOr<bool> {
      if (first) piece = "event: state\ndata: {}\n\n";
      first = false;
      std::this_thread::yield();
      return true;
    };
    return response;
  });
  std::string got;
  client_->Get("/", {{"Accept-Encoding", "gzip"}}, [&](const char* data, size_t length) {
    got.append(data, length);
    return false;
  });
  EXPECT_EQ(got, "event: state\ndata: {}\n\n");
}

TEST_F(HttpServers, PostsAreReadWholeWithinTheirBounds) {
  HttpServer::Options options;
  options.takes_posts = true;
  options.body_bytes_max = 1'000;
  Start(
      [](const HttpRequest& request) {
        HttpResponse response;
        response.content_type = "text/plain";
        response.body = request.method + " " + std::to_string(request.body.size());
        return response;
      },
      options);
  EXPECT_EQ(client_->Post("/x", "{}", "application/json")->body, "POST 2");
  EXPECT_EQ(client_->Post("/x", std::string(1'000, 'x'), "text/plain")->body, "POST 1000");
  EXPECT_EQ(client_->Post("/x", std::string(1'001, 'x'), "text/plain")->status, 413);
  EXPECT_EQ(client_->Post("/x", "{}", "application/json")->body, "POST 2")
      << "the connection goes on";
  EXPECT_EQ(client_->Put("/x", "{}", "application/json")->status, 405);
  EXPECT_EQ(client_->Delete("/x")->status, 405);
}

// Who shares a connection, as a proxy's clients do, cannot put a request into another's.
TEST_F(HttpServers, WhatIsNotReadOfARequestIsNotTakenForTheNext) {
  std::atomic<int> answered = 0;
  Start([&](const HttpRequest&) {
    ++answered;
    return HttpResponse();
  });
  client_->set_keep_alive(true);
  httplib::Request request;
  request.path = "/x";
  request.body = "GET /x HTTP/1.1\r\n\r\n";
  request.set_header("Content-Length", std::to_string(request.body.size()));
  for (const auto& [method, status] : std::vector<std::pair<const char*, int>>{
           {"GET", 200}, {"HEAD", 200}, {"OPTIONS", 405}, {"TRACE", 405}, {"QUERY", 405}}) {
    request.method = method;
    const auto response = client_->send(request);
    ASSERT_TRUE(response) << method;
    EXPECT_EQ(response->status, status) << method;
    EXPECT_EQ(client_->Get("/x")->status, 200) << method;
  }
  EXPECT_EQ(answered, 7);
}

TEST_F(HttpServers, AnAnswerThatEndsItsConnectionComesWhole) {
  Start([](const HttpRequest&) {
    HttpResponse response;
    response.status = 429;
    response.content_type = "text/plain";
    response.body = "too many";
    response.ends_connection = true;
    return response;
  });
  for (int i = 0; i < 3; ++i) {
    const auto answer = client_->Get("/");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 429);
    EXPECT_EQ(answer->body, "too many");
    EXPECT_EQ(answer->get_header_value("Connection"), "close");
  }
}

TEST(HttpMessages, TagsAreComparedWeakly) {
  EXPECT_TRUE(MatchesTag("W/\"a\"", "\"a\""));
  EXPECT_TRUE(MatchesTag(" \"b\" ,\"a\"", "W/\"a\""));
  EXPECT_TRUE(MatchesTag("*", "\"a\""));
  EXPECT_FALSE(MatchesTag("*", ""));
  EXPECT_FALSE(MatchesTag("\"b\"", "\"a\""));
  EXPECT_FALSE(MatchesTag("", "\"a\""));
}

TEST(HttpMessages, GzipIsUsedOnlyWhereItIsAllowed) {
  for (const char* allowed : {"gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*", "x-gzip"})
    EXPECT_TRUE(AllowsGzip(allowed)) << allowed;
  for (const char* refused : {"", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *"})
    EXPECT_FALSE(AllowsGzip(refused)) << refused;
}

TEST(HttpMessages, DatesAreThoseOfTheRfc) {
  EXPECT_EQ(HttpDate(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace ringfence::runtime
