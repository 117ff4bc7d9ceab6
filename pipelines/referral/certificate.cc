#include "absl/strings/str_cat.h"
#include "pipelines/referral/texts.h"

namespace ringfence::referral {
namespace {

constexpr char kBlank[] = "____________________";

std::string Source(const internal::v1::ReferralFreeze& freeze) {
  return absl::StrCat(
      "[ ] Computer / Storage Media   [ ] DVR   [ ] Mobile   [ ] Flash Drive   [ ] CD/DVD   "
      "[X] Server   [ ] Cloud   [ ] Other\nOther: ",
      kBlank, "\nMake & Model: ", kBlank, "   Color: ", kBlank, "\nSerial Number: ", kBlank,
      "\nIMEI/UIN/UID/MAC/Cloud ID: ", kBlank,
      " (as applicable)\nand any other relevant information, if any, about the device/digital "
      "record: ",
      "records of the fraud-report processor Ringfence, release ", freeze.release(),
      ", deployment ", freeze.deployment(), ", frozen at ", MomentOf(freeze.at()), " (specify).");
}

std::string Person() {
  return absl::StrCat("I, ", kBlank, " (Name), Son/daughter/spouse of ", kBlank,
                      " residing/employed at ", kBlank,
                      " do hereby solemnly affirm and sincerely state and submit as follows:-");
}

std::string Hash(const std::string& hash_report, const std::string& hash) {
  return absl::StrCat(
      "I state that the HASH value/s of the electronic/digital record/s is\n", hash,
      "\nobtained through the following algorithm:-\n[ ] SHA1   [X] SHA256   [ ] MD5   [ ] Other ",
      kBlank, " (Legally acceptable standard)\n(Hash report to be enclosed with the certificate: ",
      hash_report, ", whose SHA-256 is the value above, and which has that of every record.)");
}

void Signature(const char* who, Document& out) {
  out.Text(absl::StrCat(kBlank, "\n(", who, ")"));
  out.Text(absl::StrCat("Date (DD/MM/YYYY): ", kBlank, "\nTime (IST): ", kBlank,
                        " hours (In 24 hours format)\nPlace: ", kBlank));
}

}  // namespace

Document IndianCertificate(const Dossier& dossier, const std::string& hash_report,
                           const std::string& hash) {
  const internal::v1::ReferralFreeze& freeze = dossier.freeze;
  Document out;
  out.Title("Certificate");
  out.Text(
      "[See section 63(4)(c) of the Bharatiya Sakshya Adhiniyam, 2023 (47 of 2023), and the "
      "Schedule "
      "to it]");
  out.Text(absl::StrCat("Reference: ", freeze.reference().empty() ? kBlank : freeze.reference(),
                        "\nCampaign: ", freeze.campaign_id(), "\nPosition: ", dossier.position));
  out.Heading("PART A (To be filled by the Party)");
  out.Text(Person());
  out.Text(
      "I have produced electronic record/output of the digital record taken from the following "
      "device/digital record source (tick mark):-");
  out.Text(Source(freeze));
  out.Text(
      "The digital device or the digital record source was under the lawful control for regularly "
      "creating, storing or processing information for the purposes of carrying out regular "
      "activities "
      "and during this period, the computer or the communication device was working properly and "
      "the "
      "relevant information was regularly fed into the computer during the ordinary course of "
      "business. "
      "If the computer/digital device at any point of time was not working properly or out of "
      "operation, "
      "then it has not affected the electronic/digital record or its accuracy. The digital device "
      "or the "
      "source of the digital record is:-\n[ ] Owned   [ ] Maintained   [ ] Managed   [ ] Operated  "
      " by me "
      "(select as applicable).");
  out.Text(Hash(hash_report, hash));
  Signature("Name and signature", out);
  out.PageBreak();
  out.Heading("PART B (To be filled by the Expert)");
  out.Text(Person());
  out.Text(
      "The produced electronic record/output of the digital record are obtained from the following "
      "device/digital record source (tick mark):-");
  out.Text(Source(freeze));
  out.Text(Hash(hash_report, hash));
  Signature("Name, designation and signature", out);
  return out;
}

}  // namespace ringfence::referral
