// What taking the set costs.
//
//   subscribers_bench fanout [SUBSCRIBERS STUCK CHANGES_PER_SECOND SECONDS]     1000 10 100 20
//       Subscribers of one server over loopback, in a process of their own; STUCK of them never
//       read. Prints deliveries per core-second of the server, how late they were, and its memory.
//   subscribers_bench removals [ROUNDS]                                          200
//       On an idle `serve`: from the answer to a retraction to a subscriber's receipt of the
//       removal.
//   subscribers_bench lists [ENTRIES...]                                         10000 100000
//       Bytes of the phone list and the private list, whole and after a hundredth has changed.
#include "tests/bench/subscribers_bench.h"

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  std::vector<uint64_t> numbers;
  for (int i = 2; i < argc; ++i) numbers.push_back(std::strtoull(argv[i], nullptr, 10));
  const auto number = [&](size_t place, int otherwise) {
    return place < numbers.size() ? static_cast<int>(numbers[place]) : otherwise;
  };
  if (what == "fanout")
    return ringfence::bench::Fanout(number(0, 1'000), number(1, 10), number(2, 100), number(3, 20));
  if (what == "removals") return ringfence::bench::Removals(number(0, 200));
  if (what == "lists")
    return ringfence::bench::ListSizes(numbers.empty() ? std::vector<uint64_t>{10'000, 100'000}
                                                       : numbers);
  std::fprintf(stderr, "subscribers_bench fanout|removals|lists\n");
  return 2;
}
