#pragma once

#include <string>
#include <string_view>

#include "ringfence/v1/report.pb.h"
#include "services/ringfence/sample/random.h"

namespace ringfence::sample {

// A way in which partners get a record wrong.
struct Fault {
  // In the truth: "truncated".
  std::string_view name;
  // Nothing of the record can be used; otherwise it is accepted, most often with a problem.
  bool rejected;
  // Either of them, or both: what it does to the report, and to its JSON.
  void (*damage_report)(v1::Report& report, Random& random);
  void (*damage_text)(std::string& json, Random& random);
};

const Fault& PickFault(Random& random);

}  // namespace ringfence::sample
