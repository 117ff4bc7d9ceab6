#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/intake/report_json.h"
#include "services/runtime/log/log.h"

namespace ringfence::cli {

struct ExportedReports {
  std::string partner;
  std::string path;
  uint64_t reports = 0;
  // Records that are no reports: intake has rejected them.
  uint64_t left_out = 0;
};

// Writes what partners' topics hold to FOLDER/<partner>.jsonl, as `ringfence ingest` and `ringfence
// replay` read it: one report a line in protobuf's JSON mapping, in the order of arrival, every
// revision and redelivery, victims' data included. The folder is made where it is not there, for
// its owner alone, and so are the files. Of one `partner`, or of all where it is empty.
//
// kAlreadyExists, and nothing is written, where a file is there already; kNotFound where no report
// ever came (from that partner); else errors of the log, or kUnavailable where a file cannot be
// written. After an error there is none of these files.
absl::StatusOr<std::vector<ExportedReports>> ExportReports(runtime::Log& log, std::string folder,
                                                           const std::string& partner);

// A record of a partner's topic (Intake::FromRecord) as a line without its end. What was sent as
// JSON stays as it was sent; of a binary report times that JSON cannot say are left out, as intake
// does. Nothing where it is no report.
std::optional<std::string> LineOf(std::string_view record, intake::ReportJson& parser);

}  // namespace ringfence::cli
