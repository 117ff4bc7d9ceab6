#include "services/runtime/identity/gate.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "services/runtime/identity/tokens.h"
#include "services/runtime/logging.h"
#include "services/runtime/tls/certificate_names.h"

namespace ringfence::runtime {
namespace {

using internal::v1::Identity;

int64_t SteadyMilliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Caller CallerFrom(std::shared_ptr<const Identity> identity) {
  Caller caller;
  caller.name = identity->name();
  caller.role = identity->role();
  caller.organisation = identity->organisation();
  caller.partner = identity->partner();
  caller.max_tlp = identity->max_tlp();
  for (const int type : identity->types()) caller.types |= uint32_t{1} << type;
  if (caller.types == 0 && caller.max_tlp != v1::TLP_UNSPECIFIED) caller.types = AllTypes();
  caller.identity = std::move(identity);
  return caller;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Gate>> Gate::Open(const Options& options, Metrics& metrics) {
  std::unique_ptr<Gate> gate(new Gate(options, metrics));
  auto files = std::make_shared<Files>();
  auto identities = std::make_shared<Identities>();
  if (!options.identities_file.empty()) {
    files->identities_stamp = StampOf(options.identities_file);
    absl::StatusOr<Identities> read = Identities::Read(options.identities_file);
    if (!read.ok()) return read.status();
    *identities = *std::move(read);
  }
  files->identities = std::move(identities);
  auto tokens = std::make_shared<internal::v1::Tokens>();
  if (!options.tokens_file.empty()) {
    files->tokens_stamp = StampOf(options.tokens_file);
    // Before the first token there is no file.
    if (files->tokens_stamp.is_there()) {
      absl::StatusOr<internal::v1::Tokens> read = ReadTokens(options.tokens_file);
      if (!read.ok()) return read.status();
      *tokens = *std::move(read);
    }
  }
  files->tokens = std::move(tokens);
  // From 0 on, so that an alert sees the first refusal too.
  for (const auto& [path, what] : {std::pair(options.identities_file, "identities"),
                                   std::pair(options.tokens_file, "tokens")}) {
    if (path.empty()) continue;
    for (const char* outcome : {"used", "refused"})
      metrics.Add(Metric::kReloads, {{"file", what}, {"outcome", outcome}}, 0);
    metrics.Set(Metric::kFileRefused, {{"file", what}}, 0);
  }
  absl::MutexLock lock(&gate->mutex_);
  gate->files_ = std::move(files);
  return gate;
}

std::unique_ptr<Gate> Gate::OnThisMachine(Metrics& metrics) {
  Options options;
  options.plaintext_on_loopback = true;
  // Without files nothing can go wrong.
  return *Open(options, metrics);
}

void Gate::LookAtFiles() const {
  int64_t last = looked_at_.load(std::memory_order_relaxed);
  const int64_t now = SteadyMilliseconds();
  // One of those that come at a time looks; the others go on with what there is.
  if (now - last < kLookAtFilesEvery.count() || !looked_at_.compare_exchange_strong(last, now))
    return;
  std::shared_ptr<const Files> current;
  {
    absl::ReaderMutexLock lock(&mutex_);
    current = files_;
  }
  auto next = std::make_shared<Files>(*current);
  const auto look = [&](const std::string& path, FileStamp& stamp, const char* what,
                        const auto& read) {
    const FileStamp found = StampOf(path);
    if (path.empty() || found == stamp) return;
    const absl::Status status = read();
    metrics_.Add(Metric::kReloads, {{"file", what}, {"outcome", status.ok() ? "used" : "refused"}});
    metrics_.Set(Metric::kFileRefused, {{"file", what}}, status.ok() ? 0 : 1);
    if (status.ok()) {
      LogLine(LogLevel::kInfo, "file was read again", {{"file", path}});
    } else {
      LogLine(LogLevel::kError, "file cannot be used: what was read before stays in force",
              {{"file", path}, {"error", std::string(status.message())}});
    }
    stamp = found;
  };
  look(options_.identities_file, next->identities_stamp, "identities", [&]() -> absl::Status {
    absl::StatusOr<Identities> read = Identities::Read(options_.identities_file);
    if (read.ok()) next->identities = std::make_shared<const Identities>(*std::move(read));
    return read.status();
  });
  look(options_.tokens_file, next->tokens_stamp, "tokens", [&]() -> absl::Status {
    absl::StatusOr<internal::v1::Tokens> read = ReadTokens(options_.tokens_file);
    if (read.ok()) next->tokens = std::make_shared<const internal::v1::Tokens>(*std::move(read));
    return read.status();
  });
  if (next->identities_stamp == current->identities_stamp &&
      next->tokens_stamp == current->tokens_stamp)
    return;
  absl::MutexLock lock(&mutex_);
  files_ = std::move(next);
}

std::shared_ptr<const Gate::Files> Gate::Current() const {
  LookAtFiles();
  absl::ReaderMutexLock lock(&mutex_);
  return files_;
}

absl::Status Gate::Refused(const char* reason, absl::Status status) const {
  metrics_.Add(Metric::kRefusedCalls, {{"reason", reason}});
  return status;
}

absl::StatusOr<Caller> Gate::DecideLocal(const Credentials& credentials) const {
  if (!options_.plaintext_on_loopback)
    return Refused("no_identity", absl::UnauthenticatedError("a connection with TLS is wanted"));
  Caller caller;
  caller.is_local = true;
  caller.name = caller.organisation = "local";
  caller.max_tlp = v1::TLP_AMBER_STRICT;
  caller.types = AllTypes();
  if (credentials.partners.size() > 1)
    return Refused("bad_name", absl::InvalidArgumentError(std::string(kPartnerHeader) +
                                                          " is given more than once"));
  if (!credentials.partners.empty()) {
    caller.partner = credentials.partners.front();
    if (!IsPartnerName(caller.partner))
      return Refused("bad_name", absl::InvalidArgumentError(std::string(kPartnerHeader) +
                                                            ": 1-40 of a-z, 0-9 and -"));
    caller.organisation = caller.partner;
  }
  return caller;
}

absl::StatusOr<std::string> Gate::ForwardedName(const Credentials& credentials,
                                                const Files& files) const {
  if (credentials.identities.size() + credentials.certificates.size() > 1) {
    return Refused("bad_name",
                   absl::UnauthenticatedError("the proxy says more than once whom it speaks for"));
  }
  if (!credentials.identities.empty()) return credentials.identities.front();
  if (!credentials.certificates.empty()) {
    std::string der;
    absl::StatusOr<std::vector<std::string>> uris = absl::InvalidArgumentError("no base64");
    if (absl::Base64Unescape(credentials.certificates.front(), &der)) uris = UriNamesOf(der);
    if (uris.ok() && uris->size() == 1) return uris->front();
    return Refused("bad_name", absl::UnauthenticatedError(
                                   "the certificate that the proxy passes on must have one URI"));
  }
  if (credentials.bearer) {
    std::optional<std::string> name =
        IdentityOfToken(*files.tokens, *credentials.bearer, options_.clock());
    if (name) return *std::move(name);
    return Refused("bad_token",
                   absl::UnauthenticatedError("the token is not known, or has expired"));
  }
  return Refused("no_identity",
                 absl::UnauthenticatedError("the proxy does not say whom it speaks for"));
}

absl::StatusOr<std::string> Gate::NameOf(const Credentials& credentials, const Files& files) const {
  if (!credentials.has_certificate) {
    if (!credentials.bearer) {
      return Refused("no_identity",
                     absl::UnauthenticatedError("a certificate or a bearer token is wanted"));
    }
    std::optional<std::string> name =
        IdentityOfToken(*files.tokens, *credentials.bearer, options_.clock());
    if (name) return *std::move(name);
    return Refused("bad_token",
                   absl::UnauthenticatedError("the token is not known, or has expired"));
  }
  if (credentials.uris.size() != 1) {
    return Refused("bad_name", absl::UnauthenticatedError(
                                   "the certificate must have exactly one URI among its names"));
  }
  const std::string& name = credentials.uris.front();
  if (!IsIdentityName(name, files.identities->trust_domain())) {
    return Refused("bad_name",
                   absl::UnauthenticatedError("the certificate's URI is not of this trust domain"));
  }
  return name;
}

absl::StatusOr<Caller> Gate::Decide(const Credentials& credentials) const {
  if (credentials.is_local) return DecideLocal(credentials);
  const std::shared_ptr<const Files> files = Current();
  absl::StatusOr<std::string> name = NameOf(credentials, *files);
  if (!name.ok()) return name.status();
  std::shared_ptr<const Identity> identity = files->identities->Find(*name);
  const bool is_proxy = identity && identity->role() == internal::v1::ROLE_PROXY;
  if (is_proxy && credentials.has_certificate) {
    name = ForwardedName(credentials, *files);
    if (!name.ok()) return name.status();
    identity = files->identities->Find(*name);
  } else if (credentials.bearer && credentials.has_certificate) {
    return Refused("bad_name",
                   absl::UnauthenticatedError("a certificate and a token: one of them is wanted"));
  }
  if (!identity || identity->role() == internal::v1::ROLE_PROXY) {
    return Refused("unknown_name",
                   absl::UnauthenticatedError("the caller's name is not among the identities"));
  }
  Caller caller = CallerFrom(std::move(identity));
  for (const std::string& partner : credentials.partners) {
    if (partner == caller.partner) continue;
    return Refused(
        "role", absl::PermissionDeniedError(std::string(kPartnerHeader) +
                                            " names another partner than the caller's identity"));
  }
  return caller;
}

absl::StatusOr<Caller> Gate::AdmitRpc(std::string_view method,
                                      const Credentials& credentials) const {
  absl::StatusOr<Caller> caller = Decide(credentials);
  if (!caller.ok()) return caller;
  const RpcRow* row = FindRpc(method);
  if (row == nullptr) return Refused("no_row", absl::UnimplementedError("nobody may call this"));
  if (caller->is_local || row->roles.Has(caller->role)) return caller;
  return Refused("role", absl::PermissionDeniedError(std::string("not for the role ") +
                                                     RoleWord(caller->role)));
}

absl::StatusOr<Caller> Gate::AdmitRoute(std::string_view method, std::string_view path,
                                        const Credentials& credentials) const {
  const RouteRow* row = FindRoute(method, path);
  if (row != nullptr && row->is_public) return Caller();
  absl::StatusOr<Caller> caller = Decide(credentials);
  if (!caller.ok()) return caller;
  // Only who is known learns what there is.
  if (row == nullptr) return absl::NotFoundError("there is nothing here");
  if (caller->is_local || row->roles.Has(caller->role)) return caller;
  return Refused("role", absl::PermissionDeniedError(std::string("not for the role ") +
                                                     RoleWord(caller->role)));
}

bool Gate::StillHolds(const Caller& caller) const {
  if (caller.is_local) return true;
  const std::shared_ptr<const Identity> identity = Current()->identities->Find(caller.name);
  // The file is read anew as a whole: equal is what says the same.
  return identity == caller.identity ||
         (identity && caller.identity &&
          identity->SerializeAsString() == caller.identity->SerializeAsString());
}

}  // namespace ringfence::runtime
