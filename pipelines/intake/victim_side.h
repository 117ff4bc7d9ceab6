#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/intake/occurrences.h"
#include "pipelines/intake/reading.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::intake {

// What of a report is the victim's: keyed tokens of the handles, and of identifiers in a role of
// the victim's side; and the test whether anything else is the victim's too. Holds handles in the
// clear, so it lives only while its report is read.
class VictimSide {
 public:
  static constexpr int kHandlesMax = 8;

  explicit VictimSide(Reading& reading) : reading_(reading) {}

  // Takes the report's handles; those that cannot be normalised are among the problems.
  void AddHandles();
  // Takes an identifier of the victim's side. False where its type has no kind of token.
  bool Add(const Occurrence& occurrence);

  // Is it the victim's own: is its token, or that of the account in it, one of the report's?
  // Handles of messengers, networks and payment schemes may be a phone number or an e-mail address;
  // `region` (ISO 3166-1 alpha-2, or empty) is that of numbers without a country code.
  bool Owns(v1::IdentifierType type, std::string_view canonical, std::string_view region) const;
  // Does a canonical URL hold, behind its host, an e-mail address or one of the handles?
  bool IsIn(std::string_view url) const;

  // Sorted, without repetitions.
  std::vector<internal::v1::VictimToken> Take();

 private:
  // A handle that a token can be made of.
  struct Handle {
    TokenKind kind;
    std::string value;
  };

  static std::vector<Handle> HandlesIn(v1::IdentifierType type, std::string_view canonical);
  void AddHandle(const v1::VictimHandle& handle, const Where& where);
  void AddRaw(TokenKind kind, const v1::VictimHandle& handle, const Where& where);
  // By every key.
  void AddTokens(TokenKind kind, std::string_view handle);
  void AddToken(TokenKind kind, std::string token);
  void AddNeedle(TokenKind kind, std::string_view handle);
  bool Has(TokenKind kind) const;
  bool Holds(const Handle& handle) const;
  bool OwnsContact(std::string_view handle, std::string_view region) const;
  bool OwnsAs(TokenKind kind, v1::IdentifierType type, std::string_view raw,
              std::string_view region) const;

  Reading& reading_;
  std::vector<internal::v1::VictimToken> tokens_;
  // What to look for in URLs: lower-case letters and digits of each handle.
  std::vector<std::string> needles_;
};

}  // namespace ringfence::intake
