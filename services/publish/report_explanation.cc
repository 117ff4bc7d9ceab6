#include "services/publish/report_explanation.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "services/publish/aliases.h"

namespace ringfence::publish {
namespace {

using core::Id;
using Other = dedupe::ReportExplanation::Other;

double Bits(dedupe::Weight weight) {
  return static_cast<double>(weight) / static_cast<double>(dedupe::kBit);
}

// Matches first, then the greater weight; then by id, which the aliases hide.
std::vector<const Other*> InOrder(const dedupe::ReportExplanation& explanation) {
  std::vector<const Other*> order;
  for (const Other& other : explanation.others) order.push_back(&other);
  std::sort(order.begin(), order.end(), [](const Other* a, const Other* b) {
    return std::make_tuple(!a->comparison.matches(), -a->comparison.weight, a->report) <
           std::make_tuple(!b->comparison.matches(), -b->comparison.weight, b->report);
  });
  return order;
}

}  // namespace

v1::ExplainReportResponse Describe(const Id& report, const dedupe::ReportExplanation& explanation) {
  v1::ExplainReportResponse response;
  response.set_revision(explanation.revision);
  response.set_retracted(explanation.retracted);
  if (explanation.retracted) return response;
  Aliases<Id> incidents("incident");
  Aliases<Id> reports("report");
  Aliases<std::string> organisations("organisation");
  response.set_incident(incidents.Of(explanation.incident));
  response.set_representative(explanation.incident == report);
  response.set_floods(explanation.floods);
  for (const Other* other : InOrder(explanation)) {
    v1::ComparedReport& compared = *response.add_others();
    compared.set_report(reports.Of(other->report));
    compared.set_organisation(organisations.Of(other->facts.partner()));
    compared.set_same_organisation(other->facts.partner() == explanation.facts.partner());
    compared.set_matches(other->comparison.matches());
    compared.set_representative(explanation.incident == other->report);
    compared.set_weight(Bits(other->comparison.weight));
    compared.set_threshold(Bits(other->comparison.threshold));
    compared.set_decided(other->comparison.decided);
    for (const dedupe::Contribution& contribution : other->comparison.contributions) {
      v1::ComparedField& field = *compared.add_fields();
      field.set_field(std::string(NameOf(contribution.field)));
      field.set_weight(Bits(contribution.weight));
    }
  }
  return response;
}

}  // namespace ringfence::publish
