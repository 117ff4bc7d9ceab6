#include "pipelines/stix/observable.h"

#include "pipelines/stix/ids.h"
#include "pipelines/stix/json_writer.h"

namespace ringfence::stix {
namespace {

// "telegram:crypto_anna" as account_type and the rest.
Observable Account(std::string_view value, const char* property) {
  const size_t colon = value.find(':');
  const std::string_view scheme =
      colon == std::string_view::npos ? "other" : value.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? value : value.substr(colon + 1);
  return {
      "user-account", {{property, std::string(rest)}, {"account_type", std::string(scheme)}}, {}};
}

Observable Plain(const char* type, std::string_view value, std::string_view extension = {}) {
  return {type, {{"value", std::string(value)}}, extension};
}

std::string Literal(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') literal += '\\';
    literal += c;
  }
  return literal + "'";
}

}  // namespace

Observable ObservableOf(v1::IdentifierType type, std::string_view value) {
  switch (type) {
    case v1::IDENTIFIER_TYPE_IP:
      return Plain(value.find(':') == std::string_view::npos ? "ipv4-addr" : "ipv6-addr", value);
    case v1::IDENTIFIER_TYPE_DOMAIN:
      return Plain("domain-name", value);
    case v1::IDENTIFIER_TYPE_URL:
      return Plain("url", value);
    case v1::IDENTIFIER_TYPE_EMAIL:
      return Plain("email-addr", value);
    case v1::IDENTIFIER_TYPE_PHONE:
      return Plain("phone-number", value, kOpenCtiExtension);
    case v1::IDENTIFIER_TYPE_WALLET:
      return Plain("cryptocurrency-wallet", value, kOpenCtiExtension);
    case v1::IDENTIFIER_TYPE_IBAN:
      return {"bank-account", {{"iban", std::string(value)}}, kOpenCtiExtension};
    case v1::IDENTIFIER_TYPE_BANK_ACCOUNT:
      return {"bank-account", {{"account_number", std::string(value)}}, kOpenCtiExtension};
    case v1::IDENTIFIER_TYPE_SOCIAL_HANDLE:
    case v1::IDENTIFIER_TYPE_PAYMENT_HANDLE:
      return Account(value, "account_login");
    case v1::IDENTIFIER_TYPE_UPI:
      return Account("upi:" + std::string(value), "account_login");
    case v1::IDENTIFIER_TYPE_REMOTE_ACCESS_ID:
      return Account(value, "user_id");
    case v1::IDENTIFIER_TYPE_SENDER_ID:
      return Plain("ringfence-sender-id", value, kOwnExtension);
    case v1::IDENTIFIER_TYPE_APP:
      return Plain("ringfence-app", value, kOwnExtension);
    default:
      // Never listed.
      return Plain("ringfence-value", value, kOwnExtension);
  }
}

std::string PatternOf(const Observable& observable, v1::Scope scope) {
  std::string pattern = "[";
  const char* separator = "";
  for (const auto& [name, value] : observable.properties) {
    const bool is_network = observable.type.ends_with("-addr") &&
                            observable.type.starts_with("ip") &&
                            value.find('/') != std::string::npos;
    pattern += separator + observable.type + ":" + name + (is_network ? " ISSUBSET " : " = ") +
               Literal(value);
    separator = " AND ";
    if (scope == v1::SCOPE_SUBTREE && observable.type == "domain-name")
      pattern += " OR domain-name:value LIKE " + Literal("%." + value);
  }
  return pattern + "]";
}

std::string Observable::Id() const {
  static const Uuid name_space = ParseUuid(kObservableNamespace);
  // RFC 8785 orders names.
  std::vector<std::pair<std::string, std::string>> sorted = properties;
  if (sorted.size() == 2 && sorted[1].first < sorted[0].first) std::swap(sorted[0], sorted[1]);
  JsonWriter json;
  json.BeginObject();
  for (const auto& [name, value] : sorted) json.Member(name, value);
  return type + "--" + UuidV5(name_space, json.EndObject().Take());
}

std::string Observable::Json(std::string_view marking) const {
  JsonWriter json;
  json.BeginObject().Member("type", type).Member("spec_version", "2.1").Member("id", Id());
  for (const auto& [name, value] : properties) json.Member(name, value);
  json.Name("object_marking_refs").BeginArray().String(marking).EndArray();
  if (!extension.empty()) {
    json.Name("extensions").BeginObject().Name(extension).BeginObject();
    json.Member("extension_type", "new-sco").EndObject().EndObject();
  }
  return json.EndObject().Take();
}

}  // namespace ringfence::stix
