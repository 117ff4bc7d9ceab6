#include "services/runtime/identity/http_gate.h"

#include <string>
#include <utility>

namespace ringfence::runtime {
namespace {

constexpr const char* kProxyHeaders[] = {"forwarded", "x-forwarded-for", "x-real-ip", "via"};
constexpr std::string_view kBearer = "bearer ";

bool IsNameOfThisMachine(std::string host) {
  if (const size_t port = host.rfind(':'); port != std::string::npos && !host.ends_with(']'))
    host.resize(port);
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

bool IsAddressOfThisMachine(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

bool IsLocal(const HttpRequest& request) {
  if (request.is_encrypted || !IsAddressOfThisMachine(request.remote_address)) return false;
  for (const char* header : kProxyHeaders) {
    if (request.Header(header)) return false;
  }
  return IsNameOfThisMachine(request.Header("host").value_or(""));
}

std::vector<std::string> All(const HttpRequest& request, std::string_view name) {
  std::vector<std::string> values;
  const auto [begin, end] = request.headers.equal_range(std::string(name));
  for (auto it = begin; it != end; ++it) values.push_back(it->second);
  return values;
}

// The scheme in any case (RFC 9110, 11.1).
std::optional<std::string> BearerOf(const HttpRequest& request) {
  const std::string text = request.Header("authorization").value_or("");
  if (text.size() <= kBearer.size()) return std::nullopt;
  for (size_t i = 0; i < kBearer.size(); ++i) {
    const char lower = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (lower != kBearer[i]) return std::nullopt;
  }
  return text.substr(text.find_first_not_of(' ', kBearer.size()));
}

std::string JsonText(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return json + "\"";
}

HttpResponse Refusal(const HttpRequest& request, const absl::Status& status) {
  const std::string why(status.message());
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated: {
      HttpResponse response = ProblemResponse(401, why);
      if (request.is_encrypted)
        response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"ringfence\"");
      return response;
    }
    case absl::StatusCode::kPermissionDenied:
      return ProblemResponse(403, why);
    case absl::StatusCode::kInvalidArgument:
      return ProblemResponse(400, why);
    case absl::StatusCode::kNotFound: {
      if (!HasRoute(request.path)) return ProblemResponse(404, why);
      HttpResponse response = ProblemResponse(405, "not with this method");
      response.headers.emplace_back("Allow", AllowedMethods(request.path));
      return response;
    }
    default:
      return ProblemResponse(500, "the request could not be judged");
  }
}

}  // namespace

Credentials CredentialsFrom(const HttpRequest& request) {
  Credentials credentials;
  credentials.is_local = IsLocal(request);
  if (request.is_encrypted) {
    credentials.has_certificate = request.has_certificate;
    credentials.uris = request.certificate_uris;
    credentials.bearer = BearerOf(request);
  }
  credentials.partners = All(request, kPartnerHeader);
  credentials.identities = All(request, kIdentityHeader);
  credentials.certificates = All(request, kCertificateHeader);
  return credentials;
}

HttpResponse ProblemResponse(int status, std::string_view title, std::string_view detail) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = "{\"title\":" + JsonText(title) + ",\"status\":" + std::to_string(status);
  if (!detail.empty()) response.body += ",\"detail\":" + JsonText(detail);
  response.body += "}\n";
  return response;
}

HttpHandler Gated(const Gate& gate, CalledHandler handler) {
  return [&gate, handler = std::move(handler)](const HttpRequest& request) {
    const absl::StatusOr<Caller> caller =
        gate.AdmitRoute(request.method, request.path, CredentialsFrom(request));
    return caller.ok() ? handler(request, *caller) : Refusal(request, caller.status());
  };
}

}  // namespace ringfence::runtime
