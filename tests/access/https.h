#pragma once

#include <string>

namespace ringfence::access {

struct HttpsAnswer {
  // 0: no connection, or none that was answered.
  int status = 0;
  std::string body;
};

// One request on a connection of its own to 127.0.0.1:`port`. `certificate` (PEM with its key) may
// be empty. `headers` end with line breaks.
HttpsAnswer Https(int port, const std::string& authority, const std::string& certificate,
                  const std::string& method, const std::string& path,
                  const std::string& headers = "", const std::string& body = "");

}  // namespace ringfence::access
