#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/metrics.h"
#include "services/runtime/tls/file_watch.h"
#include "services/runtime/tls/tls_files.h"

struct ssl_ctx_st;
struct ssl_st;

namespace ringfence::runtime {

// The certificates of an HTTPS port, for OpenSSL. Each new connection gets those that the files
// hold then; files that cannot be used leave what was there in force, and are logged and counted.
// Clients may present a certificate of the CA's, or none; one of somebody else's ends the
// handshake.
// TLS 1.2 at least; no sessions are resumed, so that every connection is judged anew. Thread-safe.
class TlsContext {
 public:
  // `metrics` must outlive it. As CheckTlsFiles.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Open(const TlsFiles& files, Metrics& metrics);
  ~TlsContext();

  // Sets a context up; this must outlive it.
  bool SetUp(ssl_ctx_st& context);

 private:
  struct Loaded;
  TlsContext(const TlsFiles& files, Metrics& metrics) : files_(files), metrics_(metrics) {}
  std::array<FileStamp, 3> Stamps() const;
  void SetRefused(bool refused);
  static absl::StatusOr<std::shared_ptr<const Loaded>> Load(const TlsFiles& files);
  std::shared_ptr<const Loaded> Current() ABSL_LOCKS_EXCLUDED(mutex_);
  // OpenSSL's callback for each connection.
  static int UseCertificate(ssl_st* connection, void* self);
  friend absl::Status CheckTlsFiles(const TlsFiles& files);

  const TlsFiles files_;
  Metrics& metrics_;
  std::atomic<int64_t> looked_at_{0};
  // The files could not be used when they were last looked at.
  std::atomic<bool> refused_ = false;
  absl::Mutex mutex_;
  std::shared_ptr<const Loaded> loaded_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::runtime
