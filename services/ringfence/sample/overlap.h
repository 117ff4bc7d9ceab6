#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "ringfence/v1/report.pb.h"
#include "services/ringfence/sample/incident.h"
#include "services/ringfence/sample/random.h"

namespace ringfence::sample {

// What makes it hard to see that reports of different companies are of one incident, or of two: a
// victim tells up to three companies, each hears another part of it, in another spelling and with
// another date; families share a telephone, and some victims are hit twice. Remembers a bounded
// number of victims. Owned by one thread.
class Overlap {
 public:
  explicit Overlap(Random& random) : random_(random) {}

  // Makes the victim of some incidents a relative of an earlier victim (the same telephone), or an
  // earlier victim again, in another week.
  void Befall(Incident& incident);
  // How many companies beside the first the victim tells: none, one or two.
  size_t FurtherTellings();
  // What of the story reaches the company, and how it writes it down.
  void Blur(v1::Report& report);

 private:
  void BlurVictim(v1::Report& report);
  void BlurPayments(v1::Report& report);
  std::string Respell(v1::VictimHandle::Kind kind, const std::string& value);

  Random& random_;
  // The latest last.
  std::deque<Incident> victims_;
};

}  // namespace ringfence::sample
