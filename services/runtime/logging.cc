#include "services/runtime/logging.h"

#include <cstdio>
#include <ctime>

#include "services/runtime/clock.h"

namespace ringfence::runtime {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", c);
      quoted += escape;
    } else {
      quoted.push_back(c);
    }
  }
  quoted.push_back('"');
  return quoted;
}

// RFC 3339, to the millisecond.
std::string TimeText(core::Time now) {
  const std::time_t seconds = now / core::kSecond;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  const size_t length = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + length, sizeof(text) - length, ".%03dZ",
                static_cast<int>(now % core::kSecond / 1'000'000));
  return text;
}

constexpr std::string_view LevelWord(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

}  // namespace

std::string FormatLogLine(core::Time now, LogLevel level, std::string_view message,
                          LogFields fields) {
  std::string line = "{\"ts\":" + Quoted(TimeText(now)) + ",\"level\":" + Quoted(LevelWord(level)) +
                     ",\"msg\":" + Quoted(message);
  for (const auto& [name, value] : fields) {
    line += "," + Quoted(name) + ":";
    if (const auto* number = std::get_if<int64_t>(&value)) {
      line += std::to_string(*number);
    } else {
      line += Quoted(std::get<std::string>(value));
    }
  }
  return line + "}\n";
}

void LogLine(LogLevel level, std::string_view message, LogFields fields) {
  const std::string line = FormatLogLine(SystemNow(), level, message, fields);
  // One call: POSIX locks the stream for its length, so that lines stay whole.
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace ringfence::runtime
