#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/cluster/ties_view.h"
#include "pipelines/core/id.h"
#include "pipelines/dedupe/explain.h"
#include "ringfence/v1/admin_service.pb.h"
#include "services/intake/echoes.h"
#include "services/intake/intake_runner.h"
#include "services/intake/quotas.h"
#include "services/publish/audit_log.h"
#include "services/publish/console/console.h"
#include "services/publish/decision_book.h"
#include "services/publish/explain/explanations.h"
#include "services/publish/http/http_api.h"
#include "services/publish/operators.h"
#include "services/publish/publisher.h"
#include "services/publish/referrals.h"
#include "services/runtime/http/http_server.h"
#include "services/runtime/identity/gate.h"
#include "services/runtime/keys/key_files.h"
#include "services/runtime/log/retention.h"
#include "services/runtime/metrics.h"
#include "services/runtime/normalise_memory.h"
#include "services/runtime/rocks/embedded_log.h"
#include "services/runtime/rocks/memory.h"
#include "services/runtime/runner.h"
#include "services/runtime/service/certificate_watch.h"
#include "services/runtime/service/disk_guard.h"
#include "services/runtime/tls/tls_files.h"

namespace ringfence::server {

// All of Ringfence in one process, on an embedded log: gateway, intake, dedupe, cluster, publish.
// The one place where they are put together.
class Server {
 public:
  struct Options {
    // Holds log, state and keys; made if need be. One server at a time.
    std::string data;
    // HOST:PORT; port 0 takes a free one.
    std::string grpc = "127.0.0.1:7733";
    std::string http = "127.0.0.1:7780";
    // Of each mailbox; a data directory keeps the number that it began with.
    uint32_t partitions = 2;
    std::string deployment = "local";
    // The file of organisations; empty: each partner is one.
    std::string organisations;
    // Without certificates it listens on this machine alone, where whoever calls may do everything.
    runtime::TlsFiles tls;
    // Who may call as what; tokens for HTTP. With certificates only.
    std::string identities_file;
    std::string tokens_file;
    // The policy file; empty: the default policy.
    std::string policy;
    // How long partners' reports stay in the log, from this start on.
    std::chrono::hours keep_reports = runtime::kReportRetention;
    // An hour's, of each partner; 0: as many as come.
    intake_service::Quotas::Limits quotas = {};
  };

  // kInvalidArgument where an address is none, or not of this machine alone and there are no
  // certificates; or where these, or another file that is named, cannot be used.
  static absl::Status Check(const Options& options);
  // kInvalidArgument as Check, and where the data's keys or its number of partitions are not these:
  // to start it again does not help.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Options& options);
  // Says goodbye to subscribers, answers what has come in, finishes batches, flushes.
  ~Server();

  const std::string& grpc_address() const { return grpc_address_; }
  // With its scheme.
  const std::string& http_url() const { return http_url_; }
  v1::GetStatusResponse Status() const;
  absl::StatusOr<dedupe::ReportExplanation> ExplainReport(const core::Id& report) const;
  absl::StatusOr<cluster::ListingExplanation> ExplainListing(const core::Id& base,
                                                             v1::IdentifierType type,
                                                             const std::string& value) const;
  // As cluster::FirstListedOn; nullopt also where it cannot be read.
  std::optional<core::Id> ListedOn(const core::Id& base) const;
  // Why a stage has stopped; Ok while all run. Where runtime::ReactionTo says to try again (the
  // read model's disk failed), another server on the same data goes on.
  absl::Status Health() const;

 private:
  struct Services;

  explicit Server(const Options& options);
  absl::Status OpenLog(uint64_t reserve_bytes);
  absl::Status StartStages(const std::string& placement);
  absl::Status StartDecisions();
  void StartIntake();
  // See Operators::CountReports.
  absl::StatusOr<uint64_t> CountReports(const std::string& partner, core::Time from,
                                        core::Time until,
                                        const std::function<absl::Status()>& retract) const;
  // kTimeMin where none has come.
  core::Time LastArrival(const std::string& partner) const;
  // kNotFound where no report ever came from a partner of that name.
  absl::Status CheckPartner(const std::string& partner) const;
  // See Operators::CountHeld. Waits a while for what arrived to have come to dedupe.
  absl::StatusOr<uint64_t> CountHeld(const std::string& partner, core::Time from, core::Time until,
                                     bool drop, const std::function<absl::Status()>& decide) const;
  // Until dedupe has what the partner's topic holds now; some seconds at most.
  void AwaitDedupe(const std::string& partner) const;
  absl::StatusOr<v1::ListHeldResponse> ListHeld() const;
  // Calls `read` with all partitions of dedupe as they are before it is called.
  using Views = std::vector<runtime::StateView*>;
  absl::Status WithDedupe(const std::function<absl::Status(const Views& views)>& read) const;
  std::optional<internal::v1::IndicatorRecord> FindInSet(const core::Id& id) const;
  void MakeExplanations();
  void MakeServices();
  absl::Status StartServices();
  absl::Status StartHttp();
  void MakeConsole();
  absl::Status VisitTies(const std::vector<core::Id>& bases,
                         const std::function<void(const cluster::BaseTie&)>& visit) const;
  runtime::HttpResponse Answer(const runtime::HttpRequest& request,
                               const runtime::Caller& caller) const;
  std::vector<runtime::Progress> AllProgress() const;
  void KeepHouse(const std::stop_token& stop);

  const Options options_;
  const std::shared_ptr<runtime::RocksMemory> memory_;
  const std::shared_ptr<runtime::SharedNormaliseMemory> normalise_memory_ =
      std::make_shared<runtime::SharedNormaliseMemory>();
  runtime::Keys keys_;
  std::string grpc_address_;
  std::string http_url_;

  // Destroyed from below: what takes work in first.
  runtime::Metrics metrics_;
  std::optional<runtime::CertificateWatch> certificates_;
  std::optional<runtime::DiskGuard> disk_;
  std::unique_ptr<runtime::Gate> gate_;
  std::unique_ptr<runtime::EmbeddedLog> log_;
  std::unique_ptr<publish::Publisher> publisher_;
  std::unique_ptr<publish::DecisionBook> decisions_;
  std::unique_ptr<publish::AuditLog> audit_;
  std::unique_ptr<publish::Operators> operators_;
  std::unique_ptr<publish::Referrals> referrals_;
  std::unique_ptr<publish::Explanations> explanations_;
  std::vector<std::unique_ptr<runtime::Runner>> runners_;
  // By partition.
  std::vector<runtime::Runner*> dedupe_;
  std::vector<runtime::Runner*> cluster_;
  std::unique_ptr<intake_service::Quotas> quotas_;
  std::unique_ptr<intake_service::Echoes> echoes_;
  std::vector<std::unique_ptr<intake_service::IntakeRunner>> intakes_;
  std::jthread housekeeper_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<publish::HttpApi> http_api_;
  std::unique_ptr<publish::PartnerWatch> partners_;
  std::unique_ptr<publish::Console> console_;
  std::unique_ptr<runtime::HttpServer> http_;
};

}  // namespace ringfence::server
