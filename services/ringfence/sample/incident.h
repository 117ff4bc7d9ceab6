#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/core/time.h"
#include "ringfence/v1/report.pb.h"
#include "services/ringfence/sample/world.h"

namespace ringfence::sample {

// One victim's loss to one call centre, whoever reports it.
struct Incident {
  struct Transfer {
    Kind kind = Kind::kAccount;
    Named payee;
    std::string amount;
    std::string reference;
    v1::Payment::Status status = v1::Payment::STATUS_UNSPECIFIED;
    core::Time paid_at = 0;
  };
  struct Met {
    Kind kind = Kind::kCallback;
    Named named;
  };

  uint64_t number = 0;
  Centre* centre = nullptr;
  const Country* country = nullptr;
  core::Time occurred_at = 0;
  std::string email;
  // Empty where the victim gives none.
  std::string phone;
  std::string account;
  std::string police_reference;
  std::vector<Met> met;
  std::vector<Transfer> transfers;
};

// An identifier that was made up, for the truth.
struct MadeUp {
  v1::IdentifierType type = v1::IDENTIFIER_TYPE_UNSPECIFIED;
  std::string canonical;
  // An exchange's wallet: no centre's own.
  bool shared = false;
};

// Makes incidents, and reports of them. Owned by one thread.
class Storyteller {
 public:
  Storyteller(World& world, Mint& mint, Random& random)
      : world_(world), mint_(mint), random_(random) {}

  // What happened, without what the victim met.
  Incident Happen(uint64_t number, core::Time occurred_at);
  // What `partner` learns when the victim comes to it: adds to what is known of the incident.
  v1::Report Tell(Incident& incident, size_t partner, core::Time reported_at);
  // One thing more, which the partner had not known.
  void Add(Incident& incident, size_t partner, v1::Report& report);

  // Of identifiers and payees: all, and those that are new.
  uint64_t named() const { return named_; }
  uint64_t made_up() const { return made_up_count_; }
  // Made up since the last call.
  std::vector<MadeUp> TakeMadeUp() { return std::exchange(made_up_, {}); }

 private:
  Named Meet(Incident& incident, Kind kind);
  void Pay(Incident& incident, size_t partner);
  void AddVictim(const Incident& incident, v1::Report& report);
  void AddPayments(const Incident& incident, v1::Report& report);
  void AddIdentifier(const Incident& incident, const Incident::Met& met, v1::Report& report);
  void AddSharing(const Incident& incident, v1::Report& report);

  World& world_;
  Mint& mint_;
  Random& random_;
  uint64_t named_ = 0;
  uint64_t made_up_count_ = 0;
  std::vector<MadeUp> made_up_;
};

}  // namespace ringfence::sample
