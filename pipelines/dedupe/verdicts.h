#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "pipelines/core/place.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "pipelines/identifiers/policy_values.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::dedupe {

// What operators' decisions make of reports: whether one counts at all, under which organisation it
// speaks, and what the identifiers that it names may still do. The one place where that is decided:
// all evidence is made of what `Decide` gives. Read once, put into the state as it changes.
//
// Tables of the state:
//   'p' place (8)   PartnerRetraction
//   'q' place (8)   HeldDecision
//   'g'             Organisations
//   'y'             StoredPolicy
class Verdicts {
 public:
  // `state` must outlive it.
  explicit Verdicts(core::State& state);

  // Older than what is held: false, and nothing happens.
  bool Put(const internal::v1::PartnerRetraction& retraction, core::Time now);
  bool Put(const internal::v1::Organisations& organisations);
  bool Put(const internal::v1::HeldDecision& decision, core::Time now);
  // Also false where it changes nothing of what reports say.
  bool Put(const internal::v1::PolicyNews& policy);

  // The revision does nothing: a partner's retraction covers it, or it was held and is not
  // released.
  bool Withdraws(const internal::v1::ReportRevision& revision) const;
  // A partner's retraction covers it.
  bool IsRetracted(const internal::v1::ReportRevision& revision) const;
  // What operators decided about a held report; nullopt: it waits.
  enum class Fate { kReleased, kDropped };
  std::optional<Fate> FateOf(std::string_view partner, core::Time arrival) const;
  // Place of the policy by whose spans evidence is to be made; 0: the compiled ones.
  core::Place spans_place() const { return spans_place_; }
  // Of one that is in no list the partner itself, under a name that no organisation has.
  std::string OrganisationOf(const std::string& partner) const;
  // The revision as it speaks: its partner is the organisation, its identifiers carry marks.
  internal::v1::ReportRevision Decide(internal::v1::ReportRevision revision,
                                      const internal::v1::StoredReport& stored) const;

 private:
  void StampSpans(internal::v1::ReportRevision& revision) const;

  core::State& state_;
  std::vector<internal::v1::PartnerRetraction> retractions_;
  // By place.
  std::map<core::Place, internal::v1::HeldDecision> held_decisions_;
  core::Place policy_place_ = 0;
  core::Place spans_place_ = 0;
  identifiers::PolicyValues policy_;
  core::Place organisations_place_ = 0;
  bool listed_ = false;
  absl::flat_hash_map<std::string, std::string> members_;
};

// How many reports of the partner that arrived in [from, until) stand: neither retracted nor
// withdrawn. Reads all of the state.
uint64_t CountReports(core::State& state, const std::string& partner, core::Time from,
                      core::Time until);

// Of a revision that came twice, and of which intake thought otherwise when it came again, what it
// thought more of holds: that with the fewest doubts. Held, it has at least `kHeldDoubts`.
inline constexpr uint32_t kHeldDoubts = 1'000;
uint32_t DoubtsOf(const internal::v1::ReportRevision& revision);
inline uint32_t DoubtsOf(const internal::v1::StoredReport& stored) { return stored.doubts(); }

// It waits, or was dropped; or its partner's reports were withdrawn while it did.
bool IsHeld(const internal::v1::StoredReport& stored);

// What is held of one partner.
struct HeldReports {
  std::string partner;
  // That wait, and that an operator dropped.
  uint64_t waiting = 0;
  uint64_t dropped = 0;
  // Arrival of the first and the last that waits; 0 where none does.
  core::Time first = 0;
  core::Time last = 0;
};
// By partner; those that were released are held no longer. Reads those that are held, whatever else
// there is.
std::vector<HeldReports> ListHeld(core::State& state);
// Of how many reports of the partner that arrived in [from, until) a decision makes another thing:
// one that drops, of those that wait or were released; one that releases, of those that wait or
// were dropped. To drop reads all of the state.
uint64_t CountHeld(core::State& state, const std::string& partner, core::Time from,
                   core::Time until, bool drop);

// Keeps what cluster says of an identifier of the report. False where nothing is another then: it
// is older than what is held, says the same, or `revision`, which the report holds, names no such
// identifier.
bool PutMark(const internal::v1::MarkNews& news, const internal::v1::ReportRevision& revision,
             internal::v1::StoredReport& stored);
// Forgets marks of identifiers that the revision does not name.
void PruneMarks(const internal::v1::ReportRevision& revision, internal::v1::StoredReport& stored);

}  // namespace ringfence::dedupe
