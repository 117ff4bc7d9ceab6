#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/ringfence/sample/named.h"
#include "services/ringfence/sample/phones.h"
#include "services/ringfence/sample/random.h"

namespace ringfence::sample {

// Makes up identifiers, none twice and none that anybody has: telephone numbers reserved for
// fiction while they last, hosts below .example and .test (RFC 2606), addresses of the
// documentation ranges (RFC 5737, 3849), accounts at banks that do not exist, wallets of hashes
// without a key. Knows no call centre and keeps no list of what it made: memory does not grow.
// Owned by one thread.
class Mint {
 public:
  explicit Mint(uint64_t seed);

  // Of `kind`, made for victims in `country`; a site where there are no telephone numbers left.
  // `host`, where not empty: of a site, the host on which it is.
  Named Fresh(Kind kind, std::string_view country, std::string_view host);

  // An exchange's wallet that serves all its customers by tag.
  std::string TaggedWallet();
  Named WithTag(const std::string& wallet);

  // The victim's own.
  std::optional<std::string> VictimPhone(std::string_view country);
  std::string VictimEmail();
  std::string VictimAccount(std::string_view country);
  // As the partner's bank writes it.
  std::string PaymentReference();

 private:
  std::string Digits(int count);
  std::string Letters(int count);
  // Five of a-z and 0-9, never the same.
  std::string Suffix();

  Named Phone(std::string_view country);
  Named Site(std::string_view host);
  Named Host();
  Named Ip();
  Named RemoteId();
  Named Account(std::string_view country);
  Named Wallet();
  Named Email();
  Named Social();
  Named Upi();
  Named PaymentHandle();
  Named GiftCard();
  Named Sender(std::string_view country);

  const uint64_t seed_;
  Random random_;
  Phones phones_;
  Shuffled suffixes_;
  Shuffled remote_ids_;
  Shuffled networks_;
  uint64_t suffixes_given_ = 0;
  uint64_t remote_ids_given_ = 0;
  uint64_t addresses_given_ = 0;
  uint64_t wallets_given_ = 0;
  uint64_t victims_given_ = 0;
};

}  // namespace ringfence::sample
