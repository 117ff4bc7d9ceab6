#include "services/publish/http/csv.h"

#include <array>

#include "pipelines/core/csv.h"
#include "pipelines/identifiers/normalise.h"
#include "services/publish/http/answers.h"

namespace ringfence::publish {
namespace {

std::string_view ActionWord(v1::Action action) {
  return action == v1::ACTION_BLOCK       ? "block"
         : action == v1::ACTION_CHALLENGE ? "challenge"
                                          : "monitor";
}

std::string_view TlpWord(v1::Tlp tlp) {
  constexpr std::array<std::string_view, 6> kWords = {"red",   "clear",        "green",
                                                      "amber", "amber_strict", "red"};
  return kWords[static_cast<size_t>(tlp)];
}

}  // namespace

void AppendCsv(const v1::Indicator& indicator, std::string& out) {
  const std::string_view scope = indicator.scope() == v1::SCOPE_SUBTREE  ? "subtree"
                                 : indicator.scope() == v1::SCOPE_PREFIX ? "prefix"
                                                                         : "value";
  const std::string cells[] = {std::string(identifiers::TypeWord(indicator.type())),
                               indicator.value(),
                               std::string(ActionWord(indicator.action())),
                               std::to_string(indicator.score()),
                               std::string(TlpWord(indicator.tlp())),
                               std::string(scope),
                               Rfc3339Seconds(indicator.first_seen()),
                               Rfc3339Seconds(indicator.last_seen()),
                               Rfc3339Seconds(indicator.expires_at()),
                               std::to_string(indicator.explanation().incidents()),
                               std::to_string(indicator.explanation().organisations()),
                               indicator.campaign_id(),
                               indicator.indicator_id(),
                               std::to_string(indicator.revision())};
  core::AppendCsvRow(cells, core::CsvPlus::kKeepNumbers, out);
}

}  // namespace ringfence::publish
