#include "services/runtime/service/service_main.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "services/runtime/build_info.h"
#include "services/runtime/interrupt.h"
#include "services/runtime/logging.h"
#include "services/runtime/reaction.h"
#include "services/runtime/service/operations_http.h"

namespace ringfence::runtime {
namespace {

constexpr int kDone = 0;
constexpr int kWrongUse = 2;
constexpr int kUnfinished = 3;
constexpr std::chrono::milliseconds kHealthEvery{200};

struct Flags {
  std::string config;
  bool check = false;
};

std::string HelpText(const std::string& name, const char* what) {
  return name + ": " + what + ".\n\nUsage: " + name + " --config FILE [--check-config]\n\n" +
         "  --config FILE    The configuration; ops/config/ringfence.yaml is an annotated example\n"
         "  --check-config   Says what is wrong with it or with the files that it names, else all "
         "that is in\n                   force, and ends\n"
         "  --help           This\n\n"
         "Serves /metrics, /healthz/live and /healthz/ready over HTTP. SIGTERM ends it in good "
         "order; a second\none at once. Exit status: 0 ended by a signal; 2 wrong use or "
         "configuration, or a file that it names\ncannot be used; 3 it could not start, has failed, "
         "or did not end in time.\n";
}

// nullopt: what is wrong was said.
std::optional<Flags> ReadFlags(int argc, char** argv, const std::string& name) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--check-config") {
      flags.check = true;
    } else if (flag == "--config" && i + 1 < argc) {
      flags.config = argv[++i];
    } else if (flag.starts_with("--config=")) {
      flags.config = flag.substr(std::strlen("--config="));
    } else {
      std::fprintf(stderr, "%s: %s is not known, or lacks its value. See %s --help.\n",
                   name.c_str(), argv[i], name.c_str());
      return std::nullopt;
    }
  }
  if (!flags.config.empty()) return flags;
  std::fprintf(stderr, "%s: --config FILE is wanted. See %s --help.\n", name.c_str(), name.c_str());
  return std::nullopt;
}

// The process, from a configuration that is sound on.
class Process {
 public:
  Process(const Config& config, Service service, const ServiceStart& start)
      : config_(config),
        word_(ServiceWord(service)),
        start_(start),
        http_(HttpOf(config, service)),
        is_edge_(service == Service::kGateway),
        has_callers_(service == Service::kGateway || service == Service::kPublish) {}

  int Run() {
    Interrupt interrupt;
    ReportBuild(word_.c_str(), metrics_);
    metrics_.Set(Metric::kPartitions, {}, config_.partitions());
    const CertificateWatch certificates(CertificatesOf(config_), metrics_);
    const std::stop_token stop = interrupt.token();
    const TlsFiles tls = http_.network_without_tls() ? TlsFiles() : TlsFilesOf(config_);
    Gate::Options gate_options;
    gate_options.plaintext_on_loopback = config_.access().plaintext_on_loopback();
    gate_options.clock = clock_;
    // Who has nobody to tell from anybody else need not have the files.
    if (has_callers_ || tls.is_set()) {
      gate_options.identities_file = config_.access().identities_file();
      gate_options.tokens_file = config_.access().tokens_file();
    }
    absl::StatusOr<std::unique_ptr<Gate>> gate = Gate::Open(gate_options, metrics_);
    if (!gate.ok()) return Fail(gate.status());
    gate_ = *std::move(gate);
    absl::StatusOr<std::string> address =
        operations_.Serve({http_.address(), tls, is_edge_}, *gate_, metrics_);
    if (!address.ok()) return Fail(address.status());
    absl::Status status = Start(stop);
    if (status.ok() && !stop.stop_requested()) {
      Announce(*address);
      status = RunUntil(stop);
    }
    const std::jthread deadline([this](const std::stop_token& ended) { EnforceDeadline(ended); });
    LogLine(LogLevel::kInfo, "ending", {{"service", word_}});
    operations_.SetService(nullptr);
    service_.reset();
    opened_.reset();
    return status.ok() ? kDone : Fail(status);
  }

 private:
  int Fail(const absl::Status& status) const {
    LogLine(LogLevel::kError, "service failed",
            {{"service", word_}, {"error", std::string(status.message())}});
    return kUnfinished;
  }

  // The log may not be there yet: it is waited for, not ready meanwhile.
  absl::Status Start(const std::stop_token& stop) {
    Backoff backoff;
    while (!stop.stop_requested()) {
      const absl::Status status = TryStart();
      // Processes that start together on a new cluster make its topics together: what one of them
      // does not find yet, another is making.
      const bool may_pass = absl::IsNotFound(status) || ReactionTo(status) != Reaction::kStop;
      if (status.ok() || !may_pass) return status;
      LogLine(LogLevel::kWarning, "service waits for what it needs",
              {{"service", word_}, {"error", std::string(status.message())}});
      SleepUnlessStopped(stop, backoff.Next());
    }
    return absl::OkStatus();
  }

  absl::Status TryStart() {
    if (!opened_) {
      auto opened = OpenLog(config_, memory_, clock_, metrics_);
      if (!opened.ok()) return opened.status();
      opened_ = *std::move(opened);
    }
    if (absl::Status status = MakeTopics(opened_->log(), config_.partitions()); !status.ok())
      return status;
    Surroundings surroundings{config_, *opened_, metrics_, memory_, clock_, *gate_};
    auto service = start_(surroundings);
    if (!service.ok()) return service.status();
    service_ = *std::move(service);
    operations_.SetService(service_.get());
    return absl::OkStatus();
  }

  void Announce(const std::string& address) const {
    const std::string grpc = service_->GrpcAddress();
    std::printf("serving /metrics and /healthz on %s%s\n", address.c_str(),
                grpc.empty() ? "" : (", gRPC on " + grpc).c_str());
    std::fflush(stdout);
  }

  absl::Status RunUntil(const std::stop_token& stop) const {
    while (!stop.stop_requested()) {
      if (absl::Status failed = service_->Failed(); !failed.ok()) return failed;
      SleepUnlessStopped(stop, kHealthEvery);
    }
    return absl::OkStatus();
  }

  void EnforceDeadline(const std::stop_token& ended) const {
    SleepUnlessStopped(ended, std::chrono::seconds(config_.process().stop_within_seconds()));
    if (ended.stop_requested()) return;
    LogLine(LogLevel::kError, "did not end in time: what is not flushed will be replayed",
            {{"service", word_}});
    _exit(kUnfinished);
  }

  const Config& config_;
  const std::string word_;
  const ServiceStart& start_;
  const internal::v1::HttpConfig http_;
  const bool is_edge_;
  const bool has_callers_;
  const Clock clock_ = SystemNow;
  const std::shared_ptr<RocksMemory> memory_ =
      MakeRocksMemory({.cache_bytes = config_.rocks().cache_bytes(),
                       .memtable_bytes = config_.rocks().memtable_bytes()});
  Metrics metrics_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<OpenedLog> opened_;
  std::unique_ptr<RunningService> service_;
  OperationsHttp operations_;
};

}  // namespace

internal::v1::HttpConfig HttpOf(const Config& config, Service service) {
  switch (service) {
    case Service::kIntake:
      return config.intake().http();
    case Service::kDedupe:
      return config.dedupe().http();
    case Service::kCluster:
      return config.cluster().http();
    case Service::kPublish:
      return config.publish().http();
    case Service::kGateway:
      return config.gateway().http();
  }
  return {};
}

TlsFiles TlsFilesOf(const Config& config) {
  const internal::v1::AccessConfig& access = config.access();
  return {access.certificate_file(),
          access.key_file().empty() ? access.certificate_file() : access.key_file(),
          access.ca_file()};
}

std::vector<CertificateWatch::File> CertificatesOf(const Config& config) {
  return {{"server", config.access().certificate_file()},
          {"callers_ca", config.access().ca_file()},
          {"kafka_client", config.log().kafka().certificate_file()},
          {"kafka_ca", config.log().kafka().ca_file()}};
}

HttpResponse RunningService::Answer(const HttpRequest&, const Caller&) const {
  HttpResponse response;
  response.status = 404;
  response.content_type = "text/plain";
  response.body = "there are /metrics, /healthz/live and /healthz/ready\n";
  return response;
}

int ServiceMain(int argc, char** argv, Service service, const char* what, const ServiceStart& start,
                const FilesCheck& check) {
  const std::string name = std::string("ringfence-") + ServiceWord(service);
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) != "--help" && std::string_view(argv[i]) != "-h") continue;
    std::fputs(HelpText(name, what).c_str(), stdout);
    return kDone;
  }
  const std::optional<Flags> flags = ReadFlags(argc, argv, name);
  if (!flags) return kWrongUse;
  const absl::StatusOr<ReadConfig> read =
      ReadConfigFile(flags->config, service, [](const char* variable) -> const char* {
        return std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): before any thread
      });
  if (!read.ok()) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), std::string(read.status().message()).c_str());
    return kWrongUse;
  }
  for (const std::string& problem : read->problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!read->problems.empty()) return kWrongUse;
  std::vector<absl::Status> files = CheckAccessFiles(read->config, service);
  if (check) {
    for (absl::Status& status : check(read->config)) files.push_back(std::move(status));
  }
  bool sound = true;
  for (const absl::Status& status : files) {
    if (status.ok()) continue;
    sound = false;
    std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  }
  if (!sound) return kWrongUse;
  if (flags->check) {
    std::fputs(FormatConfig(read->config).c_str(), stdout);
    return kDone;
  }
  return Process(read->config, service, start).Run();
}

}  // namespace ringfence::runtime
