#include "pipelines/referral/pack.h"

#include "pipelines/core/time.h"
#include "pipelines/referral/findings.h"
#include "pipelines/referral/graph.h"
#include "pipelines/referral/manifest.h"
#include "pipelines/referral/overview.h"
#include "pipelines/referral/stix_bundle.h"
#include "pipelines/referral/tables.h"
#include "pipelines/referral/texts.h"

namespace ringfence::referral {
namespace {

constexpr char kIndia[] = "IN";
constexpr char kHashReport[] = "certificate-india/hash-report.sha256";

// Adds both forms of a document; false where there is no memory for one.
bool AddDocument(const std::string& name, const Document& document, const std::string& title,
                 core::Time created, std::vector<PackFile>& files) {
  files.push_back({name + ".html", Html(document, title)});
  files.push_back({name + ".pdf", Pdf(document, title, created / core::kSecond)});
  return !files.back().bytes.empty();
}

}  // namespace

absl::StatusOr<std::vector<PackFile>> MakePack(const Dossier& dossier, const Aliases& aliases) {
  const internal::v1::ReferralFreeze& freeze = dossier.freeze;
  const Findings findings = Find(dossier);
  std::vector<PackFile> files = CsvFiles(dossier, findings, aliases);
  files.push_back({"graph.svg", GraphSvg(findings)});
  files.push_back({"indicators.stix.json", StixBundle(dossier, findings)});
  files.push_back({"pack.json", OverviewJson(dossier, findings)});
  files.push_back({"methods.txt", PlainText(Methods(dossier, findings))});
  const bool for_india = freeze.jurisdiction().empty() || freeze.jurisdiction() == kIndia;
  bool made = AddDocument("summary", Summary(dossier, findings, for_india),
                          "Joint referral " + freeze.campaign_id(), freeze.at(), files);
  if (for_india) {
    files.push_back({kHashReport, Sha256Sums(files)});
    const std::string hash = Sha256Hex(files.back().bytes);
    made =
        AddDocument("certificate-india/certificate", IndianCertificate(dossier, kHashReport, hash),
                    "Certificate under section 63(4)(c)", freeze.at(), files) &&
        made;
  }
  if (!made) return absl::ResourceExhaustedError("there is no memory for the pack's documents");
  files.push_back({"MANIFEST.sha256", Sha256Sums(files)});
  files.push_back({"PACK.sha256", Sha256Sums({files.back()})});
  return files;
}

}  // namespace ringfence::referral
