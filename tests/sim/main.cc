// Random worlds through the stages on a simulated log, against the oracle.
//
//   ringfence_sim --seeds A B       seeds from A, below B; says which failed
//   ringfence_sim --seed N [-v]     one, with -v step by step
//
// With `--break detach|marks|policies|rechecks` a rule is broken, to see that it is noticed.
// Exits with 1 if a seed failed.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "tests/sim/simulation.h"

namespace ringfence::sim {
namespace {

constexpr int kFailuresShown = 10;

struct Arguments {
  uint64_t first = 0;
  uint64_t end = 0;
  SimulationOptions options;
};

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

constexpr std::pair<Break, std::string_view> kBreaks[] = {{Break::kDetach, "detach"},
                                                          {Break::kMarks, "marks"},
                                                          {Break::kPolicies, "policies"},
                                                          {Break::kRechecks, "rechecks"}};

std::optional<Break> BreakOf(std::string_view word) {
  for (const auto& [broken, name] : kBreaks) {
    if (name == word) return broken;
  }
  return std::nullopt;
}

std::optional<Arguments> ParseArguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    auto number = [&]() { return i + 1 < argc ? ParseNumber(argv[++i]) : std::nullopt; };
    if (word == "-v") {
      arguments.options.verbose = true;
    } else if (word == "--seed") {
      std::optional<uint64_t> seed = number();
      if (!seed) return std::nullopt;
      arguments.first = *seed;
      arguments.end = *seed + 1;
    } else if (word == "--seeds") {
      std::optional<uint64_t> first = number();
      std::optional<uint64_t> end = number();
      if (!first || !end) return std::nullopt;
      arguments.first = *first;
      arguments.end = *end;
    } else if (word == "--break" && i + 1 < argc) {
      const auto broken = BreakOf(argv[++i]);
      if (!broken) return std::nullopt;
      arguments.options.broken = *broken;
    } else {
      return std::nullopt;
    }
  }
  if (arguments.first >= arguments.end) return std::nullopt;
  return arguments;
}

int Run(Arguments arguments) {
  std::string broken;
  for (const auto& [rule, name] : kBreaks) {
    if (arguments.options.broken == rule) broken = fmt::format(" --break {}", name);
  }
  int failures = 0;
  for (uint64_t seed = arguments.first; seed < arguments.end; ++seed) {
    arguments.options.seed = seed;
    const std::string wrong = Simulate(arguments.options);
    if (wrong.empty()) continue;
    if (++failures > kFailuresShown) continue;
    fmt::print("seed {} failed; again with: ringfence_sim --seed {}{} -v\n{}\n", seed, seed, broken,
               wrong);
    std::fflush(stdout);
  }
  fmt::print("{} worlds, {} wrong\n", arguments.end - arguments.first, failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ringfence::sim

int main(int argc, char** argv) {
  const auto arguments = ringfence::sim::ParseArguments(argc, argv);
  if (!arguments) {
    fmt::print(stderr,
               "usage: ringfence_sim --seeds A B | --seed N   [-v] "
               "[--break detach|marks|policies|rechecks]\n");
    return 2;
  }
  return ringfence::sim::Run(*arguments);
}
