#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/ringfence/sample/random.h"

namespace ringfence::sample {

// Telephone numbers that belong to nobody: those that numbering authorities reserve for fiction, as
// far as libphonenumber counts them as valid.
//
//   US, CA  555-0100 ... 555-0199 in every area code (NANPA)
//   GB      Ofcom's "numbers for use in TV and radio drama"
//   AU      ACMA's "numbers for use in creative works"
//   DE      Bundesnetzagentur's "Rufnummern fuer Medien"
//
// No number is given twice, and none to a victim and to a fraudster. Owned by one thread.
class Phones {
 public:
  explicit Phones(Random& random);

  // In E.164 form: "+12125550123"; nullopt where the country has no more.
  std::optional<std::string> ForFraudster(std::string_view country);
  std::optional<std::string> ForVictim(std::string_view country);

 private:
  struct Range {
    std::string_view prefix;
    int digits = 0;
    uint32_t count = 0;
    uint32_t first = 0;
  };
  // The numbers of a country in an order of their own: fraudsters take from the front, victims from
  // the back.
  struct Supply {
    std::vector<Range> ranges;
    std::optional<Shuffled> order;
    uint64_t front = 0;
    uint64_t back = 0;

    std::string At(uint64_t index) const;
    uint64_t Left() const { return order->size() - front - back; }
  };
  Supply* SupplyOf(std::string_view country);

  std::map<std::string, Supply, std::less<>> supplies_;
};

// The number as people write it: `e164` of US, CA, GB, AU or DE, in a national form where
// `national`.
std::string SpellPhone(std::string_view e164, std::string_view country, bool national,
                       Random& random);

}  // namespace ringfence::sample
