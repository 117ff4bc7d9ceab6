#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "ringfence/v1/report.pb.h"
#include "services/ringfence/sample/incident.h"
#include "services/ringfence/sample/mint.h"
#include "services/ringfence/sample/random.h"

namespace ringfence::sample {

// What reports lack.
enum class Omissions {
  // A company hardly ever lacks what it knows its customers by: a bank their account, a shop their
  // e-mail address, a telephone company their number. Most victims have a telephone.
  kByCompany,
  // Every company lacks everything equally often, and half of the victims have no telephone: harder
  // than life, for a quarter of the pairs of one incident share nothing.
  kUniform,
};

// What makes it hard to see that reports of different companies are of one incident, or of two: a
// victim tells up to three companies, each hears another part of it, in another spelling and with
// another date; families share a telephone, and some victims are hit twice, half of them by the
// same call centre. Remembers a bounded number of victims. Owned by one thread.
class Overlap {
 public:
  // All must outlive it.
  Overlap(Omissions omissions, Mint& mint, Random& random)
      : omissions_(omissions), mint_(mint), random_(random) {}

  // Makes the victim of some incidents a relative of an earlier victim (the same telephone), or an
  // earlier victim again, in another week.
  void Befall(Incident& incident);
  // How many companies beside the first the victim tells: none, one or two.
  size_t FurtherTellings();
  // What of the story reaches the company, and how it writes it down.
  void Blur(size_t partner, v1::Report& report);

 private:
  // Of a thousand reports, how many lack what.
  struct Omitted;
  const Omitted& OmittedBy(size_t partner) const;

  void BlurVictim(const Omitted& omitted, v1::Report& report);
  void BlurPayments(const Omitted& omitted, v1::Report& report);
  void BlurTimes(v1::Report& report);
  std::string Respell(v1::VictimHandle::Kind kind, const std::string& value);
  std::string Round(const std::string& amount);

  const Omissions omissions_;
  Mint& mint_;
  Random& random_;
  // The latest last.
  std::deque<Incident> victims_;
};

}  // namespace ringfence::sample
