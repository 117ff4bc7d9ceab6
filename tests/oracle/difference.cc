#include <google/protobuf/util/message_differencer.h>

#include <map>

#include "fmt/format.h"
#include "tests/oracle/oracle.h"

namespace ringfence::oracle {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

template <typename M, typename NameOf>
std::string DifferenceOf(const std::vector<M>& expected, const std::vector<M>& actual,
                         NameOf name_of) {
  std::map<std::string, std::pair<const M*, const M*>> by_name;
  for (const M& message : expected) by_name[name_of(message)].first = &message;
  for (const M& message : actual) by_name[name_of(message)].second = &message;
  std::string text;
  for (const auto& [name, both] : by_name) {
    if (both.first == nullptr || both.second == nullptr) {
      text +=
          fmt::format("{}: {}\n    {}\n", name, both.first == nullptr ? "not expected" : "missing",
                      (both.first == nullptr ? both.second : both.first)->ShortDebugString());
      continue;
    }
    std::string fields;
    MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&fields);
    if (differencer.Compare(*both.first, *both.second)) continue;
    text += fmt::format("{}:\n{}", name, fields);
  }
  if (text.empty() && expected.size() != actual.size()) text = "the same one twice\n";
  return text;
}

}  // namespace

v1::Indicator WithoutPast(v1::Indicator indicator) {
  indicator.clear_indicator_id();
  indicator.clear_revision();
  indicator.clear_listed_at();
  indicator.clear_action_since();
  indicator.mutable_explanation()->clear_rules();
  return indicator;
}

std::string Difference(const Published& expected, const Published& actual) {
  return DifferenceOf(expected.indicators, actual.indicators,
                      [](const v1::Indicator& indicator) {
                        return fmt::format("indicator {} {}", static_cast<int>(indicator.type()),
                                           indicator.value());
                      }) +
         DifferenceOf(expected.campaigns, actual.campaigns, [](const v1::Campaign& campaign) {
           return "campaign " + campaign.campaign_id();
         });
}

}  // namespace ringfence::oracle
