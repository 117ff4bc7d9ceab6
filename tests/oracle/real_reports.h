#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "tests/oracle/oracle.h"

namespace ringfence::oracle {

// What a gzip file of one report a line holds, without the line ends. False where it cannot be read
// to its end.
[[nodiscard]] bool ForEachLine(const std::filesystem::path& path,
                               const std::function<void(std::string_view)>& visit);

// Every revision that intake accepts of a folder of PARTNER.jsonl.gz; the set is that of the latest
// reported_at among them. Nothing where a file cannot be read.
World WorldOfFolder(const std::filesystem::path& folder);

}  // namespace ringfence::oracle
