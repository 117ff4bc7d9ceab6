#include "services/ringfence/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

constexpr std::chrono::milliseconds kBetween{100};
constexpr uint32_t kWidth = 24;

}  // namespace

ProgressBar::ProgressBar()
    : is_terminal_(::isatty(STDERR_FILENO) == 1), start_(Clock::now()), last_(start_ - kBetween) {}

void ProgressBar::Finish() {
  if (shown_) fmt::print(stderr, "\n");
  shown_ = false;
}

void ProgressBar::Show(std::optional<uint32_t> permille, uint64_t count,
                       const std::string& remark) {
  const Clock::time_point now = Clock::now();
  if (!is_terminal_ || (now - last_ < kBetween && permille.value_or(0) < 1'000)) return;
  last_ = now;
  shown_ = true;
  const std::chrono::duration<double> passed = now - start_;
  // To the line's start, and what is left of the old one away.
  fmt::print(stderr, "\r{}\x1b[K", ProgressText(permille, count, passed.count(), remark));
  std::fflush(stderr);
}

std::string ProgressText(std::optional<uint32_t> permille, uint64_t count, double seconds,
                         const std::string& remark) {
  std::string text;
  if (permille) {
    const uint32_t filled = *permille * kWidth / 1'000;
    text = fmt::format("[{}{}] {:3} %  ", std::string(filled, '#'),
                       std::string(kWidth - filled, '.'), *permille / 10);
  }
  text += fmt::format("{} reports", CountWord(count));
  if (seconds >= 1) {
    text += fmt::format("  {}/s",
                        CountWord(static_cast<uint64_t>(static_cast<double>(count) / seconds)));
  }
  return remark.empty() ? text : text + "  " + remark;
}

}  // namespace ringfence::cli
