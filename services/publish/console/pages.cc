#include "services/publish/console/pages.h"

#include <string>

namespace ringfence::publish {
namespace {

constexpr std::string_view kPages = "/console/";
constexpr std::string_view kFiles = "/console/assets/";
constexpr std::string_view kIndex = "index.html";

constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

const PageFile* FindFile(std::string_view name) {
  for (const PageFile* file = kPageFiles; !file->name.empty(); ++file) {
    if (file->name == name) return file;
  }
  return nullptr;
}

runtime::HttpResponse Give(const PageFile& file, const char* cache_control) {
  runtime::HttpResponse response;
  response.content_type = file.content_type;
  response.headers.emplace_back("Cache-Control", cache_control);
  response.etag = "W/\"" + std::string(file.hash) + "\"";
  response.body = file.content;
  return response;
}

}  // namespace

std::optional<runtime::HttpResponse> AnswerPage(std::string_view path) {
  if (path == "/" || path == "/console") {
    runtime::HttpResponse response;
    response.status = 302;
    response.headers.emplace_back("Location", std::string(kPages));
    return response;
  }
  if (!path.starts_with(kPages)) return std::nullopt;
  if (path.starts_with(kFiles)) {
    const PageFile* file = FindFile(path.substr(kFiles.size()));
    // Names hold a hash of the content.
    if (file != nullptr) return Give(*file, "private, max-age=31536000, immutable");
    runtime::HttpResponse response;
    response.status = 404;
    return response;
  }
  const PageFile* index = FindFile(kIndex);
  if (index == nullptr) return std::nullopt;
  return Give(*index, "private, no-cache");
}

void AddSecurityHeaders(runtime::HttpResponse& response) {
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  response.headers.emplace_back("Permissions-Policy",
                                "camera=(), geolocation=(), microphone=(), payment=()");
}

}  // namespace ringfence::publish
