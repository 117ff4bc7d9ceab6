#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringfence/v1/report.pb.h"
#include "services/ringfence/sample/mint.h"
#include "services/ringfence/sample/named.h"
#include "services/ringfence/sample/random.h"

namespace ringfence::sample {

// One row a kind of identifier: what a report calls it.
struct KindTraits {
  v1::IdentifierRole role;
  // A payment's destination.
  bool is_payee;
  v1::Payment::Rail rail;
};
const KindTraits& TraitsOf(Kind kind);

// Where victims live.
struct Country {
  std::string_view code;
  std::string_view currency;
  // How many of the victims.
  uint32_t weight;
};
std::span<const Country> Countries();

// Companies that report, and how often each names what, by Kind.
struct PartnerProfile {
  std::string_view name;
  std::array<uint32_t, kKinds> weights;
};
// The first are one of each profile; later ones repeat them with a number: "harbour-bank-2".
std::string PartnerName(size_t partner);
const PartnerProfile& ProfileOf(size_t partner);

// What a call centre does to its victims.
struct Scam {
  v1::ScamType type;
  // Whom it pretends to be.
  std::array<std::string_view, 3> brands;
  std::array<uint32_t, kKinds> weights;
  // Whole units of the victim's currency.
  std::array<uint32_t, 5> amounts;
};

// A call centre: one gang with pools of numbers, sites, ids and accounts. Most of what it uses, it
// uses once; the rest comes from a few slots, the first of them most, each with something new in it
// now and then. All of its pools belong to it alone, but for the exchange's wallet that it shares
// with all others.
class Centre {
 public:
  struct Mention {
    Named named;
    // It was made up for this mention.
    bool is_new = false;
    // So was the host of a site.
    bool has_new_host = false;
    // An exchange's wallet.
    bool is_shared = false;
  };

  // `number` is its name in the truth. `exchange` is the tagged wallet of an exchange.
  Centre(uint32_t number, std::string exchange, Random& random);

  uint32_t number() const { return number_; }
  const Scam& scam() const { return *scam_; }
  std::string_view brand() const { return brand_; }

  // Something of `kind` that a victim in `country` meets.
  Mention Meet(Kind kind, std::string_view country, Mint& mint, Random& random);

 private:
  static constexpr size_t kSlots = 4;
  // Numbers are rented by country, and so are accounts: a pool for each.
  static constexpr size_t kMarkets = 3;

  Mention Fresh(Kind kind, std::string_view country, Mint& mint, Random& random);

  uint32_t number_;
  const Scam* scam_;
  std::string_view brand_;
  std::string exchange_;
  std::string host_;
  std::array<std::array<std::vector<Named>, kMarkets>, kKinds> pools_;
};

// All call centres, of very different sizes: the weight of number r is 1 / (r + 2).
class World {
 public:
  World(size_t centres, Mint& mint, Random& random);

  Centre& PickCentre(Random& random);
  static const Country& PickCountry(Random& random);
  // A kind that `partner` learns of from a victim of `scam` in `country`: a payee, or anything but
  // a payee.
  static Kind PickKind(const Scam& scam, size_t partner, std::string_view country, bool payee,
                       Random& random);

 private:
  std::vector<Centre> centres_;
  // Sums of the weights up to each centre.
  std::vector<uint64_t> sums_;
};

}  // namespace ringfence::sample
