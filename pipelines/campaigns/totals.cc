#include "pipelines/campaigns/totals.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "pipelines/campaigns/demand.h"
#include "pipelines/core/decimal.h"

namespace ringfence::campaigns {
namespace {

using internal::v1::IndicatorRecord;
using internal::v1::StoredCampaign;

template <typename Counts, typename Key>
void Raise(Counts& counts, const Key& key, uint32_t by = 1) {
  if (by > 0) counts[key] += by;
}

template <typename Counts, typename Key>
void Lower(Counts& counts, const Key& key, uint32_t by = 1) {
  if (by == 0) return;
  auto found = counts.find(key);
  Demand(found != counts.end() && found->second >= by);
  found->second -= by;
  if (found->second == 0) counts.erase(key);
}

core::Decimal AmountOf(const std::string& text) {
  const std::optional<core::Decimal> amount = core::Decimal::ParseSum(text);
  Demand(amount.has_value());
  return *amount;
}

void AddLoss(const std::string& currency, const std::string& text, StoredCampaign& stored) {
  core::Decimal amount = AmountOf(text);
  if (amount.IsZero()) return;
  std::string& sum = (*stored.mutable_losses())[currency];
  if (!sum.empty()) amount += AmountOf(sum);
  sum = amount.ToString();
}

void RemoveLoss(const std::string& currency, const std::string& text, StoredCampaign& stored) {
  const core::Decimal amount = AmountOf(text);
  if (amount.IsZero()) return;
  std::string& sum = (*stored.mutable_losses())[currency];
  core::Decimal left = AmountOf(sum);
  left -= amount;
  sum = left.ToString();
  if (left.IsZero()) stored.mutable_losses()->erase(currency);
}

core::SetSum FingerprintOf(const StoredCampaign& stored) {
  return stored.fingerprint().empty() ? core::SetSum()
                                      : core::SetSum::FromBytes(stored.fingerprint());
}

// What takes a set's sum away where it is added: sums are modulo 2^128.
core::SetSum Negated(const core::SetSum& sum) {
  std::string bytes = sum.Bytes();
  bool carry = true;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    *byte = static_cast<char>(~*byte);
    if (carry) carry = ++*byte == 0;
  }
  return core::SetSum::FromBytes(bytes);
}

std::string FingerprintMember(const v1::Indicator& indicator) {
  return core::SetSum::FingerprintMember(indicator.type(), indicator.value());
}

std::string NameOf(const internal::v1::PartnerPair& pair) {
  return pair.first() + "\n" + pair.second();
}

template <typename Map>
auto SortedKeys(const Map& map) {
  std::vector<typename Map::key_type> keys;
  keys.reserve(map.size());
  for (const auto& [key, value] : map) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace

void Totals::Add(const IndicatorRecord& record) {
  const v1::Indicator& indicator = record.indicator();
  const internal::v1::CampaignShare& share = record.share();
  stored_.set_members(stored_.members() + 1);
  stored_.set_incidents(stored_.incidents() + share.incidents());
  stored_.set_reports(stored_.reports() + share.reports());
  for (const auto& count : share.partners())
    Raise(*stored_.mutable_partners(), count.partner(), count.incidents());
  for (const auto& pair : share.pairs())
    Raise(*stored_.mutable_pairs(), NameOf(pair), pair.incidents());
  for (const auto& count : share.countries())
    Raise(*stored_.mutable_countries(), count.country(), count.incidents());
  for (const v1::AmountTotal& loss : share.losses())
    AddLoss(loss.currency(), loss.amount(), stored_);
  for (int type : indicator.scam_types()) Raise(*stored_.mutable_scam_types(), type);
  for (const std::string& brand : record.impersonated())
    Raise(*stored_.mutable_impersonated(), brand);
  Raise(*stored_.mutable_tlps(), static_cast<int32_t>(indicator.tlp()));
  core::SetSum fingerprint = FingerprintOf(stored_);
  fingerprint.Add(FingerprintMember(indicator));
  stored_.set_fingerprint(fingerprint.Bytes());
  const core::Time last_seen = core::FromProto(indicator.last_seen());
  if (stored_.members() == 1 || last_seen > stored_.last_seen()) stored_.set_last_seen(last_seen);
}

void Totals::Remove(const IndicatorRecord& record) {
  const v1::Indicator& indicator = record.indicator();
  const internal::v1::CampaignShare& share = record.share();
  Demand(stored_.members() > 0 && stored_.incidents() >= share.incidents() &&
         stored_.reports() >= share.reports());
  stored_.set_members(stored_.members() - 1);
  stored_.set_incidents(stored_.incidents() - share.incidents());
  stored_.set_reports(stored_.reports() - share.reports());
  for (const auto& count : share.partners())
    Lower(*stored_.mutable_partners(), count.partner(), count.incidents());
  for (const auto& pair : share.pairs())
    Lower(*stored_.mutable_pairs(), NameOf(pair), pair.incidents());
  for (const auto& count : share.countries())
    Lower(*stored_.mutable_countries(), count.country(), count.incidents());
  for (const v1::AmountTotal& loss : share.losses())
    RemoveLoss(loss.currency(), loss.amount(), stored_);
  for (int type : indicator.scam_types()) Lower(*stored_.mutable_scam_types(), type);
  for (const std::string& brand : record.impersonated())
    Lower(*stored_.mutable_impersonated(), brand);
  Lower(*stored_.mutable_tlps(), static_cast<int32_t>(indicator.tlp()));
  core::SetSum fingerprint = FingerprintOf(stored_);
  fingerprint.Remove(FingerprintMember(indicator));
  stored_.set_fingerprint(fingerprint.Bytes());
}

void Totals::AddAll(const StoredCampaign& sums) {
  const bool is_first = IsEmpty();
  stored_.set_members(stored_.members() + sums.members());
  stored_.set_incidents(stored_.incidents() + sums.incidents());
  stored_.set_reports(stored_.reports() + sums.reports());
  const auto add = [](const auto& from, auto& to) {
    for (const auto& [key, count] : from) Raise(to, key, count);
  };
  add(sums.partners(), *stored_.mutable_partners());
  add(sums.pairs(), *stored_.mutable_pairs());
  add(sums.countries(), *stored_.mutable_countries());
  add(sums.scam_types(), *stored_.mutable_scam_types());
  add(sums.impersonated(), *stored_.mutable_impersonated());
  add(sums.tlps(), *stored_.mutable_tlps());
  for (const auto& [currency, amount] : sums.losses()) AddLoss(currency, amount, stored_);
  core::SetSum fingerprint = FingerprintOf(stored_);
  fingerprint.AddAll(FingerprintOf(sums));
  stored_.set_fingerprint(fingerprint.Bytes());
  if (is_first || sums.last_seen() > stored_.last_seen()) stored_.set_last_seen(sums.last_seen());
}

void Totals::RemoveAll(const StoredCampaign& sums) {
  Demand(stored_.members() >= sums.members() && stored_.incidents() >= sums.incidents() &&
         stored_.reports() >= sums.reports());
  stored_.set_members(stored_.members() - sums.members());
  stored_.set_incidents(stored_.incidents() - sums.incidents());
  stored_.set_reports(stored_.reports() - sums.reports());
  const auto remove = [](const auto& from, auto& to) {
    for (const auto& [key, count] : from) Lower(to, key, count);
  };
  remove(sums.partners(), *stored_.mutable_partners());
  remove(sums.pairs(), *stored_.mutable_pairs());
  remove(sums.countries(), *stored_.mutable_countries());
  remove(sums.scam_types(), *stored_.mutable_scam_types());
  remove(sums.impersonated(), *stored_.mutable_impersonated());
  remove(sums.tlps(), *stored_.mutable_tlps());
  for (const auto& [currency, amount] : sums.losses()) RemoveLoss(currency, amount, stored_);
  core::SetSum fingerprint = FingerprintOf(stored_);
  fingerprint.AddAll(Negated(FingerprintOf(sums)));
  stored_.set_fingerprint(fingerprint.Bytes());
}

v1::Tlp Totals::Tlp() const {
  int32_t strictest = v1::TLP_UNSPECIFIED;
  for (const auto& [tlp, members] : stored_.tlps()) strictest = std::max(strictest, tlp);
  return static_cast<v1::Tlp>(strictest);
}

uint64_t Totals::Rank(Order order) const {
  switch (order) {
    case Order::kIncidents:
      return stored_.incidents();
    case Order::kLastSeen:
      return Sortable(stored_.last_seen());
    case Order::kOrganisations:
      // Of those that as many see, the larger first.
      return uint64_t{stored_.partners().size()} << 32 | stored_.incidents();
  }
  std::abort();
}

v1::Campaign Totals::ToCampaign() const {
  v1::Campaign campaign;
  campaign.set_indicators(stored_.members());
  campaign.set_incidents(stored_.incidents());
  campaign.set_reports(stored_.reports());
  campaign.set_organisations(static_cast<uint32_t>(stored_.partners().size()));
  for (const std::string& country : SortedKeys(stored_.countries())) {
    v1::CountryCount& count = *campaign.add_victims_by_country();
    count.set_country(country);
    count.set_incidents(stored_.countries().at(country));
  }
  for (const std::string& currency : SortedKeys(stored_.losses())) {
    v1::AmountTotal& loss = *campaign.add_losses();
    loss.set_currency(currency);
    loss.set_amount(stored_.losses().at(currency));
  }
  for (int32_t type : SortedKeys(stored_.scam_types()))
    campaign.add_scam_types(static_cast<v1::ScamType>(type));
  for (const std::string& brand : SortedKeys(stored_.impersonated()))
    campaign.add_impersonated(brand);
  *campaign.mutable_last_seen() = core::ToProto(stored_.last_seen());
  campaign.set_fingerprint(FingerprintOf(stored_).Hex());
  campaign.set_tlp(Tlp());
  return campaign;
}

}  // namespace ringfence::campaigns
