#include <algorithm>

#include "absl/strings/str_cat.h"
#include "pipelines/identifiers/normalise.h"
#include "pipelines/referral/texts.h"

namespace ringfence::referral {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

std::string Of(uint32_t count, const char* one, const char* many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

void Cover(const Dossier& dossier, const Findings& findings, Document& out) {
  const internal::v1::ReferralFreeze& freeze = dossier.freeze;
  out.Title("Joint referral to law enforcement");
  out.Text(
      "Identifiers that the same fraudsters use, as the reports of several organisations show.");
  Rows rows = {{"", ""}};
  rows.push_back({"Addressed to", OrDash(freeze.addressee())});
  rows.push_back({"Reference", OrDash(freeze.reference())});
  rows.push_back({"Legal basis", OrDash(freeze.legal_basis())});
  rows.push_back({"Campaign", freeze.campaign_id()});
  rows.push_back({"Frozen at", MomentOf(freeze.at())});
  rows.push_back({"Frozen by", absl::StrCat(freeze.by(), ", deployment ", freeze.deployment())});
  rows.push_back({"Position", dossier.position});
  rows.push_back({"Made by", absl::StrCat("Ringfence ", freeze.release(), ", pack format 1")});
  rows.push_back({"Handling", WordOf(findings.tlp)});
  out.Table(std::move(rows));
}

void Figures(const Findings& findings, Document& out) {
  out.Heading("In short");
  std::string text = absl::StrCat(
      Of(findings.incidents, "incident", "incidents"), " (each victim's loss counted once) in ",
      Of(findings.reports, "report", "reports"), " of ",
      Of(static_cast<uint32_t>(findings.by_organisation.size()), "organisation", "organisations"),
      "; ", Of(static_cast<uint32_t>(findings.indicators.size()), "indicator", "indicators"), ".");
  if (!findings.timeline.empty()) {
    absl::StrAppend(&text, " From ", DateOf(core::StartOfDay(findings.timeline.begin()->first)),
                    " to ", DateOf(core::StartOfDay(findings.timeline.rbegin()->first)), ".");
  }
  out.Text(std::move(text));
  if (!findings.impersonated.empty()) {
    std::string names;
    for (const std::string& name : findings.impersonated) {
      absl::StrAppend(&names, names.empty() ? "" : ", ", name);
    }
    out.Text("The fraudsters pretended to be: " + names + ".");
  }
  if (findings.mentions > 0) {
    out.Text(Of(findings.mentions, "more report names", "more reports name") +
             " these indicators, but the incident is counted in another campaign: it is in none of "
             "the totals below.");
  }
}

void Totals(const Findings& findings, Document& out) {
  Rows losses = {{"Currency", "Amount", "Incidents"}};
  for (const auto& [currency, loss] : findings.losses) {
    losses.push_back({currency, loss.total.ToString(), std::to_string(loss.incidents)});
  }
  out.Heading("Losses, settled payments only");
  out.Table(std::move(losses));
  if (findings.incidents_without_loss > 0) {
    out.Text(Of(findings.incidents_without_loss, "incident", "incidents") +
             " without a settled payment that was reported.");
  }
  Rows countries = {{"Victim's country", "Incidents"}};
  for (const auto& [country, incidents] : findings.by_country) {
    countries.push_back({country.empty() ? "unknown" : country, std::to_string(incidents)});
  }
  out.Heading("Incidents by country");
  out.Table(std::move(countries));
  Rows organisations = {{"Organisation", "Incidents", "Reports"}};
  for (const auto& [organisation, counts] : findings.by_organisation) {
    organisations.push_back(
        {organisation, std::to_string(counts.incidents), std::to_string(counts.reports)});
  }
  out.Heading("Incidents by organisation");
  out.Text("An incident that several organisations report stands in the line of each.");
  out.Table(std::move(organisations));
  Rows months = {{"Month", "Incidents"}};
  for (const auto& [month, incidents] : findings.by_month) {
    months.push_back({month, std::to_string(incidents)});
  }
  out.Heading("Incidents by month");
  out.Table(std::move(months));
  Rows types = {{"Kind of fraud", "Incidents"}};
  for (const auto& [type, incidents] : findings.by_scam_type) {
    types.push_back({type, std::to_string(incidents)});
  }
  if (types.size() > 1) out.Heading("Incidents by kind of fraud");
  out.Table(std::move(types));
}

void Indicators(const Findings& findings, Document& out) {
  out.Heading("Indicators");
  const size_t shown = std::min(findings.indicators.size(), kSummaryIndicatorsMax);
  if (shown < findings.indicators.size()) {
    out.Text(absl::StrCat("The first ", shown, " of ", findings.indicators.size(),
                          "; all are in indicators.csv and indicators.stix.json."));
  }
  Rows rows = {{"No", "Type", "Value", "Action", "Incidents", "Organisations", "Last seen"}};
  for (size_t i = 0; i < shown; ++i) {
    const Sighted& sighted = findings.indicators[i];
    rows.push_back({std::to_string(i + 1),
                    std::string(identifiers::TypeWord(sighted.indicator->type())),
                    sighted.indicator->value(), WordOf(sighted.indicator->action()),
                    std::to_string(sighted.incidents), std::to_string(sighted.organisations),
                    DateOf(sighted.last_seen)});
  }
  out.Table(std::move(rows));
}

void Sources(const Findings& findings, Document& out) {
  out.Heading("Source reports");
  out.Text(
      "Reports that a partner has allowed to be named are in source-reports.csv, under an alias "
      "and "
      "with a keyed hash of their content. The others are counted and not listed. The reports "
      "themselves are with the partners.");
  Rows rows = {{"Partner", "Listed", "Only counted"}};
  for (const auto& [partner, counts] : findings.sources) {
    rows.push_back({partner, std::to_string(counts.listed), std::to_string(counts.counted)});
  }
  out.Table(std::move(rows));
}

}  // namespace

Document Summary(const Dossier& dossier, const Findings& findings, bool has_certificate) {
  Document out;
  Cover(dossier, findings, out);
  out.Heading("What is in the pack");
  Rows files = {
      {"File", "What it is"},
      {"summary.html, summary.pdf", "this document"},
      {"incidents-by-country.csv, incidents-by-organisation.csv, incidents-by-month.csv",
       "incidents, each once"},
      {"losses.csv", "settled payments by currency"},
      {"timeline.csv", "incidents, reports and new indicators, day by day"},
      {"indicators.csv, indicators.stix.json", "the indicators, for people and for programs"},
      {"ties.csv, graph.svg", "which indicators were named for the same incidents"},
      {"source-reports.csv", "the reports that may be named, by partner"},
      {"pack.json", "the totals, for programs"},
      {"methods.txt", "how the figures come about"}};
  if (has_certificate) {
    files.push_back(
        {"certificate-india/certificate.html, certificate-india/certificate.pdf",
         "certificate under section 63(4)(c) of the Bharatiya Sakshya Adhiniyam, 2023, to be "
         "completed and signed"});
    files.push_back({"certificate-india/hash-report.sha256", "the hash report that goes with it"});
  }
  files.push_back({"MANIFEST.sha256, PACK.sha256", "hashes of every file, and of the pack"});
  out.Table(std::move(files));
  out.PageBreak();
  Figures(findings, out);
  Totals(findings, out);
  Indicators(findings, out);
  Sources(findings, out);
  out.PageBreak();
  const Document methods = Methods(dossier, findings);
  for (const Block& block : methods.blocks()) {
    block.kind == Block::Kind::kText ? out.Text(block.text) : out.Heading(block.text);
  }
  return out;
}

}  // namespace ringfence::referral
