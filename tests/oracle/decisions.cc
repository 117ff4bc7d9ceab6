#include "tests/oracle/decisions.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "pipelines/identifiers/policy.h"
#include "ringfence/v1/admin_service.pb.h"
#include "tests/oracle/oracle.h"

namespace ringfence::oracle {
namespace {

using core::Time;
using internal::v1::NamedIdentifier;
using internal::v1::OverrideNews;
using internal::v1::ReportRevision;

bool IsAtOrBelow(const std::string& host, const std::string& domain) {
  return host == domain || host.ends_with("." + domain);
}

// Of an IPv4 address, or of the address of a range.
uint32_t Number(const std::string& address) {
  uint32_t number = 0;
  uint32_t part = 0;
  for (const char c : address.substr(0, address.find('/')) + ".") {
    if (c != '.') {
      part = part * 10 + static_cast<uint32_t>(c - '0');
      continue;
    }
    number = number << 8 | part;
    part = 0;
  }
  return number;
}

bool Covers(const OverrideNews& news, v1::IdentifierType type, const std::string& value) {
  if (news.scope() == v1::SCOPE_UNSPECIFIED) return news.type() == type && news.value() == value;
  if (news.scope() == v1::SCOPE_SUBTREE) {
    if (type == v1::IDENTIFIER_TYPE_DOMAIN) return IsAtOrBelow(value, news.value());
    if (type != v1::IDENTIFIER_TYPE_URL) return false;
    const std::string rest = value.substr(value.find("://") + 3);
    return IsAtOrBelow(rest.substr(0, rest.find_first_of(":/")), news.value());
  }
  if (news.type() != type) return false;
  if (type == v1::IDENTIFIER_TYPE_PHONE) return value.starts_with(news.value());
  const int bits = std::stoi(news.value().substr(news.value().find('/') + 1));
  return value.find(':') == std::string::npos &&
         Number(value) >> (32 - bits) == Number(news.value()) >> (32 - bits);
}

}  // namespace

Decisions::Decisions(const World& world) : world_(world) {
  std::map<std::pair<int, std::string>, const OverrideNews*> last;
  for (const OverrideNews& news : world.overrides) {
    const OverrideNews*& held = last[{news.type(), news.value()}];
    if (held == nullptr || held->place() < news.place()) held = &news;
  }
  for (const auto& [key, news] : last) {
    const bool over = news->expires_at() != 0 && news->expires_at() <= world.as_of;
    if (!news->removed() && !over) holding_.push_back(news);
  }
  for (const internal::v1::Organisations& list : world.organisations) {
    if (organisations_ == nullptr || organisations_->place() < list.place()) organisations_ = &list;
  }
  for (const internal::v1::PolicyNews& news : world.policies) {
    if (news_ == nullptr || news_->place() < news.place()) news_ = &news;
  }
  if (news_ != nullptr) policy_ = identifiers::ValuesOf(news_->policy());
}

Word Decisions::About(v1::IdentifierType type, const std::string& value) const {
  Word word;
  for (const OverrideNews* news : holding_) {
    if (!Covers(*news, type, value)) continue;
    word.allow |= news->effect() == v1::Override::EFFECT_ALLOW;
    word.appeal |= news->effect() == v1::Override::EFFECT_APPEAL;
    word.shared |= news->effect() == v1::Override::EFFECT_SHARED_INFRASTRUCTURE;
    word.canary |= news->effect() == v1::Override::EFFECT_CANARY;
    word.confirmed |= news->effect() == v1::Override::EFFECT_CONFIRMED;
    word.withhold |= news->effect() == v1::Override::EFFECT_WITHHOLD;
    word.disregard_before = std::max(word.disregard_before, core::Time{news->disregard_before()});
  }
  return word;
}

bool Decisions::IsShared(const core::Id& identifier) const {
  return std::any_of(holding_.begin(), holding_.end(), [&](const OverrideNews* news) {
    return news->scope() == v1::SCOPE_UNSPECIFIED &&
           news->effect() == v1::Override::EFFECT_SHARED_INFRASTRUCTURE &&
           core::IdentifierId(news->type(), news->value()) == identifier;
  });
}

bool Decisions::SparesBelow(const core::Id& base, const std::string& domain) const {
  return std::any_of(holding_.begin(), holding_.end(), [&](const OverrideNews* news) {
    constexpr v1::Override::Effect kSparing[] = {
        v1::Override::EFFECT_ALLOW, v1::Override::EFFECT_WITHHOLD, v1::Override::EFFECT_CANARY,
        v1::Override::EFFECT_APPEAL, v1::Override::EFFECT_SHARED_INFRASTRUCTURE};
    if (std::find(std::begin(kSparing), std::end(kSparing), news->effect()) == std::end(kSparing)) {
      return false;
    }
    if (news->scope() == v1::SCOPE_SUBTREE) {
      return news->value() != domain && IsAtOrBelow(news->value(), domain);
    }
    const core::Id its_base{news->base_hi(), news->base_lo()};
    return its_base == base && core::IdentifierId(news->type(), news->value()) != base;
  });
}

Time Decisions::LiveUntil(const NamedIdentifier& named) const {
  return named.observed_at() + policy_.SpanOf(named.type());
}

ties::Rules Decisions::RulesBy(ties::Rules rules) const {
  if (news_ == nullptr) return rules;
  const internal::v1::TiesPolicy& policy = news_->policy().ties();
  const auto take = [](uint32_t given, uint32_t& number) {
    if (given != 0) number = given;
  };
  take(policy.established_incidents(), rules.established_incidents);
  take(policy.many_neighbours(), rules.many_neighbours);
  take(policy.clustering_permille(), rules.clustering_permille);
  take(policy.tie_incidents(), rules.tie_incidents);
  take(policy.ip_incidents(), rules.ip_incidents);
  return rules;
}

bool Decisions::Withdraws(const ReportRevision& revision) const {
  if (revision.held() && FateOf(revision) != Fate::kReleased) return true;
  return IsRetracted(revision);
}

bool Decisions::IsRetracted(const ReportRevision& revision) const {
  return std::any_of(world_.retractions.begin(), world_.retractions.end(), [&](const auto& it) {
    return it.partner() == revision.partner() && it.from() <= revision.arrival() &&
           revision.arrival() < it.until();
  });
}

Decisions::Fate Decisions::FateOf(const ReportRevision& revision) const {
  const internal::v1::HeldDecision* word = nullptr;
  for (const internal::v1::HeldDecision& decision : world_.held_decisions) {
    const bool covers = decision.partner() == revision.partner() &&
                        decision.from() <= revision.arrival() &&
                        revision.arrival() < decision.until();
    if (covers && (word == nullptr || word->place() < decision.place())) word = &decision;
  }
  if (word == nullptr) return Fate::kWaits;
  return word->drop() ? Fate::kDropped : Fate::kReleased;
}

std::string Decisions::OrganisationOf(const std::string& partner) const {
  if (organisations_ == nullptr || !organisations_->listed()) return partner;
  for (const auto& member : organisations_->members()) {
    if (member.partner() == partner) return member.organisation();
  }
  return "unlisted/" + partner;
}

double Decisions::WeightOf(const std::string& organisation) const {
  if (organisations_ == nullptr || !organisations_->listed()) return identifiers::kDefaultWeight;
  for (const auto& weight : organisations_->weights()) {
    if (weight.organisation() == organisation) return weight.weight();
  }
  return 0;
}

}  // namespace ringfence::oracle
