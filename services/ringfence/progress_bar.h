#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace ringfence::cli {

// One line on a terminal that is written over again and again. Says nothing where standard error is
// none.
class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar() { Finish(); }
  // Ends the line.
  void Finish();

  // `permille` is how much is done, where that is known; `count` what was done so far.
  void Show(std::optional<uint32_t> permille, uint64_t count, const std::string& remark);

 private:
  using Clock = std::chrono::steady_clock;

  const bool is_terminal_;
  const Clock::time_point start_;
  Clock::time_point last_;
  bool shown_ = false;
};

// "[#####.....]  50 %  1,000 reports  500/s  3 rejected"
std::string ProgressText(std::optional<uint32_t> permille, uint64_t count, double seconds,
                         const std::string& remark);

}  // namespace ringfence::cli
