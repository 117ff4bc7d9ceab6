#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pipelines/intake/report_json.h"
#include "ringfence/v1/report_service.pb.h"
#include "services/ringfence/line_reader.h"

namespace ringfence::cli {

// Lines of reports in JSON on their way to the server: what can be read of them as one request, and
// what is wrong with them that the server cannot see, because it only gets what could be read.
class ReportLines {
 public:
  // What came of a number of lines.
  struct Answers {
    uint64_t accepted = 0;
    // Accepted, but not used whole; counted in `accepted` too.
    uint64_t with_problems = 0;
    uint64_t held = 0;
    uint64_t rejected = 0;
    // By code: fatal problems, and others.
    std::map<std::string, uint64_t> fatal;
    std::map<std::string, uint64_t> notes;
    // In the order of the lines: all that were rejected or not used whole. Their messages begin
    // with the line.
    std::vector<v1::Rejection> rejections;
  };

  // Reads `lines`, which may hold empty ones. `input` is what messages call their file.
  ReportLines(const std::string& partner, const std::string& input, const std::vector<Line>& lines);

  // May be empty.
  const v1::SubmitReportsRequest& request() const { return request_; }
  // `response` is that of the request: one result for each report.
  Answers Answer(const v1::SubmitReportsResponse& response) const;

 private:
  // One line that is not empty.
  struct Entry {
    uint64_t line = 0;
    std::string report_id;
    uint32_t revision = 0;
    // Found here.
    std::vector<v1::Problem> problems;
    intake::LeftOut left_out;
    // Rejected here: not in the request.
    bool rejected = false;
  };

  Entry Read(const Line& line, intake::ReportJson& parser);
  v1::Rejection RejectionOf(const Entry& entry, const v1::SubmitResult* result) const;

  const std::string partner_;
  const std::string input_;
  std::vector<Entry> entries_;
  v1::SubmitReportsRequest request_;
};

}  // namespace ringfence::cli
