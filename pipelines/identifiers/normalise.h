#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::identifiers {

// What the sender gave beside the value itself.
struct Hints {
  // ISO 3166-1 alpha-2, upper case; empty if unknown. Default country of national numbers.
  std::string_view region;
  // v1::Identifier.scheme as sent.
  std::string_view scheme;
  // v1::Identifier.sub_account as sent.
  std::string_view sub_account;
};

struct Canonical {
  // The identity of the identifier, with its type.
  std::string value;
  internal::v1::Standing standing = internal::v1::STANDING_NORMAL;
  // Base of the link node where it is not the identifier itself: of a DOMAIN its registrable
  // domain, of a URL its host's registrable domain or its IP; base_type 0 otherwise (also of a URL
  // on a shared host, and of a registrable domain itself).
  v1::IdentifierType base_type = v1::IDENTIFIER_TYPE_UNSPECIFIED;
  std::string base_value;
  // Of a URL: its host as a DOMAIN or IP in canonical form. Of a GB IBAN: its BANK_ACCOUNT. Named
  // too.
  v1::IdentifierType also_type = v1::IDENTIFIER_TYPE_UNSPECIFIED;
  std::string also_value;
};

// Why there is none: a stable machine word, "<type>.<reason>" ("phone.not_valid").
struct Problem {
  std::string code;
};

using Normalised = std::variant<Canonical, Problem>;

// The canonical form of `raw` as canonical-forms.md has it. Pure and thread-safe; never fails
// otherwise. `raw` may be any bytes: invalid UTF-8 is "<type>.not_utf8", over 2,048 bytes
// "<type>.too_long". Of GIFT_CARD it gives the digits and letters that the token is made of;
// PAYMENT_CARD is always refused.
//
// Idempotent: a canonical value gives itself, with the hints that it was made with, and without
// them but for a wallet whose form only its scheme vouches for. Costs a few microseconds, a phone
// number 20, and one made to take long a few milliseconds. Remembers nothing, as victims' handles
// pass through it too: who may remember, caches.
Normalised Normalise(v1::IdentifierType type, std::string_view raw, const Hints& hints);

// The shortest of the spellings that are known to mean the same as `raw` without reading it, which
// Normalise says the same of: what is remembered of one holds for all. `raw` itself for most.
std::string ShortestSpelling(v1::IdentifierType type, std::string_view raw);

// Is the host (canonical, as DOMAIN) on the shipped list of shared hosts, or below an entry of it?
bool IsSharedHost(std::string_view host);

// The registrable domain of a canonical host (public suffix list with its private section); empty
// where it has none.
std::string RegistrableDomain(std::string_view host);

// First part of problem codes: "phone", "remote_access_id"...
std::string_view TypeWord(v1::IdentifierType type);

// A hash over what decides placement and linking of hosts: the public suffix list and the shared
// hosts list. State made with another one must not be used on.
std::string PlacementFingerprint();

}  // namespace ringfence::identifiers
