#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/runtime/clock.h"
#include "services/runtime/identity/caller.h"
#include "services/runtime/identity/identities.h"
#include "services/runtime/identity/meter.h"
#include "services/runtime/identity/roles.h"
#include "services/runtime/metrics.h"
#include "services/runtime/tls/file_watch.h"

namespace ringfence::runtime {

// Under which a caller names its partner: believed on this machine without TLS; elsewhere it must
// be what the identity says.
inline constexpr std::string_view kPartnerHeader = "x-ringfence-partner";
// What an identity of role proxy says of whom it speaks for: its name, or its certificate, which
// the proxy has verified (DER in base64).
inline constexpr std::string_view kIdentityHeader = "x-ringfence-identity";
inline constexpr std::string_view kCertificateHeader = "x-ringfence-certificate";

// What is known of who calls.
struct Credentials {
  // Connected without TLS, from this machine, by nobody else's word.
  bool is_local = false;
  // A certificate that the connection's other end has proven to be its own, and all its URI names.
  bool has_certificate = false;
  std::vector<std::string> uris;
  // Of "Authorization: Bearer TOKEN".
  std::optional<std::string> bearer;
  // All values of the three headers.
  std::vector<std::string> partners;
  std::vector<std::string> identities;
  std::vector<std::string> certificates;
};

// The one place that decides who calls, and whether they may. Reads identities and tokens again
// when their files change; a file that cannot be used leaves what was there in force, and is logged
// and counted. Thread-safe.
class Gate {
 public:
  struct Options {
    // Both may be empty: nobody has an identity, there are no tokens.
    std::string identities_file;
    std::string tokens_file;
    // Callers on this machine without TLS have every role.
    bool plaintext_on_loopback = false;
    Clock clock = SystemNow;
  };

  // `metrics` must outlive it. The error of a file that cannot be used.
  static absl::StatusOr<std::unique_ptr<Gate>> Open(const Options& options, Metrics& metrics);
  // For who is on this machine, and nobody else.
  static std::unique_ptr<Gate> OnThisMachine(Metrics& metrics);

  // kUnauthenticated: nobody knows who calls. kPermissionDenied: it is known, and may not.
  // kUnimplemented, kNotFound: it has no row in the table. Of a public route the caller is nobody.
  absl::StatusOr<Caller> AdmitRpc(std::string_view method, const Credentials& credentials) const;
  absl::StatusOr<Caller> AdmitRoute(std::string_view method, std::string_view path,
                                    const Credentials& credentials) const;
  // Who calls, without a question of what.
  absl::StatusOr<Caller> Decide(const Credentials& credentials) const;

  // Does what was decided still hold? False when the identity is gone from the file, or is another:
  // what is open for long, a stream, is asked for it again and again.
  bool StillHolds(const Caller& caller) const;

  // Counts what callers take.
  Meter& meter() const { return meter_; }

 private:
  struct Files {
    std::shared_ptr<const Identities> identities;
    std::shared_ptr<const internal::v1::Tokens> tokens;
    FileStamp identities_stamp;
    FileStamp tokens_stamp;
  };

  Gate(const Options& options, Metrics& metrics)
      : options_(options), metrics_(metrics), meter_(metrics) {}
  std::shared_ptr<const Files> Current() const ABSL_LOCKS_EXCLUDED(mutex_);
  void LookAtFiles() const ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Caller> DecideLocal(const Credentials& credentials) const;
  absl::StatusOr<std::string> NameOf(const Credentials& credentials, const Files& files) const;
  absl::StatusOr<std::string> ForwardedName(const Credentials& credentials,
                                            const Files& files) const;
  absl::Status Refused(const char* reason, absl::Status status) const;

  const Options options_;
  Metrics& metrics_;
  mutable Meter meter_;
  mutable std::atomic<int64_t> looked_at_{0};
  mutable absl::Mutex mutex_;
  mutable std::shared_ptr<const Files> files_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ringfence::runtime
