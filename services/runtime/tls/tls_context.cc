#include "services/runtime/tls/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <chrono>
#include <string>
#include <utility>

#include "services/runtime/logging.h"

namespace ringfence::runtime {
namespace {

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* it) const {
    kFree(it);
  }
};
void FreeCertificates(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
void FreeNames(STACK_OF(X509_NAME) * stack) { sk_X509_NAME_pop_free(stack, X509_NAME_free); }

using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Certificates = std::unique_ptr<STACK_OF(X509), Freed<FreeCertificates>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using Names = std::unique_ptr<STACK_OF(X509_NAME), Freed<FreeNames>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;

// A file with a password would stop the process at a prompt.
int NoPassword(char*, int, int, void*) { return 0; }

absl::StatusOr<Certificates> ReadCertificates(const std::string& path) {
  const Bio file(BIO_new_file(path.c_str(), "r"));
  if (!file) return absl::InvalidArgumentError(path + ": cannot be read");
  Certificates certificates(sk_X509_new_null());
  while (X509* one = PEM_read_bio_X509(file.get(), nullptr, NoPassword, nullptr))
    sk_X509_push(certificates.get(), one);
  // The end of the file is one, too.
  ERR_clear_error();
  if (sk_X509_num(certificates.get()) == 0)
    return absl::InvalidArgumentError(path + ": holds no certificate in PEM");
  return certificates;
}

absl::StatusOr<Key> ReadKey(const std::string& path) {
  const Bio file(BIO_new_file(path.c_str(), "r"));
  if (!file) return absl::InvalidArgumentError(path + ": cannot be read");
  Key key(PEM_read_bio_PrivateKey(file.get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (!key) return absl::InvalidArgumentError(path + ": holds no key in PEM without a password");
  return key;
}

}  // namespace

struct TlsContext::Loaded {
  std::array<FileStamp, 3> stamps;
  Certificate certificate;
  Certificates chain;
  Key key;
  Store callers;
  Names caller_names;
};

TlsContext::~TlsContext() = default;

std::array<FileStamp, 3> TlsContext::Stamps() const {
  return {StampOf(files_.certificate), StampOf(files_.key), StampOf(files_.ca)};
}

absl::StatusOr<std::shared_ptr<const TlsContext::Loaded>> TlsContext::Load(const TlsFiles& files) {
  auto loaded = std::make_shared<Loaded>();
  absl::StatusOr<Certificates> chain = ReadCertificates(files.certificate);
  if (!chain.ok()) return chain.status();
  loaded->certificate.reset(sk_X509_shift(chain->get()));
  loaded->chain = *std::move(chain);
  absl::StatusOr<Key> key = ReadKey(files.key);
  if (!key.ok()) return key.status();
  loaded->key = *std::move(key);
  if (X509_check_private_key(loaded->certificate.get(), loaded->key.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(files.key + ": is not the key of the certificate in " +
                                      files.certificate);
  }
  const absl::StatusOr<Certificates> callers = ReadCertificates(files.ca);
  if (!callers.ok()) return callers.status();
  loaded->callers.reset(X509_STORE_new());
  loaded->caller_names.reset(sk_X509_NAME_new_null());
  for (int i = 0; i < sk_X509_num(callers->get()); ++i) {
    X509* one = sk_X509_value(callers->get(), i);
    X509_STORE_add_cert(loaded->callers.get(), one);
    sk_X509_NAME_push(loaded->caller_names.get(), X509_NAME_dup(X509_get_subject_name(one)));
  }
  return loaded;
}

absl::Status CheckTlsFiles(const TlsFiles& files) { return TlsContext::Load(files).status(); }

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Open(const TlsFiles& files,
                                                             Metrics& metrics) {
  std::unique_ptr<TlsContext> context(new TlsContext(files, metrics));
  const std::array<FileStamp, 3> stamps = context->Stamps();
  absl::StatusOr<std::shared_ptr<const Loaded>> loaded = Load(files);
  if (!loaded.ok()) return loaded.status();
  std::const_pointer_cast<Loaded>(*loaded)->stamps = stamps;
  // From 0 on, so that an alert sees the first refusal too.
  for (const char* outcome : {"used", "refused"})
    metrics.Add(Metric::kReloads, {{"file", "http_certificates"}, {"outcome", outcome}}, 0);
  context->SetRefused(false);
  absl::MutexLock lock(&context->mutex_);
  context->loaded_ = *std::move(loaded);
  return context;
}

void TlsContext::SetRefused(bool refused) {
  refused_ = refused;
  metrics_.Set(Metric::kFileRefused, {{"file", "http_certificates"}}, refused ? 1 : 0);
}

std::shared_ptr<const TlsContext::Loaded> TlsContext::Current() {
  using std::chrono::duration_cast;
  const int64_t now =
      duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count();
  int64_t last = looked_at_.load(std::memory_order_relaxed);
  absl::ReleasableMutexLock lock(&mutex_);
  std::shared_ptr<const Loaded> current = loaded_;
  lock.Release();
  if (now - last < kLookAtFilesEvery.count() || !looked_at_.compare_exchange_strong(last, now))
    return current;
  const std::array<FileStamp, 3> stamps = Stamps();
  if (stamps == current->stamps) {
    // Those that are in force may have been put back.
    if (refused_) SetRefused(false);
    return current;
  }
  absl::StatusOr<std::shared_ptr<const Loaded>> loaded = Load(files_);
  metrics_.Add(Metric::kReloads,
               {{"file", "http_certificates"}, {"outcome", loaded.ok() ? "used" : "refused"}});
  SetRefused(!loaded.ok());
  if (!loaded.ok()) {
    // Looked at again at once, not only when it changes: a key may come after its certificate.
    LogLine(LogLevel::kError, "certificates cannot be used: those read before stay in force",
            {{"error", std::string(loaded.status().message())}});
    return current;
  }
  std::const_pointer_cast<Loaded>(*loaded)->stamps = stamps;
  LogLine(LogLevel::kInfo, "certificates were read again", {{"file", files_.certificate}});
  absl::MutexLock set(&mutex_);
  loaded_ = *std::move(loaded);
  return loaded_;
}

int TlsContext::UseCertificate(ssl_st* connection, void* self) {
  const std::shared_ptr<const Loaded> loaded = static_cast<TlsContext*>(self)->Current();
  // OpenSSL takes references of its own.
  if (SSL_use_cert_and_key(connection, loaded->certificate.get(), loaded->key.get(),
                           loaded->chain.get(), 1) != 1 ||
      SSL_set1_verify_cert_store(connection, loaded->callers.get()) != 1) {
    ERR_clear_error();
    return 0;
  }
  SSL_set_client_CA_list(connection, SSL_dup_CA_list(loaded->caller_names.get()));
  return 1;
}

bool TlsContext::SetUp(ssl_ctx_st& context) {
  SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(&context, 0);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_cb(&context, UseCertificate, this);
  return true;
}

}  // namespace ringfence::runtime
