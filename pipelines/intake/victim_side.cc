#include "pipelines/intake/victim_side.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/intake/url_privacy.h"

namespace ringfence::intake {
namespace {

using enum v1::IdentifierType;
using identifiers::Canonical;
using identifiers::Normalised;
using internal::v1::VictimToken;

// A shorter one would be found in any URL.
constexpr size_t kNeedleMin = 6;
// Of a phone number the end is looked for, which is the same with and without a country code.
constexpr size_t kPhoneDigits = 8;
constexpr size_t kHandleBytesMax = 2048;

struct HandleKind {
  v1::VictimHandle::Kind kind;
  TokenKind token_kind;
  // As which it is normalised; of accounts letters and digits are taken.
  v1::IdentifierType type;
};

constexpr HandleKind kHandleKinds[] = {
    {v1::VictimHandle::KIND_PHONE, TokenKind::kPhone, IDENTIFIER_TYPE_PHONE},
    {v1::VictimHandle::KIND_EMAIL, TokenKind::kEmail, IDENTIFIER_TYPE_EMAIL},
    {v1::VictimHandle::KIND_ACCOUNT, TokenKind::kAccount, IDENTIFIER_TYPE_UNSPECIFIED},
    {v1::VictimHandle::KIND_REMOTE_ACCESS_ID, TokenKind::kRemoteAccessId,
     IDENTIFIER_TYPE_REMOTE_ACCESS_ID},
    {v1::VictimHandle::KIND_IP, TokenKind::kIp, IDENTIFIER_TYPE_IP},
};

const HandleKind* FindKind(v1::VictimHandle::Kind kind) {
  const auto* found = std::find_if(std::begin(kHandleKinds), std::end(kHandleKinds),
                                   [kind](const HandleKind& row) { return row.kind == kind; });
  return found == std::end(kHandleKinds) ? nullptr : found;
}

std::string_view AfterColon(std::string_view canonical) {
  return canonical.substr(canonical.find(':') + 1);
}

std::string WithoutColon(std::string_view canonical) {
  std::string handle(canonical);
  std::erase(handle, ':');
  return handle;
}

// The BANK_ACCOUNT that a GB IBAN names; empty for any other text.
std::string AccountOfIban(std::string_view iban) {
  if (iban.size() < 2 || (iban[0] | 0x20) != 'g') return {};
  Normalised normalised = identifiers::Normalise(IDENTIFIER_TYPE_IBAN, iban, {});
  const auto* canonical = std::get_if<Canonical>(&normalised);
  return canonical == nullptr ? std::string() : canonical->also_value;
}

// A remote access id has no field for its vendor here, and its token leaves the colon out: "anydesk
// 123 456 789" and "anydesk123456789" are read like "anydesk:123456789".
Normalised NormaliseHandle(v1::IdentifierType type, std::string_view raw, std::string_view region) {
  identifiers::Hints hints;
  hints.region = region;
  if (type != IDENTIFIER_TYPE_REMOTE_ACCESS_ID) return identifiers::Normalise(type, raw, hints);
  size_t letters = 0;
  while (letters < raw.size() && absl::ascii_isalpha(static_cast<unsigned char>(raw[letters]))) {
    ++letters;
  }
  std::string_view id = raw.substr(letters);
  bool has_vendor = letters > 0 && id.find_first_of("0123456789") != std::string_view::npos &&
                    id.find_first_not_of("0123456789 ") == std::string_view::npos;
  if (!has_vendor) return identifiers::Normalise(type, raw, hints);
  std::string vendor = absl::AsciiStrToLower(absl::string_view(raw.data(), letters));
  hints.scheme = vendor;
  return identifiers::Normalise(type, id, hints);
}

}  // namespace

// The whole first. Of "us-aba:021000021/00123456" also the account part alone.
std::vector<VictimSide::Handle> VictimSide::HandlesIn(v1::IdentifierType type,
                                                      std::string_view canonical) {
  switch (type) {
    case IDENTIFIER_TYPE_PHONE:
      return {{TokenKind::kPhone, std::string(canonical)}};
    case IDENTIFIER_TYPE_EMAIL:
      return {{TokenKind::kEmail, std::string(canonical)}};
    case IDENTIFIER_TYPE_IP:
      return {{TokenKind::kIp, std::string(canonical)}};
    case IDENTIFIER_TYPE_REMOTE_ACCESS_ID:
      return {{TokenKind::kRemoteAccessId, WithoutColon(canonical)}};
    case IDENTIFIER_TYPE_WALLET:
    case IDENTIFIER_TYPE_UPI:
      return {{TokenKind::kAccount, AccountHandle(canonical)}};
    case IDENTIFIER_TYPE_IBAN: {
      std::vector<Handle> handles = {{TokenKind::kAccount, std::string(canonical)}};
      std::string account = AccountOfIban(canonical);
      if (!account.empty()) {
        for (Handle& handle : HandlesIn(IDENTIFIER_TYPE_BANK_ACCOUNT, account)) {
          handles.push_back(std::move(handle));
        }
      }
      return handles;
    }
    case IDENTIFIER_TYPE_BANK_ACCOUNT: {
      std::string_view whole = AfterColon(canonical);
      size_t account = std::min(whole.find('/'), whole.size() - 1) + 1;
      size_t sub_account = std::min(whole.find('/', account), whole.size());
      std::vector<Handle> handles = {
          {TokenKind::kAccount, AccountHandle(whole)},
          {TokenKind::kAccount, AccountHandle(whole.substr(account, sub_account - account))}};
      if (sub_account < whole.size()) {
        handles.push_back({TokenKind::kAccount, AccountHandle(whole.substr(0, sub_account))});
      }
      return handles;
    }
    case IDENTIFIER_TYPE_PAYMENT_HANDLE:
      return {{TokenKind::kAccount, AccountHandle(AfterColon(canonical))}};
    default:
      return {};
  }
}

void VictimSide::AddHandles() {
  const auto& handles = reading_.report.victim().handles();
  for (int i = 0; i < std::min(handles.size(), kHandlesMax); ++i) {
    Where where{"victim.handles", i, ""};
    if (!reading_.IsLeftOut(where)) AddHandle(handles[i], where);
  }
  if (handles.size() > kHandlesMax) {
    reading_.problems.Add("victim.handles.too_many", "victim.handles");
  }
}

void VictimSide::AddHandle(const v1::VictimHandle& handle, const Where& where) {
  if (!v1::VictimHandle::Kind_IsValid(handle.kind())) {
    return reading_.problems.Add("enum.unknown", where.Path("kind"));
  }
  const HandleKind* kind = FindKind(handle.kind());
  if (kind == nullptr) return reading_.problems.Add("victim.handles.no_kind", where.Path("kind"));
  if (!handle.token().empty()) {
    if (IsToken(handle.token())) return AddToken(kind->token_kind, handle.token());
    return reading_.problems.Add("token.malformed", where.Path("token"));
  }
  AddRaw(kind->token_kind, handle, where);
}

void VictimSide::AddRaw(TokenKind kind, const v1::VictimHandle& handle, const Where& where) {
  const std::string& raw = handle.value();
  if (kind == TokenKind::kAccount) {
    std::optional<std::string> clean = identifiers::CleanText(raw);
    if (!clean) return reading_.problems.Add("victim.handles.not_utf8", where.Path("value"));
    std::string account = AccountHandle(*clean);
    if (account.empty()) return reading_.problems.Add("victim.handles.empty", where.Path("value"));
    if (account.size() > kHandleBytesMax) {
      return reading_.problems.Add("victim.handles.too_long", where.Path("value"));
    }
    std::string in_iban = AccountOfIban(account);
    if (!in_iban.empty()) AddTokens(kind, AccountHandle(AfterColon(in_iban)));
    AddNeedle(kind, account);
    return AddTokens(kind, account);
  }
  Normalised normalised = NormaliseHandle(FindKind(handle.kind())->type, raw, reading_.country);
  if (const auto* problem = std::get_if<identifiers::Problem>(&normalised)) {
    return reading_.problems.Add("victim.handles." + problem->code, where.Path("value"));
  }
  const std::string& canonical = std::get<Canonical>(normalised).value;
  AddNeedle(kind, canonical);
  AddTokens(kind, kind == TokenKind::kRemoteAccessId ? WithoutColon(canonical) : canonical);
}

bool VictimSide::Add(const Occurrence& occurrence) {
  std::vector<Handle> handles = HandlesIn(occurrence.type, occurrence.canonical.value);
  if (handles.empty()) return false;
  // The same account named in two ways has a token for each; no other part of a value has one.
  size_t names = occurrence.type == IDENTIFIER_TYPE_IBAN ? 2 : 1;
  for (size_t i = 0; i < std::min(names, handles.size()); ++i) {
    AddTokens(handles[i].kind, handles[i].value);
  }
  const Handle& whole = handles.front();
  bool has_vendor = whole.kind == TokenKind::kRemoteAccessId;
  AddNeedle(whole.kind, has_vendor ? occurrence.canonical.value : whole.value);
  return true;
}

bool VictimSide::Owns(v1::IdentifierType type, std::string_view canonical,
                      std::string_view region) const {
  if (tokens_.empty()) return false;
  std::vector<Handle> handles = HandlesIn(type, canonical);
  if (std::any_of(handles.begin(), handles.end(),
                  [this](const Handle& handle) { return Holds(handle); })) {
    return true;
  }
  switch (type) {
    case IDENTIFIER_TYPE_SENDER_ID:
    case IDENTIFIER_TYPE_SOCIAL_HANDLE:
    case IDENTIFIER_TYPE_PAYMENT_HANDLE:
      return OwnsContact(AfterColon(canonical), region);
    case IDENTIFIER_TYPE_UPI:
      // "9876543210@ybl", "9876543210-2@ybl": numbers of India.
      return OwnsContact(canonical.substr(0, canonical.find_first_of("@-._")), "IN");
    default:
      return false;
  }
}

// Numbers of messengers have their country code, and often no plus sign.
bool VictimSide::OwnsContact(std::string_view handle, std::string_view region) const {
  return OwnsAs(TokenKind::kEmail, IDENTIFIER_TYPE_EMAIL, handle, {}) ||
         OwnsAs(TokenKind::kPhone, IDENTIFIER_TYPE_PHONE, handle, region) ||
         (identifiers::IsAllDigits(handle) &&
          OwnsAs(TokenKind::kPhone, IDENTIFIER_TYPE_PHONE, "+" + std::string(handle), {}));
}

bool VictimSide::OwnsAs(TokenKind kind, v1::IdentifierType type, std::string_view raw,
                        std::string_view region) const {
  if (!Has(kind)) return false;
  Normalised normalised = NormaliseHandle(type, raw, region);
  const auto* canonical = std::get_if<Canonical>(&normalised);
  return canonical != nullptr && Holds({kind, canonical->value});
}

bool VictimSide::IsIn(std::string_view url) const {
  std::string path = DecodedPath(url);
  if (HoldsEmailAddress(path)) return true;
  if (needles_.empty()) return false;
  std::string letters_and_digits = LettersAndDigits(path);
  return std::any_of(needles_.begin(), needles_.end(), [&](const std::string& needle) {
    return letters_and_digits.find(needle) != std::string::npos;
  });
}

std::vector<VictimToken> VictimSide::Take() {
  std::sort(tokens_.begin(), tokens_.end(), [&](const VictimToken& a, const VictimToken& b) {
    return std::tuple(a.kind(), std::string_view(a.token())) <
           std::tuple(b.kind(), std::string_view(b.token()));
  });
  return std::move(tokens_);
}

void VictimSide::AddTokens(TokenKind kind, std::string_view handle) {
  for (std::string& token : reading_.tokens.AllTokens(kind, handle)) {
    AddToken(kind, std::move(token));
  }
}

void VictimSide::AddToken(TokenKind kind, std::string token) {
  auto number = static_cast<uint32_t>(kind);
  bool known = std::any_of(tokens_.begin(), tokens_.end(), [&](const VictimToken& held) {
    return held.kind() == number && held.token() == token;
  });
  if (known) return;
  VictimToken& added = tokens_.emplace_back();
  added.set_kind(number);
  added.set_token(std::move(token));
}

void VictimSide::AddNeedle(TokenKind kind, std::string_view handle) {
  // Of an address of IPv6 the network, of "anydesk:123456789" the number.
  if (kind == TokenKind::kIp) handle = handle.substr(0, handle.find("::/"));
  if (kind == TokenKind::kRemoteAccessId) handle = AfterColon(handle);
  std::string needle = LettersAndDigits(handle);
  if (kind == TokenKind::kPhone && needle.size() > kPhoneDigits) {
    needle.erase(0, needle.size() - kPhoneDigits);
  }
  if (needle.size() >= kNeedleMin) needles_.push_back(std::move(needle));
}

bool VictimSide::Has(TokenKind kind) const {
  return std::any_of(tokens_.begin(), tokens_.end(), [kind](const VictimToken& token) {
    return token.kind() == static_cast<uint32_t>(kind);
  });
}

bool VictimSide::Holds(const Handle& handle) const {
  if (!Has(handle.kind)) return false;
  const std::vector<std::string> tokens = reading_.tokens.AllTokens(handle.kind, handle.value);
  return std::any_of(tokens_.begin(), tokens_.end(), [&](const VictimToken& held) {
    return held.kind() == static_cast<uint32_t>(handle.kind) &&
           std::find(tokens.begin(), tokens.end(), held.token()) != tokens.end();
  });
}

}  // namespace ringfence::intake
