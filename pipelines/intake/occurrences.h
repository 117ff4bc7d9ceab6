#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipelines/identifiers/normalise.h"
#include "pipelines/intake/reading.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::intake {

// One identifier as a report names it, with its canonical form. Whose it is has still to be seen.
struct Occurrence {
  Where where;
  v1::IdentifierType type = v1::IDENTIFIER_TYPE_UNSPECIFIED;
  v1::IdentifierRole role = v1::IDENTIFIER_ROLE_UNSPECIFIED;
  identifiers::Canonical canonical;
  // Where national numbers in it are from: its own region, or the victim's country. May be empty.
  std::string_view region{};
  core::Time observed_at = 0;
  bool attested = false;
  uint32_t source_port = 0;
};

// Everything that the report names and that has a canonical form: its identifiers, its payees (in
// the role BENEFICIARY, unless the report says that they are the victim's side), its payment
// references and, in the role TRANSACTION, tokens of cards. What has none is among the problems.
std::vector<Occurrence> ReadOccurrences(Reading& reading);

// As the stages hear of it: the occurrence and what it names too (a URL's host, a GB IBAN's
// account). Appended to `named`; `with_value` false leaves the value itself out.
void AppendNamed(const Occurrence& occurrence, bool with_value, Reading& reading,
                 std::vector<internal::v1::NamedIdentifier>& named);

// Sorts by everything that is their identity, and removes repetitions.
void SortAndDeduplicate(std::vector<internal::v1::NamedIdentifier>& named);

}  // namespace ringfence::intake
