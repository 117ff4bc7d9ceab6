#include "absl/strings/str_cat.h"
#include "pipelines/referral/texts.h"

namespace ringfence::referral {

Document Methods(const Dossier& dossier, const Findings&) {
  Document out;
  out.Title("Methods");
  out.Heading("Where the figures come from");
  out.Text(
      "Partner organisations send what their customers report to them. On arrival every identifier "
      "that the fraudsters used (a number, a host, an account) is written in one canonical form. "
      "What would tell who the victim is becomes a token under a secret key, and the victim's own "
      "words are dropped: neither is in this pack, nor could it be made from it.");
  out.Heading("One incident once");
  out.Text(
      "Two reports are one incident where what both say (the victim's tokens, payee, amount, "
      "payment "
      "reference, time, identifiers) weighs enough in favour of it: a sum of fixed weights that is "
      "the "
      "same for everybody, or where both name the same case number. An incident has the country, "
      "the "
      "time and the amounts of one of its reports, its representative. So nothing is counted "
      "twice, "
      "however many organisations report it; an error either way is possible in single cases.");
  out.Heading("One campaign");
  out.Text(
      "Identifiers that are named for the same victims are tied to each other. A tie between "
      "identifiers that are named often counts only after two incidents, of two organisations "
      "where "
      "both are known to two. What is shared by many that have nothing else in common (an "
      "exchange's "
      "wallet, a carrier's address) joins nothing. A campaign is what hangs together by these "
      "ties. "
      "That two identifiers are in one campaign is a reason to look, and no proof that one person "
      "stands behind both.");
  out.Heading("What is counted");
  out.Text(
      "An incident counts in one campaign only, through the most durable of its identifiers that "
      "is "
      "still in use. Losses are settled payments as they were reported, added up by currency "
      "without "
      "conversion. Months and days are those of the last contact or payment, in UTC. The action "
      "beside "
      "an indicator is what was published to all who block on the list when the pack was frozen; "
      "its "
      "counts are those of the reports behind this pack.");
  out.Heading("Which reports are in it");
  out.Text(
      "A partner says of each report whether it may be listed in a referral, may only be counted, "
      "or "
      "may be neither. The last are in no figure, list or graph of this pack, and an indicator "
      "that "
      "only they name is left out. Therefore figures here can be lower than those that were "
      "published.");
  out.Heading("Frozen, and made again");
  out.Text(absl::StrCat(
      "The pack is made of a record in the deployment's log, its position: ", dossier.position,
      ". As long as the legal hold that came with it stands, the evidence behind it does not "
      "expire, "
      "and the same release makes the same bytes of it. Later reports, corrections and withdrawals "
      "are "
      "not in it."));
  out.Heading("Hashes");
  out.Text(
      "MANIFEST.sha256 has the SHA-256 of every file (check it with: sha256sum -c "
      "MANIFEST.sha256), "
      "PACK.sha256 that of the manifest, which stands for the whole pack. The hash of a source "
      "report is "
      "an HMAC-SHA-256, under a key of the deployment, of the SHA-256 of the report as it was "
      "sent: who "
      "runs the deployment can show that a report which a partner produces is the one that is "
      "listed; "
      "nobody else can find out by trying.");
  return out;
}

std::string PlainText(const Document& document) {
  std::string out;
  for (const Block& block : document.blocks()) {
    if (block.kind == Block::Kind::kTable || block.kind == Block::Kind::kPageBreak) continue;
    if (!out.empty() && block.kind != Block::Kind::kText) out += "\n";
    size_t column = 0;
    std::string_view left = block.text;
    while (!left.empty()) {
      const std::string_view word = left.substr(0, std::min(left.find(' '), left.size()));
      left.remove_prefix(std::min(word.size() + 1, left.size()));
      if (column > 0 && column + 1 + word.size() > 80) {
        out += "\n";
        column = 0;
      }
      if (column > 0) out += " ";
      out += word;
      column += word.size() + (column > 0 ? 1 : 0);
    }
    out += "\n";
    if (block.kind == Block::Kind::kText) continue;
    out += std::string(block.text.size(), block.kind == Block::Kind::kTitle ? '=' : '-') + "\n";
  }
  return out;
}

}  // namespace ringfence::referral
