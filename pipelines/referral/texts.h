#pragma once

#include <string>

#include "pipelines/referral/document.h"
#include "pipelines/referral/findings.h"

namespace ringfence::referral {

// Indicators in the summary; all of them are in indicators.csv.
inline constexpr size_t kSummaryIndicatorsMax = 60;

// Cover page, what was found, how it was found. `has_certificate`: India's goes with it.
Document Summary(const Dossier& dossier, const Findings& findings, bool has_certificate);

// How the figures come about, and what they do not say, in plain words.
Document Methods(const Dossier& dossier, const Findings& findings);
// The same as text.
std::string PlainText(const Document& document);

// The form of the Schedule to the Bharatiya Sakshya Adhiniyam, 2023, Parts A and B: what a machine
// knows is filled in, the rest is left to those who sign. `hash_report`: the file of hashes that
// goes with it; `hash`: its SHA-256.
Document IndianCertificate(const Dossier& dossier, const std::string& hash_report,
                           const std::string& hash);

}  // namespace ringfence::referral
