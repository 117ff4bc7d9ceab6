#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/runtime/clock.h"
#include "services/runtime/config/config.h"
#include "services/runtime/http/http_message.h"
#include "services/runtime/identity/gate.h"
#include "services/runtime/metrics.h"
#include "services/runtime/rocks/memory.h"
#include "services/runtime/service/certificate_watch.h"
#include "services/runtime/service/open_log.h"
#include "services/runtime/tls/tls_files.h"

namespace ringfence::runtime {

// What a service is given; lives longer than it.
struct Surroundings {
  const Config& config;
  OpenedLog& opened;
  Metrics& metrics;
  const std::shared_ptr<RocksMemory>& memory;
  const Clock& clock;
  const Gate& gate;
  Log& log() const { return opened.log(); }
};

// A service that runs. Its end is orderly: it takes nothing more, finishes what it has begun, makes
// it durable and gives its partitions back.
class RunningService {
 public:
  virtual ~RunningService() = default;
  // Any thread. Whether its loops turn; whether it does what it is for.
  virtual absl::Status Live() const = 0;
  virtual absl::Status Ready() const = 0;
  // Not ok: it will never be ready again, and the process should be started anew.
  virtual absl::Status Failed() const { return absl::OkStatus(); }
  // Where it serves gRPC; empty: nowhere.
  virtual std::string GrpcAddress() const { return ""; }
  // Answers what is neither /metrics nor health, to whom the gate has admitted.
  virtual HttpResponse Answer(const HttpRequest& request, const Caller& caller) const;
};

// Of the service's own section.
internal::v1::HttpConfig HttpOf(const Config& config, Service service);
// Of `access`; not set where there are none.
TlsFiles TlsFilesOf(const Config& config);
// Certificates that a service uses or trusts: towards its callers, and towards Kafka.
std::vector<CertificateWatch::File> CertificatesOf(const Config& config);

using ServiceStart =
    std::function<absl::StatusOr<std::unique_ptr<RunningService>>(Surroundings& surroundings)>;

// Reads the files that only this service uses (keys, policy): what is wrong with each.
using FilesCheck = std::function<std::vector<absl::Status>(const Config& config)>;

// What is wrong with files that every service's settings name: certificates, identities, tokens,
// and of Kafka's the certificates. Each problem names its file.
std::vector<absl::Status> CheckAccessFiles(const Config& config, Service service);

// The `main` of the process ringfence-SERVICE: flags, configuration, log, HTTP with /metrics,
// /healthz/live and /healthz/ready, signals, an end within its deadline. Exit status: 0 ended by a
// signal or asked only for words; 2 wrong use or configuration, or a file that it names cannot be
// used; 3 could not start, has failed, or did not end in time. `check` may be null.
int ServiceMain(int argc, char** argv, Service service, const char* what, const ServiceStart& start,
                const FilesCheck& check = nullptr);

}  // namespace ringfence::runtime
