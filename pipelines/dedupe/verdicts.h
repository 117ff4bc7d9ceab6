#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "pipelines/core/place.h"
#include "pipelines/core/state.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/internal/v1/state.pb.h"

namespace ringfence::dedupe {

// What operators' decisions make of reports: whether one counts at all, under which organisation it
// speaks, and what the identifiers that it names may still do. The one place where that is decided:
// all evidence is made of what `Decide` gives. Read once, put into the state as it changes.
//
// Tables of the state:
//   'p' place (8)   PartnerRetraction
//   'g'             Organisations
class Verdicts {
 public:
  // `state` must outlive it.
  explicit Verdicts(core::State& state);

  // Older than what is held: false, and nothing happens.
  bool Put(const internal::v1::PartnerRetraction& retraction, core::Time now);
  bool Put(const internal::v1::Organisations& organisations);

  // A partner's retraction covers what arrived then.
  bool Withdraws(std::string_view partner, core::Time arrival) const;
  // Of one that is in no list the partner itself, under a name that no organisation has.
  std::string OrganisationOf(const std::string& partner) const;
  // The revision as it speaks: its partner is the organisation, its identifiers carry marks.
  internal::v1::ReportRevision Decide(internal::v1::ReportRevision revision,
                                      const internal::v1::StoredReport& stored) const;

 private:
  core::State& state_;
  std::vector<internal::v1::PartnerRetraction> retractions_;
  core::Place organisations_place_ = 0;
  bool listed_ = false;
  absl::flat_hash_map<std::string, std::string> members_;
};

// How many reports of the partner that arrived in [from, until) stand: neither retracted nor
// withdrawn. Reads all of the state.
uint64_t CountReports(core::State& state, const std::string& partner, core::Time from,
                      core::Time until);

// Keeps what cluster says of an identifier of the report. False where nothing is another then: it
// is older than what is held, says the same, or `revision`, which the report holds, names no such
// identifier.
bool PutMark(const internal::v1::MarkNews& news, const internal::v1::ReportRevision& revision,
             internal::v1::StoredReport& stored);
// Forgets marks of identifiers that the revision does not name.
void PruneMarks(const internal::v1::ReportRevision& revision, internal::v1::StoredReport& stored);

}  // namespace ringfence::dedupe
