#include "pipelines/intake/problems.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pipelines/identifiers/normalise.h"

namespace ringfence::intake {
namespace {

using enum Severity;

// Sorted by code (bytes), which the lookup relies on.
constexpr auto kCodes = std::to_array<ProblemCode>({
    {"<type>.empty", kNote, "The identifier has no value."},
    {"<type>.not_utf8", kNote, "The identifier's value is not valid UTF-8."},
    {"<type>.too_long", kNote, "The identifier's value is longer than its type allows."},
    {"amount.malformed", kNote,
     "The amount is not a plain decimal of at most 18 digits before and 18 after the point."},
    {"app.malformed", kNote, "The value is not the package name of an application."},
    {"app.no_store", kNote, "An application needs its store as the scheme."},
    {"bank_account.checksum", kNote, "The routing number's check digit is wrong."},
    {"bank_account.malformed", kNote,
     "The value is not routing/account in the form that its scheme asks for."},
    {"bank_account.no_scheme", kNote, "A bank account needs its routing scheme."},
    {"binary.malformed", kFatal,
     "The record is no binary ringfence.v1.Report, or text in it is not UTF-8."},
    {"country.unknown", kNote, "The country is no ISO 3166-1 alpha-2 code in upper case."},
    {"currency.malformed", kNote,
     "The currency is not an ISO 4217 code or ticker of 3 to 10 upper-case letters and digits."},
    {"currency.missing", kNote, "An amount needs a currency; the amount was left out."},
    {"domain.is_ip", kNote, "The value is an IP address, not a host name."},
    {"domain.malformed", kNote, "The value is not a host name."},
    {"domain.public_suffix", kNote,
     "The host name is a public suffix or not below one: nobody in particular owns it."},
    {"email.malformed", kNote, "The value is not an e-mail address."},
    {"email.no_role", kNote,
     "The e-mail address has no role and is taken as one that can be forged: it raises no score."},
    {"enum.unknown", kByField, "The number is none of the enumeration's values known here."},
    {"external_reference.malformed", kNote,
     "An external reference is source:id, of at most 256 bytes."},
    {"external_references.too_many", kNote, "Only the first 8 external references were used."},
    {"gift_card.malformed", kNote, "The value is not the code of a gift card."},
    {"iban.checksum", kNote, "The IBAN's check digits are wrong."},
    {"iban.country", kNote, "The value begins with no country that has IBANs."},
    {"iban.length", kNote, "The IBAN does not have the length of its country."},
    {"iban.malformed", kNote, "The value is not an IBAN."},
    {"identifier.echo", kNote,
     "Listed before, known to the partner, and no victim of its own: it raises no score."},
    {"identifier.is_victim", kNote, "The identifier is the victim's own and was left out."},
    {"identifier.no_type", kNote, "The identifier has no type and was left out."},
    {"identifier.no_victim_token", kNote,
     "Identifiers of this type cannot be kept as the victim's; it was left out."},
    {"identifiers.too_many", kFatal, "A report names at most 64 identifiers."},
    {"ip.malformed", kNote, "The value is not an IP address."},
    {"ip.not_public", kNote, "The IP address is not globally routable."},
    {"ip.range_malformed", kNote, "The value is not a range of IP addresses like 198.51.100.0/24."},
    {"ip.range_too_wide", kNote,
     "The range of IP addresses is wider than /8, of IPv6 wider than /16."},
    {"json.bad_timestamp", kByField,
     "The time is not in RFC 3339 form, or outside the years 1 to 9999."},
    {"json.duplicate_field", kByField,
     "The field, or another of which only one may be set, was given twice."},
    {"json.malformed", kFatal, "The record is not valid JSON, or a number in it is out of range."},
    {"json.not_an_object", kFatal, "The record is JSON, but not an object."},
    {"json.not_utf8", kFatal, "The record is not valid UTF-8."},
    {"json.out_of_range", kByField, "The number does not fit the field."},
    {"json.too_deep", kFatal, "The JSON is nested too deeply."},
    {"json.unknown_enum", kByField, "The name is none of the enumeration's values known here."},
    {"json.wrong_type", kByField, "The JSON value is of another type than the field."},
    {"narrative.too_long", kNote, "The narrative was cut to 16 KiB."},
    {"observed_at.out_of_range", kNote,
     "The time is more than 400 days before the arrival or a day after it; occurred_at was used."},
    {"occurred_at.in_future", kFatal, "occurred_at is more than a day after the arrival."},
    {"occurred_at.malformed", kFatal, "occurred_at is no valid time."},
    {"occurred_at.missing", kFatal, "occurred_at is required."},
    {"occurred_at.too_old", kFatal, "occurred_at is more than 400 days before the arrival."},
    {"origin.malformed", kNote, "The origin is source:id, of at most 256 bytes."},
    {"paid_at.out_of_range", kNote,
     "The time is more than 400 days before the arrival or a day after it; occurred_at was used."},
    {"payment.empty", kNote,
     "The payment has no usable payee, reference or amount and was left out."},
    {"payment_card.raw_refused", kNote,
     "Payment cards are accepted as tokens only; the number was left out."},
    {"payment_handle.malformed", kNote, "The value is not a handle of its payment scheme."},
    {"payment_handle.no_scheme", kNote, "A payment handle needs its scheme."},
    {"payment_reference.too_short", kNote,
     "A payment reference of fewer than 6 letters and digits says too little."},
    {"payments.too_many", kFatal, "A report holds at most 32 payments."},
    {"phone.no_region", kNote,
     "A phone number without + needs a region or the victim's country to be read."},
    {"phone.no_role", kNote,
     "The phone number has no role and is taken as one that can be forged: it raises no score."},
    {"phone.not_a_number", kNote, "The value is no phone number, or over 100 bytes."},
    {"phone.not_valid", kNote, "The phone number does not exist in its country's numbering plan."},
    {"phone.range_malformed", kNote,
     "The value is not the beginning of phone numbers, like +1800."},
    {"problems.truncated", kNote, "There were more problems than are listed."},
    {"record.empty", kFatal, "The record is empty."},
    {"record.too_large", kFatal, "The record is larger than 64 KiB."},
    {"region.unknown", kNote,
     "The region is no ISO 3166-1 alpha-2 code in upper case; the value was read without it."},
    {"remote_access_id.malformed", kNote, "The value is not an id of its remote access vendor."},
    {"remote_access_id.no_vendor", kNote, "A remote access id needs its vendor as the scheme."},
    {"report.held", kNote, "Past the partner's quota: it waits until an operator releases it."},
    {"report.nothing_usable", kFatal, "No identifier and no payment of the report can be used."},
    {"report_id.malformed", kFatal, "report_id holds something other than printable ASCII."},
    {"report_id.missing", kFatal, "report_id is required."},
    {"report_id.too_long", kFatal, "report_id is longer than 128 characters."},
    {"reported_at.malformed", kNote, "reported_at is no valid time; occurred_at was used."},
    {"sender_id.no_region", kNote, "A sender id needs a region or the victim's country."},
    {"social_handle.malformed", kNote, "The value is not a handle of its platform."},
    {"social_handle.no_platform", kNote, "A social handle needs its platform as the scheme."},
    {"source_port.out_of_range", kNote, "A source port is at most 65535; it was left out."},
    {"tlp.red", kFatal, "TLP:RED cannot be shared at all."},
    {"token.malformed", kNote,
     "A token is a key id, a colon and 22 characters of base64url; others are not taken as one."},
    {"upi.malformed", kNote, "The value is not a UPI address (name@psp)."},
    {"url.malformed", kNote, "The value is not a URL."},
    {"url.not_public", kNote,
     "The URL's host is neither below a public suffix nor a globally routable address."},
    {"url.personal_data", kNote,
     "The URL holds an e-mail address or the victim's data and was left out; its host was kept."},
    {"url.scheme", kNote, "Only http and https addresses are taken."},
    {"victim.handles.<code>", kNote, "A handle of the victim was left out."},
    {"victim.handles.empty", kNote, "The victim's handle has no value."},
    {"victim.handles.no_kind", kNote, "The victim's handle has no kind and was left out."},
    {"victim.handles.not_utf8", kNote, "The victim's handle is not valid UTF-8."},
    {"victim.handles.too_long", kNote, "The victim's handle is longer than 2,048 bytes."},
    {"victim.handles.too_many", kNote, "Only the first 8 handles of the victim were used."},
    {"wallet.checksum", kNote, "The wallet address's checksum is wrong."},
    {"wallet.malformed", kNote, "The value is not a wallet address."},
    {"wallet.unknown_format", kNote,
     "The wallet address has no known form and no scheme that says which chain it is of."},
});

constexpr std::string_view kHandlePrefix = "victim.handles.";

const ProblemCode* FindExactly(std::string_view code) {
  const auto* row =
      std::lower_bound(kCodes.begin(), kCodes.end(), code,
                       [](const ProblemCode& a, std::string_view b) { return a.code < b; });
  return row != kCodes.end() && row->code == code ? row : nullptr;
}

bool IsTypeWord(std::string_view word) {
  for (int type = 1; type < v1::IdentifierType_ARRAYSIZE; ++type) {
    if (identifiers::TypeWord(static_cast<v1::IdentifierType>(type)) == word) return true;
  }
  return false;
}

std::string_view SeverityText(Severity severity) {
  switch (severity) {
    case kNote:
      return "accepted";
    case kFatal:
      return "rejected";
    case kByField:
      return "by field";
  }
  return "";
}

}  // namespace

std::span<const ProblemCode> AllProblemCodes() { return kCodes; }

const ProblemCode* FindProblemCode(std::string_view code) {
  if (const ProblemCode* row = FindExactly(code)) return row;
  if (code.starts_with(kHandlePrefix)) {
    return FindProblemCode(code.substr(kHandlePrefix.size())) != nullptr
               ? FindExactly("victim.handles.<code>")
               : nullptr;
  }
  size_t dot = code.find('.');
  if (dot == std::string_view::npos || !IsTypeWord(code.substr(0, dot))) return nullptr;
  return FindExactly("<type>" + std::string(code.substr(dot)));
}

std::string ProblemCodesMarkdown() {
  std::string text =
      "# Problem codes\n\n"
      "What a partner is told about a report that was rejected, or not used whole: in the answer "
      "of\n"
      "the gateway and in the topic `rejects.<partner>`. Codes are stable. `<type>` is an "
      "identifier\n"
      "type (`phone`, `remote_access_id`), `<code>` any code of the handle's type.\n\n"
      "*Rejected*: the whole report was. *Accepted*: it counts, without what the problem names. "
      "*By\n"
      "field*: rejected where the field is `report_id`, `revision`, `retracted`, `occurred_at`, "
      "`tlp`,\n"
      "`basis` or `referral`; elsewhere the field is left out, and with it the identifier or "
      "handle\n"
      "that means something else without it.\n\n"
      "This table is made from `pipelines/intake/problems.cc`; a test keeps them equal.\n\n"
      "| code | report | meaning |\n| --- | --- | --- |\n";
  for (const ProblemCode& row : kCodes) {
    text.append("| `").append(row.code).append("` | ").append(SeverityText(row.severity));
    text.append(" | ").append(row.message).append(" |\n");
  }
  return text;
}

void ProblemList::Add(std::string_view code, std::string field, bool decisive) {
  const ProblemCode* row = FindProblemCode(code);
  bool fatal =
      row != nullptr && (row->severity == kFatal || (row->severity == kByField && decisive));
  v1::Problem problem;
  problem.set_field(std::move(field));
  problem.set_code(std::string(code));
  problem.set_message(std::string(row != nullptr ? row->message : "The field was left out."));
  problem.set_fatal(fatal);
  if (problems_.size() < kProblemsMax) {
    problems_.push_back(std::move(problem));
  } else if (fatal && !rejected_) {
    problems_.back() = std::move(problem);
  } else if (!problems_.back().fatal() && problems_.back().code() != "problems.truncated") {
    problems_.pop_back();
    Add("problems.truncated", "");
  }
  rejected_ = rejected_ || fatal;
}

}  // namespace ringfence::intake
