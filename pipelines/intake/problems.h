#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringfence/v1/report_service.pb.h"

namespace ringfence::intake {

enum class Severity {
  // The report is accepted; what the problem names was left out or replaced.
  kNote,
  // The report is rejected.
  kFatal,
  // Fatal where the field decides which report it is or how far it may travel (report_id, revision,
  // retracted, occurred_at, tlp, basis, referral), a note elsewhere.
  kByField,
};

// One row of the table of problem codes. Codes are stable: partners' programs compare them.
struct ProblemCode {
  // "<type>.empty" stands for one code per identifier type, "victim.handles.<code>" for the codes
  // of the handle's type.
  std::string_view code;
  Severity severity;
  // For a person. Never contains a value.
  std::string_view message;
};

// All of them, by code.
std::span<const ProblemCode> AllProblemCodes();

// The row of a code ("phone.empty" has that of "<type>.empty"); nullptr where there is none.
const ProblemCode* FindProblemCode(std::string_view code);

// What stands in ops/problem-codes.md: the table as Markdown. A test keeps them equal.
std::string ProblemCodesMarkdown();

// The problems of one report, in the order in which they were found. Holds at most kProblemsMax;
// the last then says that there were more, or is fatal.
class ProblemList {
 public:
  static constexpr size_t kProblemsMax = 100;

  // `code` must be in the table; `decisive` says whether the field is one for which
  // Severity::kByField is fatal. `field` is the path of the field ("identifiers[2].value"), empty
  // for the whole record.
  void Add(std::string_view code, std::string field, bool decisive = false);

  bool rejected() const { return rejected_; }
  const std::vector<v1::Problem>& problems() const { return problems_; }
  std::vector<v1::Problem> Take() { return std::move(problems_); }
  // Forgets those of which `irrelevant(problem)` holds.
  template <typename Predicate>
  void Drop(Predicate irrelevant) {
    std::erase_if(problems_, irrelevant);
    rejected_ = false;
    for (const v1::Problem& problem : problems_) rejected_ = rejected_ || problem.fatal();
  }

 private:
  std::vector<v1::Problem> problems_;
  bool rejected_ = false;
};

}  // namespace ringfence::intake
