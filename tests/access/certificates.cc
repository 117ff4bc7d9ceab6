#include "tests/access/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace ringfence::access {
namespace {

template <typename Write>
std::string Pem(Write write) {
  BIO* memory = BIO_new(BIO_s_mem());
  write(memory);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(memory);
  return text;
}

void AddExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::shared_ptr<X509> New(const std::string& common_name, EVP_PKEY* key, long seconds) {
  std::shared_ptr<X509> certificate(X509_new(), X509_free);
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  X509_set_version(certificate.get(), 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86'400);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

}  // namespace

Authority::Authority() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free) {
  certificate_ = New("an authority", key_.get(), 86'400);
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_.get(), certificate_.get(), NID_subject_key_identifier, "hash");
  X509_sign(certificate_.get(), key_.get(), EVP_sha256());
  pem_ = Pem([&](BIO* out) { PEM_write_bio_X509(out, certificate_.get()); });
}

std::string Authority::Issue(const Names& names) const {
  const std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::shared_ptr<X509> certificate = New(names.common_name, key.get(), names.seconds);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  std::string alternatives;
  for (const std::string& uri : names.uris)
    alternatives += (alternatives.empty() ? "URI:" : ",URI:") + uri;
  for (const std::string& host : names.hosts)
    alternatives += (alternatives.empty() ? "" : ",") + host;
  if (!alternatives.empty())
    AddExtension(certificate.get(), certificate_.get(), NID_subject_alt_name, alternatives);
  X509_sign(certificate.get(), key_.get(), EVP_sha256());
  return Pem([&](BIO* out) {
    PEM_write_bio_X509(out, certificate.get());
    PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

}  // namespace ringfence::access
