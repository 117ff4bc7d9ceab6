#include "services/ringfence/sample/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace ringfence::sample {
namespace {

using namespace v1;  // NOLINT(google-build-using-namespace): names of enumerations

// By Kind.
constexpr KindTraits kTraits[] = {
    {IDENTIFIER_ROLE_CALLBACK, false, Payment::RAIL_UNSPECIFIED},
    {IDENTIFIER_ROLE_CALLER_ID, false, Payment::RAIL_UNSPECIFIED},
    {IDENTIFIER_ROLE_MESSAGE_SENDER, false, Payment::RAIL_UNSPECIFIED},
    {IDENTIFIER_ROLE_WEB_HOST, false, Payment::RAIL_UNSPECIFIED},
    {IDENTIFIER_ROLE_CONTACT, false, Payment::RAIL_UNSPECIFIED},
    {IDENTIFIER_ROLE_REMOTE_CONTROLLER, false, Payment::RAIL_UNSPECIFIED},
    {IDENTIFIER_ROLE_REMOTE_HOST, false, Payment::RAIL_UNSPECIFIED},
    {IDENTIFIER_ROLE_CONTACT, false, Payment::RAIL_UNSPECIFIED},
    {IDENTIFIER_ROLE_BENEFICIARY, true, Payment::RAIL_BANK_TRANSFER},
    {IDENTIFIER_ROLE_BENEFICIARY, true, Payment::RAIL_INSTANT},
    {IDENTIFIER_ROLE_BENEFICIARY, true, Payment::RAIL_CRYPTO},
    {IDENTIFIER_ROLE_BENEFICIARY, true, Payment::RAIL_INSTANT},
    {IDENTIFIER_ROLE_TRANSACTION, true, Payment::RAIL_GIFT_CARD},
};
static_assert(std::size(kTraits) == kKinds);

constexpr Country kCountries[] = {
    {"US", "USD", 40}, {"GB", "GBP", 18}, {"CA", "CAD", 12},
    {"AU", "AUD", 12}, {"DE", "EUR", 12}, {"IN", "INR", 6},
};

// callback, caller id, sender, site, e-mail, remote id, remote host, social, account, upi, wallet,
// payment handle, gift card.
constexpr PartnerProfile kProfiles[] = {
    {"northgate-software", {30, 8, 2, 26, 10, 14, 8, 2, 20, 2, 8, 4, 8}},
    {"harbour-bank", {22, 12, 8, 14, 8, 10, 6, 2, 60, 10, 14, 6, 0}},
    {"bazaar-market", {22, 6, 4, 26, 24, 6, 4, 8, 24, 6, 8, 10, 16}},
    {"summit-telecom", {44, 24, 14, 14, 4, 4, 2, 2, 16, 4, 4, 4, 4}},
};

constexpr Scam kScams[] = {
    {SCAM_TYPE_TECH_SUPPORT,
     {"Microsoft", "Apple", "Norton"},
     {30, 10, 0, 20, 4, 24, 10, 0, 20, 4, 6, 4, 12},
     {199, 299, 349, 499, 1'200}},
    {SCAM_TYPE_REFUND,
     {"Amazon", "PayPal", "Geek Squad"},
     {32, 10, 2, 14, 18, 20, 6, 0, 24, 4, 6, 6, 10},
     {399, 499, 1'000, 2'500, 4'900}},
    {SCAM_TYPE_BANK_IMPERSONATION,
     {"HSBC", "Barclays", "Chase"},
     {24, 26, 16, 14, 6, 6, 4, 0, 40, 8, 4, 6, 0},
     {850, 1'999, 4'500, 7'800, 14'200}},
    {SCAM_TYPE_GOVERNMENT_IMPERSONATION,
     {"HMRC", "IRS", "Social Security Administration"},
     {28, 24, 14, 12, 10, 4, 4, 0, 26, 6, 10, 4, 8},
     {250, 640, 1'150, 2'300, 3'900}},
    {SCAM_TYPE_INVESTMENT,
     {"Binance", "Coinbase", "Kraken"},
     {12, 4, 2, 34, 14, 10, 4, 20, 16, 2, 40, 2, 0},
     {250, 1'000, 5'000, 12'000, 48'000}},
    {SCAM_TYPE_BUSINESS_IMPERSONATION,
     {"DHL", "FedEx", "Netflix"},
     {16, 8, 20, 34, 16, 4, 4, 2, 20, 4, 6, 6, 6},
     {29, 89, 149, 240, 780}},
};

// How much of what a centre uses it uses once, and how often it puts something new into a slot of
// its pools: together they make 55 % of all that reports name new.
constexpr uint32_t kUsedOncePermille = 460;
constexpr uint32_t kReplacedPermille = 130;
// Sites that stand on the host of the one before.
constexpr uint32_t kSameHostPermille = 450;
constexpr uint32_t kExchangePermille = 60;
// Ways to pay that one country alone knows, and how much likelier they are there.
struct Local {
  Kind kind;
  std::string_view country;
  uint32_t factor;
};
constexpr Local kLocal[] = {{Kind::kUpi, "IN", 12}, {Kind::kPaymentHandle, "US", 1}};

// The first slots are used most.
constexpr uint32_t kSlotWeights[] = {8, 4, 2, 1};

size_t MarketOf(std::string_view country) {
  if (country == "US" || country == "CA") return 0;
  return country == "GB" || country == "DE" ? 1 : 2;
}

}  // namespace

const KindTraits& TraitsOf(Kind kind) { return kTraits[static_cast<size_t>(kind)]; }

std::span<const Country> Countries() { return kCountries; }

const PartnerProfile& ProfileOf(size_t partner) {
  return kProfiles[partner % std::size(kProfiles)];
}

std::string PartnerName(size_t partner) {
  const std::string name(ProfileOf(partner).name);
  const size_t round = partner / std::size(kProfiles);
  return round == 0 ? name : fmt::format("{}-{}", name, round + 1);
}

Centre::Centre(uint32_t number, std::string exchange, Random& random)
    : number_(number),
      scam_(&random.Pick(kScams)),
      brand_(random.Pick(scam_->brands)),
      exchange_(std::move(exchange)) {}

Centre::Mention Centre::Meet(Kind kind, std::string_view country, Mint& mint, Random& random) {
  if (kind == Kind::kWallet && random.Chance(kExchangePermille)) {
    return {
        .named = mint.WithTag(exchange_), .is_new = true, .has_new_host = false, .is_shared = true};
  }
  const bool used_once = kind == Kind::kGiftCard || random.Chance(kUsedOncePermille);
  if (used_once) return Fresh(kind, country, mint, random);
  std::vector<Named>& pool = pools_[static_cast<size_t>(kind)][MarketOf(country)];
  const size_t slot = random.Weighted(kSlotWeights);
  if (slot < pool.size() && !random.Chance(kReplacedPermille))
    return {.named = pool[slot], .is_new = false, .has_new_host = false, .is_shared = false};
  Mention fresh = Fresh(kind, country, mint, random);
  if (slot < pool.size()) {
    pool[slot] = fresh.named;
  } else {
    pool.push_back(fresh.named);
  }
  return fresh;
}

Centre::Mention Centre::Fresh(Kind kind, std::string_view country, Mint& mint, Random& random) {
  const bool same_host = kind == Kind::kSite && random.Chance(kSameHostPermille);
  Mention fresh{.named = mint.Fresh(kind, country, same_host ? host_ : ""),
                .is_new = true,
                .has_new_host = false,
                .is_shared = false};
  if (!fresh.named.host.empty() && fresh.named.host != host_) {
    host_ = fresh.named.host;
    fresh.has_new_host = true;
  }
  return fresh;
}

World::World(size_t centres, Mint& mint, Random& random) {
  const std::string exchanges[] = {mint.TaggedWallet(), mint.TaggedWallet()};
  uint64_t sum = 0;
  for (uint32_t number = 0; number < centres; ++number) {
    centres_.emplace_back(number, random.Pick(exchanges), random);
    sum += (uint64_t{1} << 20) / (number + 2);
    sums_.push_back(sum);
  }
}

Centre& World::PickCentre(Random& random) {
  const uint64_t point = random.Below(sums_.back());
  const auto sum = std::upper_bound(sums_.begin(), sums_.end(), point);
  return centres_[static_cast<size_t>(sum - sums_.begin())];
}

const Country& World::PickCountry(Random& random) {
  uint32_t weights[std::size(kCountries)];
  std::transform(std::begin(kCountries), std::end(kCountries), weights,
                 [](const Country& country) { return country.weight; });
  return kCountries[random.Weighted(weights)];
}

Kind World::PickKind(const Scam& scam, size_t partner, std::string_view country, bool payee,
                     Random& random) {
  const PartnerProfile& profile = ProfileOf(partner);
  std::array<uint32_t, kKinds> weights{};
  for (size_t kind = 0; kind < kKinds; ++kind) {
    if (kTraits[kind].is_payee == payee) weights[kind] = profile.weights[kind] * scam.weights[kind];
  }
  for (const Local& local : kLocal) {
    uint32_t& weight = weights[static_cast<size_t>(local.kind)];
    weight = country == local.country ? weight * local.factor : 0;
  }
  return static_cast<Kind>(random.Weighted(weights));
}

}  // namespace ringfence::sample
