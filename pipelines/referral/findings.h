#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pipelines/core/decimal.h"
#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "pipelines/referral/dossier.h"

namespace ringfence::referral {

// An indicator as the pack's reports name it, in whatever role.
struct Sighted {
  // Of the dossier.
  const v1::Indicator* indicator = nullptr;
  uint32_t incidents = 0;
  uint32_t reports = 0;
  uint32_t organisations = 0;
  std::set<v1::IdentifierRole> roles;
  core::Time first_seen = 0;
  core::Time last_seen = 0;
};

// Two indicators (by their index) that were named for the same incidents. Each incident ties all
// pairs of up to 8; of more, each with the next three in the order of their ids, cyclically.
struct Tie {
  size_t a = 0;
  size_t b = 0;
  uint32_t incidents = 0;
  uint32_t organisations = 0;
};

// What a dossier adds up to. Incidents, amounts and reports are those that count in the campaign,
// each incident once: its country, month and amounts are those of its representative, or, where
// that may not stand in a pack, of the report that is next in line.
struct Findings {
  struct Organisation {
    // An incident that several organisations report counts for each of them.
    uint32_t incidents = 0;
    uint32_t reports = 0;
  };
  struct Loss {
    core::Decimal total;
    uint32_t incidents = 0;
  };
  struct Sources {
    uint32_t listed = 0;
    uint32_t counted = 0;
  };
  struct Day {
    uint32_t incidents = 0;
    uint32_t reports = 0;
    // Seen for the first time.
    uint32_t indicators = 0;
  };

  uint32_t incidents = 0;
  uint32_t reports = 0;
  // "" where the victim's country is not known.
  std::map<std::string, uint32_t> by_country;
  std::map<std::string, Organisation> by_organisation;
  // "2026-03".
  std::map<std::string, uint32_t> by_month;
  std::map<std::string, Loss> losses;
  uint32_t incidents_without_loss = 0;
  std::map<std::string, uint32_t> by_scam_type;
  std::set<std::string> impersonated;
  std::map<core::Day, Day> timeline;
  // Reports that name identifiers of the campaign, but whose incident counts in another.
  uint32_t mentions = 0;
  std::map<std::string, Sources> sources;
  // The greatest action first, then by incidents, type, value. Those that no report of the pack
  // names are left out.
  std::vector<Sighted> indicators;
  // The most incidents first.
  std::vector<Tie> ties;
  v1::Tlp tlp = v1::TLP_UNSPECIFIED;
};

// `dossier` must outlive the result.
Findings Find(const Dossier& dossier);

// The lower-case word of an enumeration's value: "tech_support", "callback", "block".
std::string WordOf(v1::ScamType type);
std::string WordOf(v1::IdentifierRole role);
std::string WordOf(v1::Action action);
std::string WordOf(v1::Basis basis);
// "TLP:AMBER+STRICT".
std::string WordOf(v1::Tlp tlp);
// "2026-03-01", "2026-03-01 12:00:00 UTC"
std::string DateOf(core::Time time);
std::string MomentOf(core::Time time);

}  // namespace ringfence::referral
