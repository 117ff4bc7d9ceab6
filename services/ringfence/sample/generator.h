#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipelines/core/time.h"
#include "ringfence/v1/report.pb.h"
#include "services/ringfence/sample/incident.h"
#include "services/ringfence/sample/mint.h"
#include "services/ringfence/sample/overlap.h"
#include "services/ringfence/sample/random.h"
#include "services/ringfence/sample/world.h"

namespace ringfence::sample {

enum class RecordKind {
  kFirst,
  // The same incident, told to another company.
  kSecondTelling,
  kRevision,
  kRetraction,
  // The same line again.
  kRedelivery,
  kBad,
};
// As the truth calls it.
std::string_view RecordKindWord(RecordKind kind);

// One line of a partner's file, with the truth about it.
struct Record {
  size_t partner = 0;
  // When the partner sends it.
  core::Time time = 0;
  RecordKind kind = RecordKind::kFirst;
  // Without the end of the line.
  std::string json;
  std::string report_id;
  uint32_t revision = 0;
  uint64_t incident = 0;
  uint32_t centre = 0;
  // Of a bad one; empty otherwise.
  std::string_view fault;
  // Nothing of it can be used.
  bool rejected = false;
  // What was made up for it. On an exchange's wallet others stand too.
  std::vector<MadeUp> made_up;
};

// A world of call centres and of the companies that their victims tell, record by record in the
// order of time: nothing of it is real, and what it names can hurt nobody (see Mint). The same
// options give the same records on every machine. Memory does not grow with the number of records:
// what waits for its time is bounded. Owned by one thread.
class Generator {
 public:
  struct Options {
    uint64_t seed = 1;
    // Lines, of all partners together.
    uint64_t records = 1'000;
    // 1 to 64.
    size_t partners = 4;
    // The records are spread evenly over the time before.
    core::Time until = 0;
    core::Time span = 30 * core::kDay;
    // Victims tell up to three companies, each of which hears another part of it (see Overlap).
    bool overlap = false;
    Omissions omissions = Omissions::kByCompany;
  };

  explicit Generator(const Options& options);

  // The next record, valid until the next call; nullptr after the last.
  const Record* Next();

  // Of identifiers and payees in all reports so far: how many there were, and how many of them had
  // never been named before.
  uint64_t named() const { return storyteller_.named(); }
  uint64_t made_up() const { return storyteller_.made_up(); }

 private:
  // What is to follow a record.
  struct Later {
    RecordKind kind = RecordKind::kRevision;
    size_t partner = 0;
    Incident incident;
    v1::Report report;
  };

  void MakeFirst();
  void MakeLater(Later later);
  v1::Report Tell(Incident& incident, size_t partner);
  // Decides what follows the record just made.
  void Follow(const Incident& incident, const v1::Report& report);
  void FollowTellings(const Incident& incident, const v1::Report& report);
  void Schedule(RecordKind kind, size_t partner, const Incident& incident,
                const v1::Report& report);
  void Write(RecordKind kind, size_t partner, const Incident& incident, const v1::Report& report);
  void WriteBad(const Incident& incident, v1::Report& report);
  std::string NextReportId(size_t partner);

  const Options options_;
  Random random_;
  Mint mint_;
  World world_;
  Storyteller storyteller_;
  Overlap overlap_;
  // By time, then in order.
  std::map<std::pair<core::Time, uint64_t>, Later> later_;
  std::vector<uint64_t> reports_of_partner_;
  uint64_t made_ = 0;
  uint64_t incidents_ = 0;
  uint64_t scheduled_ = 0;
  Record record_;
};

}  // namespace ringfence::sample
