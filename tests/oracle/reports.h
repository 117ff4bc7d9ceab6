#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "tests/oracle/decisions.h"
#include "tests/oracle/oracle.h"

// The oracle's first step: the reports that hold, their incidents, and what they name.
namespace ringfence::oracle {

// A link node: the base, and for an IP the day.
struct Node {
  core::Id base;
  core::Day day = 0;
  auto operator<=>(const Node&) const = default;
};

// An identifier in one role, as one report has it. Points into the world.
struct Occurrence {
  const internal::v1::ReportRevision* report;
  const internal::v1::NamedIdentifier* named;
  ReportName incident;
  // What operators decided about the identifier.
  Word word = {};
  // By the policy.
  core::Time live_until = 0;

  core::Id Identifier() const;
  Node LinkNode() const;
  bool Links() const;
  bool IsDisregarded() const;
  bool LinksStill(core::Time as_of) const;
  // Counts towards listing, of an identifier that is ever listed.
  bool IsLive(core::Time as_of) const;
  // Towards score and quorum.
  bool Counts() const;
};

struct Incident {
  const internal::v1::ReportRevision* representative = nullptr;
  std::vector<const internal::v1::ReportRevision*> reports;
};

class Reports {
 public:
  // `world` must outlive it.
  explicit Reports(const World& world);
  const Decisions& decisions() const { return decisions_; }
  // How many canaries each organisation's live reports name.
  std::map<std::string, uint32_t> CanariesNamed(core::Time as_of) const;

  // Of each report the highest revision, where that is no retraction.
  const std::map<ReportName, const internal::v1::ReportRevision*>& held() const { return held_; }
  // Beyond a quota: how many of each partner's wait, and how many were dropped.
  using Withheld = std::map<std::string, std::pair<uint64_t, uint64_t>>;
  const Withheld& withheld() const { return withheld_; }
  // By the name of the representative.
  const std::map<ReportName, Incident>& incidents() const { return incidents_; }
  const ReportName& IncidentOf(const internal::v1::ReportRevision& report) const;
  std::vector<Occurrence> OccurrencesOf(const internal::v1::ReportRevision& report) const;

  // The occurrences whose identifiers may bear a report's incident, the first first; one that is
  // withheld bears nothing, but ties the others' reports.
  using Bearers = std::vector<std::pair<std::tuple<int, core::Id>, Occurrence>>;
  Bearers BearersOf(const internal::v1::ReportRevision& report) const;

 private:
  void KeepHighestRevisions(const World& world);
  void GroupIntoIncidents(const World& world);

  const Decisions decisions_;
  std::map<ReportName, const internal::v1::ReportRevision*> held_;
  Withheld withheld_;
  std::map<ReportName, ReportName> incident_of_;
  std::map<ReportName, Incident> incidents_;
};

}  // namespace ringfence::oracle
