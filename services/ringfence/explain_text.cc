#include "services/ringfence/explain_text.h"

#include <fmt/format.h>

#include <vector>

#include "services/ringfence/indicator_text.h"
#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

std::string FieldsWord(const v1::ComparedReport& compared) {
  std::string fields;
  for (const v1::ComparedField& field : compared.fields()) {
    if (!fields.empty()) fields += ", ";
    fields += fmt::format("{} {:+.1f}", Printable(field.field()), field.weight());
  }
  return fields;
}

template <typename Words>
std::string Joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + Printable(word);
  return text;
}

std::string EndWord(const v1::ExplainedTie::End& end) {
  if (end.value().empty()) return "(not in the set)";
  return TypeWord(end.type()) + " " + Printable(end.value());
}

std::string JoinsWord(const v1::ExplainedTie& tie) {
  std::string word = tie.joins() ? "joins" : "cut";
  return word + ": " + Printable(tie.reason());
}

std::string MissingText(const v1::ExplainIndicatorResponse& response, v1::Action action) {
  std::string text;
  for (const v1::MissingNeed& missing : response.missing()) {
    if (missing.action() != action) continue;
    text += fmt::format("{}{} {} of {}", text.empty() ? "" : ", ", Printable(missing.need()),
                        missing.has(), missing.needed());
  }
  return text;
}

std::string OverrideText(const v1::Override& override) {
  std::string effect = v1::Override::Effect_Name(override.effect());
  if (effect.starts_with("EFFECT_")) effect = effect.substr(7);
  return fmt::format("override      {} of {} {}: {}\n", effect, TypeWord(override.type()),
                     Printable(override.value()), Printable(override.reason()));
}

std::string StandingText(const v1::ExplainIndicatorResponse& response) {
  if (!response.live()) return "evidence      none that is live\n";
  std::string text = fmt::format("score         {}\n", response.score());
  text += fmt::format("by quorum     {}\n", ActionWord(response.action_by_quorum()));
  text += fmt::format("action        {}{}\n", ActionWord(response.action()),
                      response.hidden() ? ", but kept out of the set" : "");
  text += fmt::format("rules         {}\n", Joined(response.rules()));
  for (const v1::Action action : {v1::ACTION_CHALLENGE, v1::ACTION_BLOCK}) {
    const std::string missing = MissingText(response, action);
    if (missing.empty()) continue;
    text += fmt::format("not {:<10}{}\n", ActionWord(action), missing);
  }
  for (const v1::OrganisationWord& word : response.organisations()) {
    text += fmt::format("word of       {}: {} that count, weight {}{}\n",
                        Printable(word.organisation()), CountOf(word.incidents(), "incident"),
                        word.weight(), word.canaries() > 0 ? ", halved for canaries" : "");
  }
  return text;
}

std::string LinksText(const v1::ExplainIndicatorResponse& response) {
  std::string text;
  for (const v1::LinkExplanation& link : response.links()) {
    text += fmt::format(
        "links{}{} {}, {}, {}{}; of its ties {} join, {} are cut\n",
        link.day().empty() ? "        " : " on ", Printable(link.day()),
        CountOf(link.incidents(), "incident"), CountOf(link.organisations(), "organisation"),
        CountOf(link.neighbours(), "neighbour"), link.established() ? ", established" : "",
        link.ties_joining(), link.ties_cut());
    if (link.infrastructure().empty()) continue;
    text += fmt::format("infrastructure {}; its neighbours know each other {:.3f}\n",
                        Printable(link.infrastructure()), link.clustering());
  }
  return text;
}

std::string LeftOut(uint32_t ties) {
  return ties == 0 ? "" : fmt::format("and {} more ties\n", CountWord(ties));
}

template <typename Ties>
std::string CampaignTies(const char* what, const Ties& ties, uint32_t left_out) {
  if (ties.empty()) return "";
  Table table({"FIRST", "SECOND", "INCIDENTS", "ORGANISATIONS", "WHY", "SPLITS OFF"});
  for (const v1::ExplainedTie& tie : ties) {
    table.Add({EndWord(tie.ends(0)), EndWord(tie.ends(1)), CountWord(tie.incidents()),
               CountWord(tie.organisations()), Printable(tie.reason()),
               tie.splits_off() == 0 ? "-" : CountWord(tie.splits_off())});
  }
  return fmt::format("\n{}\n{}{}", what, table.Text(), LeftOut(left_out));
}

}  // namespace

std::string ExplanationText(const v1::ExplainReportResponse& response) {
  if (response.retracted()) return fmt::format("revision {}: retracted\n", response.revision());
  std::string text =
      fmt::format("revision {}, {}{}\n", response.revision(), Printable(response.incident()),
                  response.representative() ? ", its representative" : "");
  if (response.floods() > 0) {
    text += fmt::format(
        "joined with all reports of {} of its victim's tokens: there are too many to compare\n",
        response.floods());
  }
  if (response.others().empty()) return text + "no report was joined with it, and none came near\n";
  Table table({"REPORT", "ORGANISATION", "JOINED", "WEIGHT", "OF", "FIELDS"});
  for (const v1::ComparedReport& compared : response.others()) {
    std::string joined = compared.matches() ? "yes" : "no";
    if (compared.representative()) joined += ", representative";
    table.Add({Printable(compared.report()),
               compared.same_organisation() ? "the same" : Printable(compared.organisation()),
               joined, fmt::format("{:.1f}", compared.weight()),
               compared.decided() ? "decided" : fmt::format("{:.1f}", compared.threshold()),
               FieldsWord(compared)});
  }
  return text + table.Text();
}

std::string ExplanationText(const v1::ExplainIndicatorResponse& response) {
  std::string text;
  if (response.has_indicator()) {
    text = IndicatorLine(response.indicator()) + "\n";
    text += fmt::format("why           {}\n", ReasonsOf(response.indicator()));
    if (!response.indicator().campaign_id().empty()) {
      text += fmt::format("campaign      {}\n", Printable(response.indicator().campaign_id()));
    }
  } else {
    text = fmt::format("{} {}: not in the set\n", TypeWord(response.type()),
                       Printable(response.value()));
  }
  for (const v1::Override& override : response.overrides()) text += OverrideText(override);
  if (!response.state_known()) {
    return text + "That server does not run cluster: what it is tied to is not known there.\n";
  }
  text += StandingText(response) + LinksText(response);
  if (response.ties().empty()) return text;
  Table table({"TIED TO", "INCIDENTS", "ORGANISATIONS", "", "CAMPAIGN"});
  for (const v1::ExplainedTie& tie : response.ties()) {
    table.Add({EndWord(tie.ends(0)), CountWord(tie.incidents()), CountWord(tie.organisations()),
               JoinsWord(tie) + (tie.home() ? ", its home" : ""),
               tie.ends(0).campaign_id().empty() ? "-" : Printable(tie.ends(0).campaign_id())});
  }
  return text + "\n" + table.Text() + LeftOut(response.ties_left_out());
}

std::string ExplanationText(const v1::ExplainCampaignResponse& response) {
  const v1::Campaign& campaign = response.campaign();
  std::string text;
  if (!response.superseded_id().empty()) {
    text = fmt::format("{} is now part of\n", Printable(response.superseded_id()));
  }
  text += fmt::format("campaign      {}\n", Printable(campaign.campaign_id()));
  text +=
      fmt::format("seen by       {}, {}, {}\n", CountOf(campaign.organisations(), "organisation"),
                  CountOf(campaign.incidents(), "incident"), CountOf(campaign.reports(), "report"));
  text += fmt::format("indicators    {}\n", CountWord(campaign.indicators()));
  if (!response.state_known()) {
    return text + "That server does not run cluster: what holds it together is not known there.\n";
  }
  for (const v1::ReasonCount& reason : response.reasons()) {
    text +=
        fmt::format("ties          {} {}\n", CountWord(reason.ties()), Printable(reason.reason()));
  }
  text += CampaignTies("What joins it, the thinnest first:", response.joining(),
                       response.joining_left_out());
  text += CampaignTies("What was cut within it:", response.cut(), response.cut_left_out());
  if (response.related().empty()) return text;
  Table table({"RELATED", "TIES", "THROUGH", "ORGANISATIONS", "INDICATORS"});
  for (const v1::RelatedByTies& related : response.related()) {
    table.Add({Printable(related.campaign().campaign_id()), CountWord(related.ties()),
               related.through_infrastructure() ? "infrastructure" : "thin ties",
               CountWord(related.campaign().organisations()),
               CountWord(related.campaign().indicators())});
  }
  return text + "\n" + table.Text();
}

}  // namespace ringfence::cli
