#include "pipelines/referral/tables.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "pipelines/core/csv.h"
#include "pipelines/core/time.h"
#include "pipelines/identifiers/normalise.h"

namespace ringfence::referral {
namespace {

using internal::v1::ReferralEntry;
using internal::v1::ReferralReport;

class CsvFile {
 public:
  CsvFile(std::string name, const std::vector<std::string>& header) : file_{std::move(name), ""} {
    Add(header);
  }
  void Add(const std::vector<std::string>& row) {
    core::AppendCsvRow(row, core::CsvPlus::kEscape, file_.bytes);
  }
  PackFile Take() { return std::move(file_); }

 private:
  PackFile file_;
};

std::string Number(uint32_t number) { return std::to_string(number); }

PackFile Countries(const Findings& findings) {
  CsvFile file("incidents-by-country.csv", {"country", "incidents"});
  for (const auto& [country, incidents] : findings.by_country) {
    file.Add({country.empty() ? "unknown" : country, Number(incidents)});
  }
  return file.Take();
}

PackFile Organisations(const Findings& findings) {
  CsvFile file("incidents-by-organisation.csv", {"organisation", "incidents", "reports"});
  for (const auto& [organisation, counts] : findings.by_organisation) {
    file.Add({organisation, Number(counts.incidents), Number(counts.reports)});
  }
  return file.Take();
}

PackFile Months(const Findings& findings) {
  CsvFile file("incidents-by-month.csv", {"month", "incidents"});
  for (const auto& [month, incidents] : findings.by_month) file.Add({month, Number(incidents)});
  return file.Take();
}

PackFile Losses(const Findings& findings) {
  CsvFile file("losses.csv", {"currency", "amount", "incidents"});
  for (const auto& [currency, loss] : findings.losses) {
    file.Add({currency, loss.total.ToString(), Number(loss.incidents)});
  }
  return file.Take();
}

PackFile Timeline(const Findings& findings) {
  CsvFile file("timeline.csv", {"day", "incidents", "reports", "new_indicators"});
  for (const auto& [day, counts] : findings.timeline) {
    file.Add({DateOf(core::StartOfDay(day)), Number(counts.incidents), Number(counts.reports),
              Number(counts.indicators)});
  }
  return file.Take();
}

PackFile Indicators(const Findings& findings) {
  CsvFile file("indicators.csv", {"number", "type", "value", "action", "roles", "incidents",
                                  "reports", "organisations", "first_seen", "last_seen",
                                  "shared_infrastructure", "tlp", "indicator_id"});
  for (size_t i = 0; i < findings.indicators.size(); ++i) {
    const Sighted& sighted = findings.indicators[i];
    const v1::Indicator& indicator = *sighted.indicator;
    std::string roles;
    for (const v1::IdentifierRole role : sighted.roles) {
      roles += (roles.empty() ? "" : " ") + WordOf(role);
    }
    file.Add({std::to_string(i + 1), std::string(identifiers::TypeWord(indicator.type())),
              indicator.value(), WordOf(indicator.action()), roles, Number(sighted.incidents),
              Number(sighted.reports), Number(sighted.organisations), DateOf(sighted.first_seen),
              DateOf(sighted.last_seen), indicator.shared_infrastructure() ? "yes" : "no",
              WordOf(indicator.tlp()), indicator.indicator_id()});
  }
  return file.Take();
}

PackFile Ties(const Findings& findings) {
  CsvFile file("ties.csv", {"indicator", "indicator_number", "other", "other_number", "incidents",
                            "organisations"});
  for (const Tie& tie : findings.ties) {
    file.Add({findings.indicators[tie.a].indicator->value(), std::to_string(tie.a + 1),
              findings.indicators[tie.b].indicator->value(), std::to_string(tie.b + 1),
              Number(tie.incidents), Number(tie.organisations)});
  }
  return file.Take();
}

// By partner, then by alias: nothing tells in which order they came.
PackFile Sources(const Dossier& dossier, const Aliases& aliases) {
  CsvFile file("source-reports.csv", {"partner", "report_alias", "revision", "reported_on", "basis",
                                      "incident_alias", "content_hmac_sha256"});
  std::vector<std::vector<std::string>> rows;
  for (const ReferralEntry& entry : dossier.reports) {
    const ReferralReport& report = entry.report();
    if (!report.listed()) continue;
    rows.push_back({report.partner(), aliases.OfReport({entry.report_hi(), entry.report_lo()}),
                    Number(report.revision()), DateOf(report.reported_at()), WordOf(report.basis()),
                    aliases.OfIncident({report.incident_hi(), report.incident_lo()}),
                    aliases.OfContent(report.content_hash())});
  }
  std::sort(rows.begin(), rows.end());
  for (const std::vector<std::string>& row : rows) file.Add(row);
  return file.Take();
}

}  // namespace

std::vector<PackFile> CsvFiles(const Dossier& dossier, const Findings& findings,
                               const Aliases& aliases) {
  return {Countries(findings), Organisations(findings),  Months(findings),
          Losses(findings),    Timeline(findings),       Indicators(findings),
          Ties(findings),      Sources(dossier, aliases)};
}

}  // namespace ringfence::referral
