#include "pipelines/referral/findings.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace ringfence::referral {
namespace {

using core::Id;
using internal::v1::ReferralEntry;
using internal::v1::ReferralReport;

constexpr size_t kAllPairsMax = 8;
constexpr size_t kNextTied = 3;

Id IncidentOf(const ReferralReport& report) { return {report.incident_hi(), report.incident_lo()}; }

Id IdOf(const v1::Indicator& indicator) {
  return core::IdentifierId(indicator.type(), indicator.value());
}

struct Incident {
  std::vector<const ReferralReport*> reports;
  const ReferralReport* representative = nullptr;
};

// Who stands for an incident first.
auto Rank(const ReferralReport& report) {
  return std::make_tuple(!report.representative(), report.members().empty(), report.reported_at());
}

std::map<Id, Incident> IncidentsOf(const Dossier& dossier) {
  std::map<Id, Incident> incidents;
  for (const ReferralEntry& entry : dossier.reports) {
    const ReferralReport& report = entry.report();
    if (!report.counts()) continue;
    Incident& incident = incidents[IncidentOf(report)];
    incident.reports.push_back(&report);
    // Reports come in the order of their ids, which decides between equals.
    if (incident.representative == nullptr || Rank(report) < Rank(*incident.representative)) {
      incident.representative = &report;
    }
  }
  return incidents;
}

std::string MonthOf(core::Time time) { return DateOf(time).substr(0, 7); }

void CountIncident(const Incident& incident, Findings& findings) {
  const ReferralReport& stands = *incident.representative;
  ++findings.incidents;
  findings.reports += static_cast<uint32_t>(incident.reports.size());
  ++findings.by_country[stands.country()];
  ++findings.by_month[MonthOf(stands.occurred_at())];
  ++findings.timeline[core::FloorDay(stands.occurred_at())].incidents;
  if (stands.losses().empty()) ++findings.incidents_without_loss;
  for (const v1::AmountTotal& loss : stands.losses()) {
    Findings::Loss& total = findings.losses[loss.currency()];
    ++total.incidents;
    if (const auto amount = core::Decimal::ParseSum(loss.amount())) total.total += *amount;
  }
  if (stands.scam_type() != v1::SCAM_TYPE_UNSPECIFIED) {
    ++findings.by_scam_type[WordOf(stands.scam_type())];
  }
  std::set<std::string> organisations;
  for (const ReferralReport* report : incident.reports) {
    organisations.insert(report->organisation());
    ++findings.by_organisation[report->organisation()].reports;
    ++findings.timeline[core::FloorDay(report->occurred_at())].reports;
    if (!report->impersonated().empty()) findings.impersonated.insert(report->impersonated());
  }
  for (const std::string& organisation : organisations) {
    ++findings.by_organisation[organisation].incidents;
  }
}

// What is counted of one indicator, or of a tie, before it is added up.
struct Seen {
  std::set<Id> incidents;
  std::set<std::string> organisations;
};

class Sightings {
 public:
  explicit Sightings(const Dossier& dossier) {
    for (const v1::Indicator& indicator : dossier.indicators) {
      const Id id = IdOf(indicator);
      if (index_.try_emplace(id, sighted_.size()).second) {
        sighted_.push_back({&indicator, 0, 0, 0, {}, core::kTimeMax, core::kTimeMin});
      }
    }
    seen_.resize(sighted_.size());
  }

  void Add(const ReferralReport& report) {
    std::set<size_t> named;
    for (const ReferralReport::Member& member : report.members()) {
      const auto found = index_.find(Id{member.id_hi(), member.id_lo()});
      if (found == index_.end()) continue;
      named.insert(found->second);
      by_incident_[IncidentOf(report)].named[found->first] = found->second;
      Sighted& sighted = sighted_[found->second];
      sighted.roles.insert(member.role());
      sighted.first_seen = std::min(sighted.first_seen, member.observed_at());
      sighted.last_seen = std::max(sighted.last_seen, member.observed_at());
    }
    for (const size_t at : named) {
      ++sighted_[at].reports;
      seen_[at].incidents.insert(IncidentOf(report));
      seen_[at].organisations.insert(report.organisation());
    }
    if (!named.empty()) {
      by_incident_[IncidentOf(report)].organisations.insert(report.organisation());
    }
  }

  void Finish(Findings& findings) {
    std::vector<size_t> order;
    for (size_t i = 0; i < sighted_.size(); ++i) {
      if (sighted_[i].reports == 0) continue;
      sighted_[i].incidents = static_cast<uint32_t>(seen_[i].incidents.size());
      sighted_[i].organisations = static_cast<uint32_t>(seen_[i].organisations.size());
      order.push_back(i);
    }
    std::sort(order.begin(), order.end(), [this](size_t a, size_t b) {
      const auto key = [](const Sighted& s) {
        return std::make_tuple(-int{s.indicator->action()}, -int64_t{s.incidents},
                               int{s.indicator->type()}, std::string_view(s.indicator->value()));
      };
      return key(sighted_[a]) < key(sighted_[b]);
    });
    std::vector<size_t> place(sighted_.size());
    for (size_t i = 0; i < order.size(); ++i) {
      place[order[i]] = i;
      const Sighted& sighted = sighted_[order[i]];
      ++findings.timeline[core::FloorDay(sighted.first_seen)].indicators;
      findings.tlp = std::max(findings.tlp, sighted.indicator->tlp());
      findings.indicators.push_back(sighted);
    }
    TieAll();
    for (const auto& [pair, seen] : ties_) {
      const auto [a, b] = std::minmax(place[pair.first], place[pair.second]);
      findings.ties.push_back({a, b, static_cast<uint32_t>(seen.incidents.size()),
                               static_cast<uint32_t>(seen.organisations.size())});
    }
    std::sort(findings.ties.begin(), findings.ties.end(), [](const Tie& a, const Tie& b) {
      return std::make_tuple(-int64_t{a.incidents}, -int64_t{a.organisations}, a.a, a.b) <
             std::make_tuple(-int64_t{b.incidents}, -int64_t{b.organisations}, b.a, b.b);
    });
  }

 private:
  // What the reports of one incident name.
  struct Named {
    std::map<Id, size_t> named;
    std::set<std::string> organisations;
  };

  void TieAll() {
    for (const auto& [id, incident] : by_incident_) {
      std::vector<size_t> order;
      for (const auto& [member, at] : incident.named) order.push_back(at);
      const size_t n = order.size();
      for (size_t i = 0; i < n; ++i) {
        const size_t last = n <= kAllPairsMax ? n - 1 : i + kNextTied;
        for (size_t j = i + 1; j <= last; ++j) {
          Seen& tie = ties_[std::minmax(order[i], order[j % n])];
          tie.incidents.insert(id);
          tie.organisations.insert(incident.organisations.begin(), incident.organisations.end());
        }
      }
    }
  }

  std::vector<Sighted> sighted_;
  std::vector<Seen> seen_;
  absl::flat_hash_map<Id, size_t> index_;
  std::map<Id, Named> by_incident_;
  std::map<std::pair<size_t, size_t>, Seen> ties_;
};

std::string LowerWord(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::string word(name);
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return word;
}

std::string Format(const char* format, core::Time time) {
  return absl::FormatTime(format, absl::FromUnixNanos(time), absl::UTCTimeZone());
}

}  // namespace

Findings Find(const Dossier& dossier) {
  Findings findings;
  for (const auto& [id, incident] : IncidentsOf(dossier)) CountIncident(incident, findings);
  Sightings sightings(dossier);
  for (const ReferralEntry& entry : dossier.reports) {
    const ReferralReport& report = entry.report();
    if (!report.counts()) ++findings.mentions;
    Findings::Sources& sources = findings.sources[report.partner()];
    ++(report.listed() ? sources.listed : sources.counted);
    sightings.Add(report);
  }
  sightings.Finish(findings);
  return findings;
}

std::string WordOf(v1::ScamType type) { return LowerWord(v1::ScamType_Name(type), "SCAM_TYPE_"); }
std::string WordOf(v1::IdentifierRole role) {
  return LowerWord(v1::IdentifierRole_Name(role), "IDENTIFIER_ROLE_");
}
std::string WordOf(v1::Action action) { return LowerWord(v1::Action_Name(action), "ACTION_"); }
std::string WordOf(v1::Basis basis) { return LowerWord(v1::Basis_Name(basis), "BASIS_"); }

std::string WordOf(v1::Tlp tlp) {
  switch (tlp) {
    case v1::TLP_CLEAR:
      return "TLP:CLEAR";
    case v1::TLP_GREEN:
      return "TLP:GREEN";
    case v1::TLP_AMBER:
      return "TLP:AMBER";
    case v1::TLP_AMBER_STRICT:
      return "TLP:AMBER+STRICT";
    default:
      return "TLP:RED";
  }
}

std::string DateOf(core::Time time) { return Format("%Y-%m-%d", time); }
std::string MomentOf(core::Time time) { return Format("%Y-%m-%d %H:%M:%S UTC", time); }

}  // namespace ringfence::referral
