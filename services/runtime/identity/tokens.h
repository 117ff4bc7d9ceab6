#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/identities.pb.h"

namespace ringfence::runtime {

// Bearer tokens: "rf1_ID_SECRET", ID eight hexadecimal digits and SECRET 256 bits of chance in
// base64url. The file holds what a token is compared with, never a token.

inline constexpr int kTokensMax = 4'000;

// kInvalidArgument holds every problem, a line each. `path` is for messages only.
absl::StatusOr<internal::v1::Tokens> ParseTokens(const std::string& path, const std::string& text);
// kUnavailable where the file cannot be read.
absl::StatusOr<internal::v1::Tokens> ReadTokens(const std::string& path);
std::string FormatTokens(const internal::v1::Tokens& tokens);

// The identity that the token stands for at `now`; nothing where it is none of these, or has
// expired. Takes as long for every secret.
std::optional<std::string> IdentityOfToken(const internal::v1::Tokens& tokens,
                                           std::string_view token, core::Time now);

struct MadeToken {
  // Shown once: nobody can make it again.
  std::string token;
  internal::v1::Token kept;
};
// kInternal where the machine gives no chance.
absl::StatusOr<MadeToken> MakeToken(const std::string& identity, core::Time now,
                                    core::Time expires_at, const std::string& note);

// Reads the file, which need not be there, changes it by `change` and puts the result in its place
// at once, on disk, readable by its owner alone; nobody else changes it meanwhile. The error of
// `change` leaves it as it was.
template <typename Change>
absl::Status ChangeTokens(const std::string& path, Change change);

namespace tokens_internal {
// Holds FILE.lock while it lives.
class Lock {
 public:
  explicit Lock(const std::string& path);
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  absl::Status status() const { return status_; }

 private:
  int descriptor_ = -1;
  absl::Status status_;
};
absl::StatusOr<internal::v1::Tokens> ReadIfThere(const std::string& path);
absl::Status Replace(const std::string& path, const std::string& text);
}  // namespace tokens_internal

template <typename Change>
absl::Status ChangeTokens(const std::string& path, Change change) {
  const tokens_internal::Lock lock(path);
  if (!lock.status().ok()) return lock.status();
  absl::StatusOr<internal::v1::Tokens> tokens = tokens_internal::ReadIfThere(path);
  if (!tokens.ok()) return tokens.status();
  if (absl::Status status = change(*tokens); !status.ok()) return status;
  return tokens_internal::Replace(path, FormatTokens(*tokens));
}

}  // namespace ringfence::runtime
