#include "services/ringfence/indicator_text.h"

#include <fmt/format.h>

#include "services/ringfence/words.h"

namespace ringfence::cli {
namespace {

std::string UpsertLine(const v1::Indicator& indicator) {
  std::string line = fmt::format("+ {}  ({})", IndicatorLine(indicator), ReasonsOf(indicator));
  if (!indicator.campaign_id().empty()) {
    line += "  campaign " + Printable(indicator.campaign_id());
  }
  return line + "\n";
}

std::string RemovalLine(const v1::Removal& removal) {
  return fmt::format("- {:<9} {:>4}  {:<17} {}  ({})\n", "", "", TypeWord(removal.type()),
                     Printable(removal.value()), Printable(removal.reason()));
}

std::string Member(const char* name, const google::protobuf::Message& message) {
  return fmt::format("{{\"{}\":{}}}\n", name, Json(message));
}

}  // namespace

std::string IndicatorLine(const v1::Indicator& indicator) {
  return fmt::format("{:<9} {:>4}  {:<17} {}", ActionWord(indicator.action()), indicator.score(),
                     TypeWord(indicator.type()), Printable(indicator.value()));
}

std::string ReasonsOf(const v1::Indicator& indicator) {
  const v1::Explanation& explanation = indicator.explanation();
  std::string text = fmt::format("{}, {}, {}", CountOf(explanation.organisations(), "organisation"),
                                 CountOf(explanation.incidents(), "incident"),
                                 CountOf(explanation.reports(), "report"));
  for (int i = 0; i < explanation.rules_size(); ++i)
    text += (i == 0 ? "; " : ", ") + Printable(explanation.rules(i));
  return text;
}

std::string EventText(const v1::SubscribeResponse& event) {
  std::string text;
  switch (event.event_case()) {
    case v1::SubscribeResponse::kSnapshotBegin:
      return fmt::format("= the whole set follows ({}); it replaces what came before\n",
                         Printable(event.snapshot_begin().reason()));
    case v1::SubscribeResponse::kSnapshotChunk:
      for (const v1::Indicator& indicator : event.snapshot_chunk().indicators())
        text += UpsertLine(indicator);
      return text;
    case v1::SubscribeResponse::kSnapshotEnd:
      return fmt::format("= the whole set as of {}: {}\n", TimeWord(event.snapshot_end().as_of()),
                         CountWord(event.snapshot_end().digest().count()));
    case v1::SubscribeResponse::kDelta:
      for (const v1::Removal& removal : event.delta().removals()) text += RemovalLine(removal);
      for (const v1::Indicator& indicator : event.delta().upserts()) text += UpsertLine(indicator);
      return text;
    case v1::SubscribeResponse::kBye:
      return fmt::format("= the server says goodbye: {}\n", Printable(event.bye().reason()));
    default:
      return "";
  }
}

std::string EventJson(const v1::SubscribeResponse& event) {
  std::string text;
  switch (event.event_case()) {
    case v1::SubscribeResponse::kSnapshotChunk:
      for (const v1::Indicator& indicator : event.snapshot_chunk().indicators())
        text += Member("upsert", indicator);
      return text;
    case v1::SubscribeResponse::kDelta:
      for (const v1::Removal& removal : event.delta().removals())
        text += Member("removal", removal);
      for (const v1::Indicator& indicator : event.delta().upserts())
        text += Member("upsert", indicator);
      return text;
    default:
      // {"bookmark":{…}} and the like already.
      return Json(event) + "\n";
  }
}

}  // namespace ringfence::cli
