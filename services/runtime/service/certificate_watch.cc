#include "services/runtime/service/certificate_watch.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

#include "services/runtime/reaction.h"
#include "services/runtime/thread_name.h"

namespace ringfence::runtime {
namespace {

constexpr std::chrono::minutes kLookEvery{1};

std::optional<int64_t> ExpiryOf(const X509& certificate) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &utc) != 1) return std::nullopt;
  return timegm(&utc);
}

}  // namespace

absl::StatusOr<int64_t> CertificateExpiry(const std::string& path) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "r"), BIO_free);
  if (!file) {
    ERR_clear_error();
    return absl::UnavailableError(path + ": cannot be read");
  }
  std::optional<int64_t> first;
  for (;;) {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), X509_free);
    if (!certificate) break;
    const std::optional<int64_t> expiry = ExpiryOf(*certificate);
    if (expiry) first = std::min(first.value_or(*expiry), *expiry);
  }
  // That there are no more is an error to it.
  ERR_clear_error();
  if (!first) return absl::InvalidArgumentError(path + ": no certificate is in it");
  return *first;
}

CertificateWatch::CertificateWatch(std::vector<File> files, Metrics& metrics)
    : files_(std::move(files)), metrics_(metrics) {
  Look();
  const auto is_watched = [](const File& file) { return !file.path.empty(); };
  if (std::none_of(files_.begin(), files_.end(), is_watched)) return;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    NameThread("certificates");
    while (!stop.stop_requested()) {
      SleepUnlessStopped(stop, kLookEvery);
      Look();
    }
  });
}

CertificateWatch::~CertificateWatch() = default;

void CertificateWatch::Look() {
  for (const File& file : files_) {
    if (file.path.empty()) continue;
    const Labels labels = {{"certificate", file.name}};
    const absl::StatusOr<int64_t> expiry = CertificateExpiry(file.path);
    if (expiry.ok()) {
      metrics_.Set(Metric::kCertificateExpiry, labels, static_cast<double>(*expiry));
    } else {
      metrics_.Remove(Metric::kCertificateExpiry, labels);
    }
  }
}

}  // namespace ringfence::runtime
