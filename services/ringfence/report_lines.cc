#include "services/ringfence/report_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "pipelines/intake/intake.h"
#include "pipelines/intake/problems.h"

namespace ringfence::cli {
namespace {

// Of a retraction only these are looked at (report.proto).
constexpr std::string_view kRetractionFields[] = {"", "report_id", "revision", "retracted",
                                                  "retraction_reason"};

bool MattersToRetraction(const v1::Problem& problem) {
  return std::find(std::begin(kRetractionFields), std::end(kRetractionFields), problem.field()) !=
         std::end(kRetractionFields);
}

// Is `field` what was left out, or in it?
bool IsIn(std::string_view field, const intake::LeftOut& left_out) {
  return std::any_of(left_out.begin(), left_out.end(), [&](std::string_view path) {
    return field.starts_with(path) &&
           (field.size() == path.size() || field[path.size()] == '.' || field[path.size()] == '[');
  });
}

}  // namespace

ReportLines::ReportLines(const std::string& partner, const std::string& input,
                         const std::vector<Line>& lines)
    : partner_(partner), input_(input) {
  intake::ReportJson parser;
  for (const Line& line : lines) {
    if (line.text.find_first_not_of(" \t\r") == std::string::npos) continue;
    entries_.push_back(Read(line, parser));
  }
}

ReportLines::Entry ReportLines::Read(const Line& line, intake::ReportJson& parser) {
  Entry entry;
  entry.line = line.number;
  intake::ProblemList problems;
  if (line.too_long) {
    problems.Add("record.too_large", "");
  } else {
    const intake::ReportJson::Result& parsed = parser.Parse(line.text);
    v1::Report report = parsed.report;
    problems = parsed.problems;
    if (report.retracted()) {
      problems.Drop([](const v1::Problem& problem) { return !MattersToRetraction(problem); });
    }
    entry.left_out = parsed.left_out;
    entry.report_id = report.report_id();
    entry.revision = report.revision();
    if (report.ByteSizeLong() > intake::Intake::kRecordBytesMax) {
      problems.Add("record.too_large", "");
    }
    if (!problems.rejected()) *request_.add_reports() = std::move(report);
  }
  entry.rejected = problems.rejected();
  entry.problems = problems.Take();
  return entry;
}

ReportLines::Answers ReportLines::Answer(const v1::SubmitReportsResponse& response) const {
  Answers answers;
  int next = 0;
  for (const Entry& entry : entries_) {
    const v1::SubmitResult* result =
        entry.rejected || next >= response.results_size() ? nullptr : &response.results(next++);
    v1::Rejection rejection = RejectionOf(entry, result);
    for (const v1::Problem& problem : rejection.problems()) {
      ++(problem.fatal() ? answers.fatal : answers.notes)[problem.code()];
    }
    if (rejection.outcome() == v1::OUTCOME_REJECTED) {
      ++answers.rejected;
    } else {
      ++(rejection.outcome() == v1::OUTCOME_HELD ? answers.held : answers.accepted);
      if (rejection.problems().empty()) continue;
      ++answers.with_problems;
    }
    answers.rejections.push_back(std::move(rejection));
  }
  return answers;
}

// `result` is nullptr where the line never got to the server.
v1::Rejection ReportLines::RejectionOf(const Entry& entry, const v1::SubmitResult* result) const {
  v1::Rejection rejection;
  rejection.set_partner(partner_);
  rejection.set_report_id(entry.report_id);
  rejection.set_revision(entry.revision);
  rejection.set_outcome(result == nullptr ? v1::OUTCOME_REJECTED : result->outcome());
  // The gateway does not tell where it put it.
  rejection.set_partition(-1);
  rejection.set_offset(-1);
  rejection.mutable_problems()->Assign(entry.problems.begin(), entry.problems.end());
  if (result != nullptr) {
    for (const v1::Problem& problem : result->problems()) {
      // Said already, with the reason.
      if (!IsIn(problem.field(), entry.left_out)) *rejection.add_problems() = problem;
    }
  }
  for (v1::Problem& problem : *rejection.mutable_problems()) {
    problem.set_message(fmt::format("{}:{}: {}", input_, entry.line, problem.message()));
  }
  return rejection;
}

}  // namespace ringfence::cli
