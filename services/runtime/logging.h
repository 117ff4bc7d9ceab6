#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "pipelines/core/time.h"

namespace ringfence::runtime {

enum class LogLevel { kInfo, kWarning, kError };

using LogValue = std::variant<std::string, int64_t>;
using LogFields = std::initializer_list<std::pair<std::string_view, LogValue>>;

// Writes one JSON object a line to stderr: {"ts":…,"level":…,"msg":…, fields…}. `message` is
// stable, what varies stands in the fields; never an identifier's value or anything of a victim's.
// Thread-safe.
void LogLine(LogLevel level, std::string_view message, LogFields fields = {});

// The line, for `now`.
std::string FormatLogLine(core::Time now, LogLevel level, std::string_view message,
                          LogFields fields);

}  // namespace ringfence::runtime
