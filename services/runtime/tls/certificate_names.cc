#include "services/runtime/tls/certificate_names.h"

#include <openssl/x509v3.h>

#include <memory>

namespace ringfence::runtime {

std::vector<std::string> UriNamesOf(const x509_st& certificate) {
  std::vector<std::string> uris;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                      static_cast<size_t>(ASN1_STRING_length(text)));
  }
  return uris;
}

absl::StatusOr<std::vector<std::string>> UriNamesOf(std::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      d2i_X509(nullptr, &bytes, static_cast<long>(der.size())), X509_free);
  if (!certificate) return absl::InvalidArgumentError("no certificate");
  return UriNamesOf(*certificate);
}

}  // namespace ringfence::runtime
