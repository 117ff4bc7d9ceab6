#pragma once

#include <optional>
#include <string_view>

#include "services/runtime/http/http_message.h"

namespace ringfence::publish {

// A file of the console's pages, in this program: made by web/build.mjs, or a page that says that
// the program was built without.
struct PageFile {
  // "index.html", "app-3F2A9C.js"
  std::string_view name;
  std::string_view content_type;
  // Of its content.
  std::string_view hash;
  std::string_view content;
};
// Until one with an empty name.
extern const PageFile kPageFiles[];

// "/" leads to the console; every path below /console/ that is no file is one of its views, which
// the page tells apart. Nothing for any other path.
std::optional<runtime::HttpResponse> AnswerPage(std::string_view path);

// Nothing but what comes from here may be loaded, and nobody may frame it.
void AddSecurityHeaders(runtime::HttpResponse& response);

}  // namespace ringfence::publish
