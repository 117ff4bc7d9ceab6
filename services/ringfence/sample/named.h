#pragma once

#include <cstddef>
#include <string>

#include "ringfence/v1/report.pb.h"

namespace ringfence::sample {

// What a call centre has pools of.
enum class Kind {
  kCallback,
  kCallerId,
  kSender,
  kSite,
  kEmail,
  kRemoteId,
  kRemoteHost,
  kSocial,
  kAccount,
  kUpi,
  kWallet,
  kPaymentHandle,
  kGiftCard,
};
inline constexpr size_t kKinds = 13;

// An identifier before it is written down by anybody.
struct Named {
  v1::IdentifierType type = v1::IDENTIFIER_TYPE_UNSPECIFIED;
  // As canonical-forms has it.
  std::string canonical;
  // As reports send it.
  std::string scheme;
  std::string sub_account;
  // Of a phone number: its country. Of a sender ID: its region.
  std::string country;
  // The canonical form without what scheme and sub-account add.
  std::string bare;
  // Of a URL: its host. Empty otherwise.
  std::string host;
};

}  // namespace ringfence::sample
