#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace ringfence::runtime {

// A request as a handler sees it: decoded, within HttpServer's limits.
struct HttpRequest {
  std::string method;
  // Without the query, percent-escapes decoded.
  std::string path;
  std::multimap<std::string, std::string> query;
  // Names in lower case.
  std::multimap<std::string, std::string> headers;
  // "127.0.0.1", "::1".
  std::string remote_address;
  // It came over TLS; with a certificate of the CA's, which has these URIs among its names.
  bool is_encrypted = false;
  bool has_certificate = false;
  std::vector<std::string> certificate_uris;
  // Of a POST, with its Content-Encoding undone.
  std::string body;

  // The first of that name; nothing where there is none.
  std::optional<std::string> Query(const std::string& name) const;
  std::optional<std::string> Header(const std::string& lower_case_name) const;
};

struct HttpResponse {
  // Puts the next piece of the body into the empty `piece`; false where it was the last. An error
  // cuts the connection off before the end of the chunked body: nobody takes a part for the whole.
  using NextPiece = std::function<absl::StatusOr<bool>(std::string& piece)>;

  int status = 200;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  // An entity tag, with its quotes; empty: none. A GET that has it in If-None-Match is answered by
  // 304 without the body.
  std::string etag;
  std::string body;
  // Instead of `body`, for what may be large. Called by one thread, after the handler has returned.
  NextPiece next;
  // What holds it keeps what it needs until the body has been sent: it goes with the response.
  std::shared_ptr<const void> held;
  // After it the connection is given to somebody else.
  bool ends_connection = false;
  // Which handler it was, for metrics: one of a bounded set.
  std::string route = "other";
};

using HttpHandler = std::function<HttpResponse(const HttpRequest& request)>;

// Does If-None-Match hold the tag? Compared weakly (RFC 9110, 8.8.3.2).
bool MatchesTag(std::string_view if_none_match, std::string_view etag);
// Does Accept-Encoding allow gzip (RFC 9110, 12.5.3)?
bool AllowsGzip(std::string_view accept_encoding);
// "Sun, 06 Nov 1994 08:49:37 GMT", of seconds since the Unix epoch.
std::string HttpDate(int64_t seconds);

}  // namespace ringfence::runtime
